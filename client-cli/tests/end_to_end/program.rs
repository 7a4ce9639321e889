//! Runs the client and reads what it wrote.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ended {
    /// Asserts success.
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// Asserts a failure, of this run or of a server that may be back, that says all of `words`.
    pub(crate) fn failed(self, words: &[&str]) -> Self {
        assert!(matches!(self.code, Some(1 | 5)), "{:?}: {}", self.code, self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "no `{word}` in: {}", self.stderr);
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }
}

/// The client, not yet started; quarrels over environment variables of the caller are kept out.
pub(crate) fn client() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_polaris-client"));
    command.env_remove("POLARIS_SERVER_BINARY").stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// `score INPUT --reference BUNDLE --server URL -o OUTPUT`.
pub(crate) fn score(input: &Path, reference: &Path, url: &str, output: &Path) -> Command {
    let mut command = client();
    command
        .arg("score")
        .arg(input)
        .arg("--reference")
        .arg(reference)
        .args(["--server", url])
        .arg("-o")
        .arg(output);
    command
}

/// A gzip or plain file as text.
pub(crate) fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    let mut text = String::new();
    match bytes.starts_with(&[0x1f, 0x8b]) {
        true => flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap(),
        false => (&bytes[..]).read_to_string(&mut text).unwrap(),
    };
    text
}

/// Compressed by bgzip.
pub(crate) fn bgzip(text: &str) -> Vec<u8> {
    let mut writer = noodles_bgzf::io::Writer::new(Vec::new());
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap()
}

/// The records of a VCF, each in its columns.
pub(crate) fn records(vcf: &str) -> Vec<Vec<String>> {
    let records = vcf.lines().filter(|line| !line.starts_with('#'));
    records.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// The values of an INFO field.
pub(crate) fn info(record: &[String], id: &str) -> Vec<String> {
    let key = format!("{id}=");
    let field = record[7].split(';').find_map(|field| field.strip_prefix(&key));
    field.unwrap_or_else(|| panic!("no {id} in {}", record[7])).split(',').map(str::to_owned).collect()
}

/// Names in a folder that are new since a test wrote its input: an output, or a temporary file that was left.
pub(crate) fn outputs(folder: &Path) -> Vec<String> {
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.contains("out")).collect();
    names.sort();
    names
}
