//! Names of files below the folder that is fetched into.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use super::{lock, partial};

/// A relative path that stays below the folder: no `..`, no root, and none of the names that `fetch` itself uses.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct FileName(String);

impl FileName {
    /// Checks a name.
    ///
    /// # Errors
    /// What is wrong with it and what belongs there.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let ordinary = |component| matches!(component, Component::Normal(_));
        let spelled_out = |part: &str| !part.is_empty() && part != ".";
        // A line that begins with # would be a comment.
        if text.is_empty() || text.starts_with('#') || text.chars().any(char::is_control) {
            return Err("a file's path within the folder belongs here".to_owned());
        }
        if text.contains('\\') || !Path::new(text).components().all(ordinary) {
            return Err(
                "a path within the folder belongs here, such as peaks/QKI.bed.gz: relative, without `..`"
                    .to_owned(),
            );
        }
        // Two spellings of one path would be two files that overwrite each other.
        if !text.split('/').all(spelled_out) {
            return Err("write the path without `.` and empty parts".to_owned());
        }
        if text.split('/').next() == Some(lock::FILE_NAME) {
            return Err(format!("{} is where fetch records digests; choose another name", lock::FILE_NAME));
        }
        let ends = |ending: &&str| text.split('/').any(|part| part.ends_with(ending));
        if let Some(ending) = partial::ENDINGS.into_iter().find(ends) {
            return Err(format!("names that end in {ending} are for partial files; choose another"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as the manifest spells it.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the file lies.
    pub(super) fn below(&self, folder: &Path) -> PathBuf {
        folder.join(&self.0)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below_the_folder() {
        for name in ["a", "peaks/QKI.K562.bed.gz", "a b/..c", "a/...", "fetch.lock.gz", "x/fetch.lock"] {
            assert_eq!(FileName::new(name).unwrap().as_str(), name);
        }
        for name in [
            "",
            "..",
            "../a",
            "a/../../b",
            "a/..",
            "/etc/passwd",
            "//a",
            ".",
            "./a",
            "a/./b",
            "a//b",
            "a/",
            "a\\..\\b",
            "a\nb",
            "#a",
            "fetch.lock",
            "a.part",
            "a/b.part.json",
        ] {
            assert!(FileName::new(name).is_err(), "{name:?}");
        }
    }
}
