//! A folder, a manifest and the program.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use sha2::{Digest, Sha256};

use crate::server::Server;

/// A folder to fetch into, and the server that the manifest's addresses are led to.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    pub(crate) server: Server,
}

impl Bench {
    pub(crate) fn new(server: Server) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), server }
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// A file of the folder that is fetched into.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.out().join(name)
    }

    pub(crate) fn put(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn content(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Names in the folder itself, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.out()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The command for a manifest of these lines below `name address sha256 md5 size`; in them `@` stands for
    /// `https://data.example`, which the server mirrors.
    pub(crate) fn command(&self, lines: &[&str], options: &[&str]) -> Command {
        let manifest = self.folder.path().join("manifest.tsv");
        let text = format!("name\taddress\tsha256\tmd5\tsize\n{}\n", lines.join("\n"));
        fs::write(&manifest, text.replace('@', "https://data.example")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_polaris-trainer"));
        command.arg("fetch").arg(&manifest).arg("--out").arg(self.out());
        command.arg("--mirror").arg(format!("https://data.example={}", self.server.address()));
        command.args(["--retry-wait", "0.001"]).args(options);
        for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "https_proxy", "http_proxy"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn fetch(&self, lines: &[&str], options: &[&str]) -> Ended {
        Ended(self.command(lines, options).output().unwrap())
    }
}

/// How the program ended.
pub(crate) struct Ended(pub(crate) Output);

impl Ended {
    #[track_caller]
    pub(crate) fn succeeded(&self) -> String {
        assert_eq!(self.0.status.code(), Some(0), "{}", self.words());
        self.words()
    }

    #[track_caller]
    pub(crate) fn failed(&self) -> String {
        assert_eq!(self.0.status.code(), Some(1), "{}", self.words());
        self.words()
    }

    fn words(&self) -> String {
        let Output { stdout, stderr, .. } = &self.0;
        format!("{}{}", String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr))
    }
}

/// What the files of these tests hold.
pub(crate) fn letters(count: usize, seed: u8) -> Vec<u8> {
    (0..count).map(|index| b"ACGT"[(index * 7 + index / 13 + usize::from(seed)) % 4]).collect()
}

pub(crate) fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
