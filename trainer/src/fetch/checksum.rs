//! What a file is expected to be, and what it is.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use md5::Md5;
use sha2::{Digest, Sha256};

use super::error::FetchError;
use crate::files::hexadecimal;

/// Who says what a file should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Authority {
    /// The manifest.
    Manifest,
    /// `fetch.lock`: what was there when the file was fetched first.
    Lock,
}

/// What a file is expected to be; nothing, if neither manifest nor lock file knows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Expected {
    pub(super) sha256: Option<String>,
    pub(super) md5: Option<String>,
    pub(super) size_bytes: Option<u64>,
    pub(super) authority: Authority,
}

/// What a file is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Found {
    pub(super) sha256: String,
    pub(super) md5: String,
    pub(super) size_bytes: u64,
}

impl Expected {
    /// Whether a wrong file would be noticed.
    pub(super) fn has_checksum(&self) -> bool {
        self.sha256.is_some() || self.md5.is_some()
    }

    /// Compares; the size first, because it says more to a person than a checksum.
    ///
    /// # Errors
    /// [`FetchError::WrongSize`] and [`FetchError::WrongChecksum`].
    pub(super) fn verify(&self, found: &Found) -> Result<(), FetchError> {
        let authority = self.authority;
        if let Some(expected) = self.size_bytes.filter(|&size| size != found.size_bytes) {
            return Err(FetchError::WrongSize { expected, found: found.size_bytes, authority });
        }
        let pairs = [("sha256", self.sha256.as_ref(), &found.sha256), ("md5", self.md5.as_ref(), &found.md5)];
        for (algorithm, expected, found) in pairs {
            if let Some(expected) = expected.filter(|&expected| expected != found) {
                let (expected, found) = (expected.clone(), found.clone());
                return Err(FetchError::WrongChecksum { algorithm, expected, found, authority });
            }
        }
        Ok(())
    }
}

impl Found {
    /// Reads a file once and says what it is.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let (mut sha256, mut md5, mut size_bytes) = (Sha256::new(), Md5::new(), 0);
        let mut buffer = vec![0; 1 << 18];
        loop {
            let bytes = match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => buffer.get(..count).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            sha256.update(bytes);
            md5.update(bytes);
            size_bytes += bytes.len() as u64;
        }
        let (sha256, md5) = (hexadecimal(&sha256.finalize()), hexadecimal(&md5.finalize()));
        Ok(Self { sha256, md5, size_bytes })
    }
}

/// A checksum of `digits` hexadecimal digits, in lower case.
pub(super) fn parse_checksum(text: &str, digits: usize) -> Option<String> {
    let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_the_published_ones_of_abc() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"abc").unwrap();
        let found = Found::read(file.path()).unwrap();
        assert_eq!(found.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(found.md5, "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(found.size_bytes, 3);
    }

    #[test]
    fn one_wrong_figure_is_enough() {
        let found = Found { sha256: "aa".to_owned(), md5: "bb".to_owned(), size_bytes: 3 };
        let expected = |sha256: Option<&str>, md5: Option<&str>, size_bytes| Expected {
            sha256: sha256.map(str::to_owned),
            md5: md5.map(str::to_owned),
            size_bytes,
            authority: Authority::Manifest,
        };
        assert!(expected(None, None, None).verify(&found).is_ok());
        assert!(expected(Some("aa"), Some("bb"), Some(3)).verify(&found).is_ok());
        let wrong = |expected: Expected| expected.verify(&found).unwrap_err();
        assert!(matches!(wrong(expected(Some("aa"), None, Some(4))), FetchError::WrongSize { found: 3, .. }));
        let error = wrong(expected(Some("aa"), Some("cc"), None));
        assert!(matches!(error, FetchError::WrongChecksum { algorithm: "md5", .. }));
        let error = wrong(expected(Some("ab"), Some("bb"), None));
        assert!(matches!(error, FetchError::WrongChecksum { algorithm: "sha256", .. }));
    }
}
