//! How a program ended.

/// How a program ended.
#[derive(Clone, Debug)]
pub struct Exit {
    /// Exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// All of its standard output.
    pub stdout: String,
    /// All of its standard error.
    pub stderr: String,
}

impl Exit {
    /// Fails the test if it did not end with exit code 0.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails the test if it did not end with this exit code, without a panic, and with every one of these parts in
    /// what it said on either stream.
    #[track_caller]
    pub fn refused(self, code: i32, parts: &[&str]) -> Self {
        let said = format!("stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        assert_eq!(self.code, Some(code), "{said}");
        assert!(!said.contains("panicked"), "{said}");
        for part in parts {
            assert!(said.contains(part), "`{part}` is missing in\n{said}");
        }
        self
    }
}
