//! What an output is written to: a file under a partial name until it is whole, a device, or standard output.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::OutputError;

/// What takes the bytes.
pub(super) enum Target {
    Partial(Partial),
    /// A device or named pipe, which a rename would replace.
    Direct(File),
    Stdout(io::Stdout),
}

/// A file that has a name of its own until it is whole. Dropped before, it is removed, unless it is to be kept.
pub(super) struct Partial {
    pub(super) file: File,
    /// Where it is.
    pub(super) partial: PathBuf,
    /// Where it will be.
    path: PathBuf,
    keep: bool,
}

/// Through a link to the file that it names, so that the link stays one.
fn followed(path: &Path) -> io::Result<PathBuf> {
    if path.exists() { std::fs::canonicalize(path) } else { Ok(path.to_owned()) }
}

/// `.NAME` with a suffix, beside a file.
pub(crate) fn beside(path: &Path, suffix: &str) -> Option<PathBuf> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name()?);
    name.push(suffix);
    Some(path.with_file_name(name))
}

/// Opens a partial file that no other run is writing.
fn open_locked(partial: &Path, name: &str) -> Result<File, OutputError> {
    loop {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(partial);
        let file = file.map_err(|source| OutputError::Folder {
            folder: folder_of(partial).display().to_string(),
            source,
        })?;
        // A file system without locks is no reason not to write.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(OutputError::Busy { name: name.to_owned() });
        }
        // Between opening and locking, another run may have given the file its final name.
        let locked = file.metadata().map_err(|source| OutputError::of(name, source))?;
        if std::fs::metadata(partial).is_ok_and(|there| there.ino() == locked.ino()) {
            return Ok(file);
        }
    }
}

/// The folder of a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => Path::new("/"),
    }
}

impl Partial {
    /// Opens it, where no other run may be writing; what an earlier run has left is in it.
    pub(super) fn open(path: &Path, keep: bool) -> Result<Self, OutputError> {
        let name = path.display().to_string();
        let (partial, path) = Self::paths(path, &name)?;
        let file = open_locked(&partial, &name)?;
        Ok(Self { file, partial, path, keep })
    }

    /// One that is whole, its length known; none if it has its name already.
    pub(super) fn left(path: &Path, length: u64) -> Result<Option<Self>, OutputError> {
        let name = path.display().to_string();
        let (partial, path) = Self::paths(path, &name)?;
        let is_partial = partial.exists();
        let there = if is_partial { &partial } else { &path };
        let found = std::fs::metadata(there).map_or(0, |metadata| metadata.len());
        if found != length {
            let partial = there.display().to_string();
            return Err(OutputError::Shorter { partial, expected: length, found });
        }
        if !is_partial {
            return Ok(None);
        }
        let file = open_locked(&partial, &name)?;
        Ok(Some(Self { file, partial, path, keep: true }))
    }

    /// Gives it its name. From then on it is not removed.
    pub(super) fn publish(mut self) -> io::Result<()> {
        std::fs::rename(&self.partial, &self.path)?;
        self.keep = true;
        File::open(folder_of(&self.path))?.sync_all()
    }

    /// Where it is until it is whole, and then: the first is the same in every run, so that none is left behind for ever.
    fn paths(path: &Path, name: &str) -> Result<(PathBuf, PathBuf), OutputError> {
        let path = followed(path).map_err(|source| OutputError::of(name, source))?;
        let partial = beside(&path, ".partial").ok_or_else(|| OutputError::Directory(name.to_owned()))?;
        Ok((partial, path))
    }
}

impl Target {
    /// Opens a file under its partial name, or what cannot be renamed.
    pub(super) fn open(path: &Path, keep: bool) -> Result<Self, OutputError> {
        let name = || path.display().to_string();
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Err(OutputError::Directory(name())),
            Ok(metadata) if !metadata.is_file() => {
                let file = File::options().write(true).open(path);
                file.map(Self::Direct).map_err(|source| OutputError::of(&name(), source))
            }
            _ => Partial::open(path, keep).map(Self::Partial),
        }
    }

    /// Makes it durable and gives its length; 0 if it is no file.
    pub(super) fn sync(&mut self) -> io::Result<u64> {
        match self {
            Self::Partial(partial) => {
                partial.file.sync_all()?;
                return Ok(partial.file.metadata()?.len());
            }
            Self::Direct(file) => file.flush()?,
            Self::Stdout(stdout) => stdout.flush()?,
        }
        Ok(0)
    }

    /// Gives it its name, if it is a file.
    pub(super) fn publish(self) -> io::Result<()> {
        match self {
            Self::Partial(partial) => partial.publish(),
            Self::Direct(_) | Self::Stdout(_) => Ok(()),
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed is overwritten by the next run.
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Partial(partial) => partial.file.write(bytes),
            Self::Direct(file) => file.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Partial(partial) => partial.file.flush(),
            Self::Direct(file) => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}
