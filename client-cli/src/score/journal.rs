//! What a run that ends early leaves for the one that goes on with it: which run it was, and how far it came.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::summary::Counts;
use super::top::Top;
use crate::output_file::beside;

/// Version of the file's form.
const FORMAT: u32 = 2;

/// Everything that the bytes of the outputs depend on, by name.
pub(super) type Identity = BTreeMap<String, String>;

/// How far a run has come: everything up to here is in the outputs, and nothing after it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Checkpoint {
    format: u32,
    identity: Identity,
    /// Everything is written and durable: only the outputs' names, the index and the reports may be missing.
    pub(super) whole: bool,
    /// Bytes of each output, in the order of the writer.
    pub(super) lengths: Vec<u64>,
    pub(super) counts: Counts,
    pub(super) top: Top,
}

/// Why a run cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub(super) enum JournalError {
    /// It was another run.
    #[error(
        "--resume: the run that left {path} had another {what}: {before} then, {now} now: repeat its command, or leave \
         --resume away to start anew"
    )]
    Other {
        /// The checkpoint.
        path: String,
        /// What differs.
        what: String,
        /// Of the earlier run.
        before: String,
        /// Of this run.
        now: String,
    },
    /// Not what a run leaves.
    #[error("--resume: {path} is damaged ({reason}): leave --resume away to start anew")]
    Damaged {
        /// The checkpoint.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// From the system.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The checkpoint.
        path: String,
        /// From the system.
        source: std::io::Error,
    },
}

/// The file in which checkpoints are kept.
pub(super) struct Journal {
    path: PathBuf,
    identity: Identity,
    /// It stays when the run ends early, as that of another run does.
    keep: bool,
}

impl Journal {
    /// That of a scored file.
    pub(super) fn of(output: &Path, identity: Identity) -> Option<Self> {
        Some(Self { path: beside(output, ".checkpoint")?, identity, keep: true })
    }

    /// From now on it is that of this run, no other run having the outputs. Dropped, it leaves its file only if it is to
    /// `keep` it.
    pub(super) fn own(&mut self, keep: bool) {
        self.keep = keep;
    }

    /// The checkpoint of an earlier run with the same identity; none if there is none.
    pub(super) fn read(&self) -> Result<Option<Checkpoint>, JournalError> {
        let path = || self.path.display().to_string();
        let text = match std::fs::read(&self.path) {
            Ok(text) => text,
            Err(_) => return Ok(None),
        };
        let damaged = |reason: String| JournalError::Damaged { path: path(), reason };
        let checkpoint: Checkpoint =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if checkpoint.format != FORMAT {
            return Err(damaged(format!("format {}", checkpoint.format)));
        }
        let absent = || "none".to_owned();
        let keys = self.identity.keys().chain(checkpoint.identity.keys());
        for what in keys {
            let (now, before) = (self.identity.get(what), checkpoint.identity.get(what));
            if now != before {
                return Err(JournalError::Other {
                    path: path(),
                    what: what.clone(),
                    before: before.cloned().unwrap_or_else(absent),
                    now: now.cloned().unwrap_or_else(absent),
                });
            }
        }
        Ok(Some(checkpoint))
    }

    /// Replaces the checkpoint.
    pub(super) fn write(
        &self,
        whole: bool,
        lengths: Vec<u64>,
        counts: &Counts,
        top: &Top,
    ) -> Result<(), JournalError> {
        let failed = |source| JournalError::Write { path: self.path.display().to_string(), source };
        let checkpoint = Checkpoint {
            format: FORMAT,
            identity: self.identity.clone(),
            whole,
            lengths,
            counts: counts.clone(),
            top: top.clone(),
        };
        let text = serde_json::to_vec(&checkpoint).map_err(|error| failed(error.into()))?;
        let mut partial = self.path.clone().into_os_string();
        partial.push("~");
        let written = std::fs::File::create(&partial).and_then(|mut file| {
            file.write_all(&text)?;
            file.sync_data()
        });
        written.and_then(|()| std::fs::rename(&partial, &self.path)).map_err(failed)
    }

    /// Removes what an earlier run has left: this one starts anew.
    pub(super) fn forget(&self) {
        // There may be none.
        let _ = std::fs::remove_file(&self.path);
    }

    /// Removes it: the run is done.
    pub(super) fn remove(mut self) {
        self.keep = false;
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed says what it is a checkpoint of.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_run_is_refused_by_what_differs() {
        let folder = tempfile::tempdir().unwrap();
        let identity = |models: &str| {
            Identity::from([
                ("input".to_owned(), "a.vcf".to_owned()),
                ("models".to_owned(), models.to_owned()),
            ])
        };
        let journal = |models: &str| Journal::of(&folder.path().join("out.vcf"), identity(models)).unwrap();
        assert!(journal("x").read().unwrap().is_none());
        let mut counts = Counts::default();
        counts.allele(None);
        journal("x").write(false, vec![1, 2], &counts, &Top::default()).unwrap();
        let read = journal("x").read().unwrap().unwrap();
        assert_eq!((read.counts.alleles, read.lengths, read.whole), (1, vec![1, 2], false));
        let refused = journal("y").read().unwrap_err().to_string();
        assert!(refused.contains("another models: x then, y now"), "{refused}");
        std::fs::write(folder.path().join(".out.vcf.checkpoint"), b"{").unwrap();
        assert!(matches!(journal("x").read(), Err(JournalError::Damaged { .. })));
        // One that was refused leaves that of the run that goes on; its own goes with it.
        drop(journal("x"));
        assert!(folder.path().join(".out.vcf.checkpoint").exists());
        let mut own = journal("x");
        own.own(false);
        drop(own);
        assert!(journal("x").read().unwrap().is_none());
    }
}
