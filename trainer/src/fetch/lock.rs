//! `fetch.lock`: what was fetched, so that a later run notices if a file or its source has changed.
//!
//! It has the manifest's own format: fetched anywhere else, it gives the same bytes or an error.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::checksum::{Authority, Expected, Found};
use super::manifest::{Entry, read_manifest};
use super::name::FileName;
use crate::files::write_whole;
use crate::text_table::TableError;

/// Its name in the folder.
pub(super) const FILE_NAME: &str = "fetch.lock";

const HEADER: &str = "# Written by polaris-trainer fetch: what each file was when it was fetched. Later runs verify it.\n\
                      # This file is itself a manifest. Remove a line to accept a changed file.\n\
                      name\taddress\tsha256\tsize\n";

/// The lock file of a folder.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    entries: BTreeMap<FileName, Entry>,
}

impl Lock {
    /// Reads the folder's lock file; it may be missing.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub(super) fn read(folder: &Path) -> Result<Self, TableError> {
        let path = folder.join(FILE_NAME);
        // Of one that cannot be looked at, reading says why not; that the folder is none is said later.
        let missing = match path.try_exists() {
            Ok(there) => !there,
            Err(error) => error.kind() == io::ErrorKind::NotADirectory,
        };
        let entries = if missing { Vec::new() } else { read_manifest(&path)? };
        let entries = entries.into_iter().map(|entry| (entry.name.clone(), entry)).collect();
        Ok(Self { path, entries })
    }

    /// What a file should be: as the manifest says, or, if it has no checksum, as it was when it was fetched from
    /// this address. Another address is another file.
    pub(super) fn expected(&self, entry: &Entry) -> Expected {
        let known = self.entries.get(&entry.name).filter(|known| known.address == entry.address);
        let Entry { sha256, md5, size_bytes, .. } = entry;
        match known {
            Some(known) if sha256.is_none() && md5.is_none() => Expected {
                sha256: known.sha256.clone(),
                md5: known.md5.clone(),
                size_bytes: size_bytes.or(known.size_bytes),
                authority: Authority::Lock,
            },
            _ => Expected {
                sha256: sha256.clone(),
                md5: md5.clone(),
                size_bytes: *size_bytes,
                authority: Authority::Manifest,
            },
        }
    }

    /// Whether a file was last fetched from another address than its entry names now.
    pub(super) fn moved(&self, entry: &Entry) -> bool {
        self.entries.get(&entry.name).is_some_and(|known| known.address != entry.address)
    }

    /// Records what a file is, and writes the lock file if that is news.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn record(&mut self, entry: &Entry, found: &Found) -> io::Result<()> {
        let record = Entry {
            sha256: Some(found.sha256.clone()),
            md5: None,
            size_bytes: Some(found.size_bytes),
            ..entry.clone()
        };
        if self.entries.get(&entry.name) == Some(&record) {
            return Ok(());
        }
        self.entries.insert(entry.name.clone(), record);
        let lines = self.entries.values().map(|entry| {
            let size = entry.size_bytes.map_or_else(|| "-".to_owned(), |size| size.to_string());
            let sha256 = entry.sha256.as_deref().unwrap_or("-");
            format!("{}\t{}\t{sha256}\t{size}\n", entry.name, entry.address)
        });
        let text: String = std::iter::once(HEADER.to_owned()).chain(lines).collect();
        write_whole(&self.path, text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(address: &str, md5: Option<&str>) -> Entry {
        let name = FileName::new("a.bed").unwrap();
        Entry {
            name,
            address: address.to_owned(),
            sha256: None,
            md5: md5.map(str::to_owned),
            size_bytes: None,
        }
    }

    #[test]
    fn what_was_fetched_is_expected_again() {
        let folder = tempfile::tempdir().unwrap();
        let found = Found { sha256: "ab".repeat(32), md5: "cd".repeat(16), size_bytes: 7 };
        let mut lock = Lock::read(folder.path()).unwrap();
        assert!(!lock.expected(&entry("https://e.org/a", None)).has_checksum());
        lock.record(&entry("https://e.org/a", None), &found).unwrap();

        let lock = Lock::read(folder.path()).unwrap();
        let expected = lock.expected(&entry("https://e.org/a", None));
        assert_eq!((expected.sha256.as_deref(), expected.size_bytes), (Some(&*found.sha256), Some(7)));
        assert_eq!(expected.authority, Authority::Lock);
        assert!(!lock.expected(&entry("https://e.org/other", None)).has_checksum(), "another address");
        let expected = lock.expected(&entry("https://e.org/a", Some("ef")));
        assert_eq!(
            (expected.sha256, expected.authority),
            (None, Authority::Manifest),
            "the manifest counts more"
        );
    }
}
