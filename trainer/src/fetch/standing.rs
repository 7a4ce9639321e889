//! What is there before anything is fetched.

use std::fs;
use std::io;
use std::path::Path;

use super::checksum::{Expected, Found};
use super::error::FetchError;

/// How a file stands.
#[derive(Debug)]
pub(super) enum Standing {
    /// It is not there.
    Missing,
    /// It is there and is as expected, as far as anything is.
    Whole(Found),
    /// It is there and is another one.
    Different(FetchError),
}

impl Standing {
    /// Looks at a file, and reads it if its size is right. One that has `moved`, that is, was fetched from another address
    /// before, counts as missing unless a checksum tells.
    ///
    /// # Errors
    /// If it cannot be read, or something else stands in its place.
    pub(super) fn of(target: &Path, expected: &Expected, moved: bool) -> Result<Self, FetchError> {
        let metadata = match fs::metadata(target) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Missing),
            Err(cause) => return Err(FetchError::file(target, cause)),
        };
        if !metadata.is_file() {
            return Err(FetchError::Taken { path: target.to_path_buf() });
        }
        if moved && !expected.has_checksum() {
            return Ok(Self::Missing);
        }
        if let Some(size) = expected.size_bytes.filter(|&size| size != metadata.len()) {
            let (found, authority) = (metadata.len(), expected.authority);
            return Ok(Self::Different(FetchError::WrongSize { expected: size, found, authority }));
        }
        let found = Found::read(target).map_err(|cause| FetchError::file(target, cause))?;
        Ok(match expected.verify(&found) {
            Ok(()) => Self::Whole(found),
            Err(error) => Self::Different(error),
        })
    }
}
