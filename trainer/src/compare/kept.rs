//! Results on disk, so that an interrupted run goes on where it stopped.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::files::write_whole;

/// What a method predicted in a fold.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    /// Digest of everything that it depends on.
    pub(super) key: String,
    /// Windows that it learned from.
    pub(super) trained_on: usize,
    /// Of the held-out windows, in their order.
    pub(super) logits: Vec<f64>,
    /// Whether the logistic function makes probabilities of them.
    pub(super) calibrated: bool,
    /// Mean loss of each epoch; empty of what has no epochs.
    pub(super) losses: Vec<f64>,
    pub(super) seconds: f64,
}

/// Digits of a key in a file's name.
const KEY_DIGITS: usize = 12;

/// Where the result of a method in a fold of a set is kept: for each key a file of its own, so that a run with other
/// settings takes nothing away.
pub(super) fn path(work: &Path, set: &str, method: &str, (fold, key): (u8, &str)) -> PathBuf {
    let digits = key.get(..KEY_DIGITS).unwrap_or(key);
    work.join(set).join(format!("{method}-{fold}-{digits}.json"))
}

impl Kept {
    /// The result at a path, if it is that of the key.
    pub(super) fn find(path: &Path, key: &str) -> Option<Self> {
        let kept: Self = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        (kept.key == key).then_some(kept)
    }

    /// Keeps it.
    pub(super) fn keep(&self, path: &Path) -> anyhow::Result<()> {
        write_whole(path, &serde_json::to_vec(self)?).with_context(|| path.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_bit_for_bit_under_its_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(folder.path(), "QKI.K562", "seqweaver+", (3, "0123456789abcdef"));
        assert!(path.ends_with("QKI.K562/seqweaver+-3-0123456789ab.json"));
        let logits: Vec<f64> = (1..500).map(|index| 1.0 / f64::from(index)).collect();
        let kept = Kept {
            key: "a".to_owned(),
            trained_on: 7,
            logits,
            calibrated: true,
            losses: vec![0.1],
            seconds: 0.5,
        };
        assert_eq!(Kept::find(&path, "a"), None);
        kept.keep(&path).unwrap();
        assert_eq!(Kept::find(&path, "a"), Some(kept));
        assert_eq!(Kept::find(&path, "b"), None);
        fs::write(&path, "{").unwrap();
        assert_eq!(Kept::find(&path, "a"), None);
    }
}
