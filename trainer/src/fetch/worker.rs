//! Several files at once.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::HumanBytes;

use super::attempt::Source;
use super::checksum::Found;
use super::client::Client;
use super::download::download;
use super::error::FetchError;
use super::lock::Lock;
use super::manifest::Entry;
use super::mirror::{Mirror, mirrored};
use super::partial;
use super::progress::{FileProgress, Progress};
use super::retry::Patience;
use super::standing::Standing;
use super::stop::Stop;

/// How the files of a run are fetched.
#[derive(Debug)]
pub(super) struct Worker<'a> {
    pub(super) folder: &'a Path,
    pub(super) mirrors: &'a [Mirror],
    pub(super) client: Client,
    pub(super) patience: Patience,
    /// Files without a checksum are failures.
    pub(super) locked: bool,
    pub(super) lock: Mutex<Lock>,
    pub(super) stop: Stop,
}

/// How it ended well.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Done {
    /// So many bytes were fetched.
    Fetched(u64),
    /// It was there.
    There,
}

impl Worker<'_> {
    /// Fetches all, `jobs` at a time; the results are in the order of the entries.
    pub(super) fn fetch_all(&self, entries: &[Entry], jobs: usize) -> Vec<Result<Done, FetchError>> {
        let wanted: Vec<u64> = entries.iter().map(|entry| self.wanted(entry)).collect();
        let progress = Progress::new(entries.len(), wanted.iter().sum());
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..jobs.min(entries.len()) {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let (Some(entry), Some(&wanted)) = (entries.get(index), wanted.get(index)) else {
                            break;
                        };
                        let result = self.fetch_unless_stopped(entry, &progress.file(&entry.name, wanted));
                        locked(&results).push((index, result));
                    }
                });
            }
        });
        progress.close();
        let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.sort_by_key(|&(index, _)| index);
        results.into_iter().map(|(_, result)| result).collect()
    }

    fn wanted(&self, entry: &Entry) -> u64 {
        locked(&self.lock).expected(entry).size_bytes.unwrap_or(0)
    }

    fn fetch_unless_stopped(&self, entry: &Entry, progress: &FileProgress<'_>) -> Result<Done, FetchError> {
        let result = if self.stop.is_said() { Err(FetchError::GivenUp) } else { self.fetch(entry, progress) };
        if let Err(error) = &result {
            if matches!(error, FetchError::DiskFull { .. }) {
                self.stop.say();
            }
            progress.say(format_args!("failed: {error}"));
        }
        result
    }

    fn fetch(&self, entry: &Entry, progress: &FileProgress<'_>) -> Result<Done, FetchError> {
        let target = entry.name.below(self.folder);
        let (expected, moved) = {
            let lock = locked(&self.lock);
            (lock.expected(entry), lock.moved(entry))
        };
        let pinned = expected.has_checksum();
        if self.locked && !pinned {
            return Err(FetchError::Unpinned);
        }
        let (done, found) = match Standing::of(&target, &expected, moved)? {
            Standing::Whole(found) => {
                partial::clear(&target).map_err(|cause| FetchError::file(&target, cause))?;
                progress.whole(Some(found.size_bytes));
                progress.at(found.size_bytes);
                (Done::There, found)
            }
            standing => {
                if let Standing::Different(error) = standing {
                    progress.say(format_args!("there, but {error}; it stays until the right one is here"));
                }
                let address = mirrored(&entry.address, self.mirrors);
                let source = Source { client: &self.client, address: &address, expected: &expected };
                let found = download(&source, &target, &self.patience, &self.stop, progress)?;
                (Done::Fetched(found.size_bytes), found)
            }
        };
        let recorded = locked(&self.lock).record(entry, &found);
        recorded.map_err(|cause| FetchError::file(&self.folder.join(super::lock::FILE_NAME), cause))?;
        progress.done(line(done, &found, pinned));
        Ok(done)
    }
}

fn line(done: Done, found: &Found, pinned: bool) -> String {
    let what = match done {
        Done::Fetched(_) => "fetched",
        Done::There => "there already",
    };
    let Found { sha256, size_bytes, .. } = found;
    let verified = if pinned { "verified".to_owned() } else { format!("sha256 {sha256}, not known before") };
    format!("{what}, {}, {verified}", HumanBytes(*size_bytes))
}

/// Whoever held it and failed left it as it was.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
