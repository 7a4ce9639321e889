//! A file that others write, who seek in it.

use std::fs::File;
use std::io;
use std::path::Path;

use super::error::OutputError;
use super::target::Partial;

/// A file being written by others, who seek in it. Dropped without `commit`, it leaves no trace.
pub(crate) struct SeekableFile {
    partial: Partial,
    name: String,
}

impl SeekableFile {
    /// Opens a file under a partial name in the folder of `path`.
    pub(crate) fn create(path: &Path) -> Result<Self, OutputError> {
        let (partial, name) = (Partial::open(path, false)?, path.display().to_string());
        partial.file.set_len(0).map_err(|source| OutputError::of(&name, source))?;
        Ok(Self { partial, name })
    }

    /// The file once more, to write it and to read it, with a position of its own.
    pub(crate) fn reopen(&self) -> io::Result<File> {
        File::options().read(true).write(true).open(&self.partial.partial)
    }

    /// Makes the file durable and gives it its name.
    pub(crate) fn commit(self) -> Result<(), OutputError> {
        let synced = self.partial.file.sync_all().and_then(|()| self.partial.publish());
        synced.map_err(|source| OutputError::of(&self.name, source))
    }
}
