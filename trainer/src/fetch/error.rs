//! Why a file could not be fetched, and what can be done about it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::checksum::Authority;

/// Why a file could not be fetched. Its name and address are told beside it.
#[derive(Debug, Error)]
pub(super) enum FetchError {
    /// The server refuses, and would refuse again.
    #[error("the server answers {0}")]
    Status(String),
    /// The network or the server failed each time.
    #[error("{attempts} attempts failed, the last one: {last}")]
    Exhausted { attempts: u32, last: String },
    /// The server wants us to come back much later.
    #[error("the server asks to wait for {seconds} s")]
    AskedToWait { seconds: u64 },
    /// The server is not who it should be, or nobody is trusted.
    #[error("no trusted connection: {0}")]
    Untrusted(String),
    /// A redirection or an address that cannot be followed.
    #[error("{0}")]
    Address(String),
    /// What is sent is not the file as it is stored.
    #[error("the server sends it compressed ({0}), not as it is")]
    Encoded(String),
    /// The file is longer or shorter than it should be.
    #[error("wrong size: expected {expected} bytes{}, found {found}", by(*authority))]
    WrongSize { expected: u64, found: u64, authority: Authority },
    /// The file is another one.
    #[error("wrong {algorithm}: expected {expected}{}, found {found}", by(*authority))]
    WrongChecksum { algorithm: &'static str, expected: String, found: String, authority: Authority },
    /// With `--locked`: nothing to verify the file by.
    #[error("neither the manifest nor fetch.lock has a checksum of it")]
    Unpinned,
    /// No space, or no more for this user.
    #[error("{}: the disk is full ({cause})", path.display())]
    DiskFull { path: PathBuf, cause: io::Error },
    /// A folder or file that may not be written.
    #[error("{}: cannot be written ({cause})", path.display())]
    NotWritable { path: PathBuf, cause: io::Error },
    /// Something else stands where the file belongs.
    #[error("{}: something else stands where the file or its folder belongs", path.display())]
    Taken { path: PathBuf },
    /// Any other failure of the file system.
    #[error("{}: {cause}", path.display())]
    File { path: PathBuf, cause: io::Error },
    /// Another file filled the disk first.
    #[error("given up: the disk is full")]
    GivenUp,
}

fn by(authority: Authority) -> &'static str {
    match authority {
        Authority::Manifest => "",
        Authority::Lock => " by fetch.lock",
    }
}

impl FetchError {
    /// A failure of the file system, told apart by what helps.
    pub(super) fn file(path: &Path, cause: io::Error) -> Self {
        let path = path.to_path_buf();
        match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path, cause },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NotWritable { path, cause }
            }
            io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                Self::Taken { path }
            }
            _ => Self::File { path, cause },
        }
    }

    /// What to do about it.
    pub(super) fn remedy(&self) -> &'static str {
        match self {
            Self::Status(_) => {
                "check the address in the manifest, or whether the file was withdrawn; --mirror names another source"
            }
            Self::Exhausted { .. } => {
                "run again later: what has arrived is kept; --mirror names another source"
            }
            Self::AskedToWait { .. } => "run again then, perhaps with fewer --jobs",
            Self::Untrusted(_) => {
                "check the clock and the system's certificates (ca-certificates; SSL_CERT_FILE names others)"
            }
            Self::Address(_) => "correct the address in the manifest or the --mirror",
            Self::Encoded(_) => "use another address or a --mirror that sends the file as it is",
            Self::WrongSize { authority, .. } | Self::WrongChecksum { authority, .. } => match authority {
                Authority::Manifest => {
                    "what arrived was removed; run again, and if it stays so the source has another file: check \
                     address and checksum in the manifest"
                }
                Authority::Lock => {
                    "what arrived was removed; the source has changed: if that is meant, remove the line from \
                     fetch.lock"
                }
            },
            Self::Unpinned => {
                "add a checksum to the manifest, or run once without --locked to record what is there"
            }
            Self::DiskFull { .. } => "make room and run again: what has arrived is kept",
            Self::NotWritable { .. } => "choose another --out, or make it writable",
            Self::Taken { .. } => "move it away, or change the name in the manifest",
            Self::File { .. } => "check the disk and run again",
            Self::GivenUp => "make room and run again",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_the_file_system_are_told_apart() {
        let error = |kind| FetchError::file(Path::new("d/a.part"), io::Error::from(kind));
        assert!(matches!(error(io::ErrorKind::StorageFull), FetchError::DiskFull { .. }));
        assert!(matches!(error(io::ErrorKind::QuotaExceeded), FetchError::DiskFull { .. }));
        assert!(matches!(error(io::ErrorKind::ReadOnlyFilesystem), FetchError::NotWritable { .. }));
        assert!(matches!(error(io::ErrorKind::NotADirectory), FetchError::Taken { .. }));
        let full = error(io::ErrorKind::StorageFull);
        assert!(full.to_string().starts_with("d/a.part: the disk is full"), "{full}");
        assert!(full.remedy().contains("make room"));
    }

    #[test]
    fn a_wrong_checksum_says_expected_and_found() {
        let error = FetchError::WrongChecksum {
            algorithm: "md5",
            expected: "aa".to_owned(),
            found: "bb".to_owned(),
            authority: Authority::Lock,
        };
        assert_eq!(error.to_string(), "wrong md5: expected aa by fetch.lock, found bb");
    }
}
