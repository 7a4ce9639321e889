//! A file that is not whole yet, beside the place where it belongs.
//!
//! `a.bed.gz.part` has what has arrived; `a.bed.gz.part.json` says of which address and version, so that a later run
//! asks for the rest only if it is the rest of the same file.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::write_whole;

/// What partial files and their records end in.
pub(super) const ENDINGS: [&str; 2] = [".part", ".part.json"];

/// Which version of which file a partial file is the beginning of.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Origin {
    /// The address that was asked.
    pub(super) address: String,
    /// A strong entity tag.
    pub(super) etag: Option<String>,
    /// The date of the last change, as the server wrote it.
    pub(super) last_modified: Option<String>,
    /// The size of the whole file.
    pub(super) size_bytes: Option<u64>,
}

impl Origin {
    /// What to send as `If-Range`; without it a server cannot tell whether the file has changed.
    pub(super) fn validator(&self) -> Option<&str> {
        self.etag.as_deref().or(self.last_modified.as_deref())
    }
}

/// A partial file, open for writing at its end.
#[derive(Debug)]
pub(super) struct Partial {
    target: PathBuf,
    path: PathBuf,
    record: PathBuf,
    file: File,
    length: u64,
    origin: Option<Origin>,
    pieced: bool,
}

impl Partial {
    /// Opens what an earlier run left, or begins; folders are made.
    ///
    /// # Errors
    /// If a folder or the file cannot be made or written.
    pub(super) fn open(target: &Path) -> io::Result<Self> {
        let [path, record] = paths(target);
        fs::create_dir_all(target.parent().unwrap_or(Path::new("")))?;
        let mut file = File::options().create(true).write(true).truncate(false).open(&path)?;
        let length = file.seek(SeekFrom::End(0))?;
        // A record that cannot be read is as good as none: the file is then fetched whole.
        let origin = fs::read(&record).ok().and_then(|json| serde_json::from_slice(&json).ok());
        Ok(Self { target: target.to_path_buf(), path, record, file, length, origin, pieced: length > 0 })
    }

    /// The partial file's path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that have arrived.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// What it is the beginning of, if that is known.
    pub(super) fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Whether the file's name says that it is stored as gzip.
    pub(super) fn holds_gzip(&self) -> bool {
        self.target
            .extension()
            .is_some_and(|extension| ["gz", "bgz", "tgz"].iter().any(|&gzip| extension == gzip))
    }

    /// Whether it came in more than one piece: if it is wrong, the pieces may just not belong together.
    pub(super) fn is_pieced(&self) -> bool {
        self.pieced
    }

    /// A further piece of it arrives.
    pub(super) fn resume(&mut self) {
        self.pieced = true;
    }

    /// Drops what has arrived and begins with this origin.
    ///
    /// # Errors
    /// If the file or its record cannot be written.
    pub(super) fn restart(&mut self, origin: Option<Origin>) -> io::Result<()> {
        // The old bytes go first, for good, so that they are never taken for bytes of the new origin.
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.sync_all()?;
        self.length = 0;
        self.pieced = false;
        self.origin = origin;
        match &self.origin {
            Some(origin) => write_whole(&self.record, &serde_json::to_vec(origin)?),
            None => remove(&self.record),
        }
    }

    /// Adds what has arrived.
    ///
    /// # Errors
    /// If it cannot be written; what could be written counts.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(bytes);
        self.length = match &written {
            Ok(()) => self.length + bytes.len() as u64,
            Err(_) => self.file.seek(SeekFrom::End(0))?,
        };
        written
    }

    /// Puts the whole file in its place, for good.
    ///
    /// # Errors
    /// If it cannot be synced or renamed.
    pub(super) fn finish(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, &self.target)?;
        remove(&self.record)?;
        let folder = self.target.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    /// Removes it and its record.
    ///
    /// # Errors
    /// If they cannot be removed.
    pub(super) fn discard(self) -> io::Result<()> {
        drop(self.file);
        remove(&self.path)?;
        remove(&self.record)
    }
}

/// Bytes of a file that an earlier run left, if any.
pub(super) fn arrived_bytes(target: &Path) -> Option<u64> {
    let [path, _] = paths(target);
    fs::metadata(path).ok().map(|metadata| metadata.len()).filter(|&length| length > 0)
}

/// Removes what an earlier run left of a file that is there now.
///
/// # Errors
/// If it is there and cannot be removed.
pub(super) fn clear(target: &Path) -> io::Result<()> {
    paths(target).iter().try_for_each(|path| remove(path))
}

fn paths(target: &Path) -> [PathBuf; 2] {
    ENDINGS.map(|ending| {
        let mut path = target.as_os_str().to_owned();
        path.push(ending);
        PathBuf::from(path)
    })
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_arrived_is_found_again_and_finished() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("peaks/a.bed");
        let origin = Origin {
            address: "https://e.org/a".to_owned(),
            etag: Some("\"v1\"".to_owned()),
            last_modified: None,
            size_bytes: Some(6),
        };
        let mut partial = Partial::open(&target).unwrap();
        assert_eq!((partial.length(), partial.origin()), (0, None));
        partial.append(b"old bytes").unwrap();
        partial.restart(Some(origin.clone())).unwrap();
        partial.append(b"abc").unwrap();
        drop(partial);
        assert_eq!(arrived_bytes(&target), Some(3));

        let mut partial = Partial::open(&target).unwrap();
        assert_eq!((partial.length(), partial.origin()), (3, Some(&origin)));
        partial.append(b"def").unwrap();
        partial.finish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"abcdef");
        assert_eq!(fs::read_dir(folder.path().join("peaks")).unwrap().count(), 1, "only the file is left");
    }
}
