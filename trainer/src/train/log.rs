//! A log of each model beside its folds: what a person reads who comes back to a long run.

use std::fmt::Display;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use polaris_model::ModelId;

use super::plan::Plan;
use crate::terminal;

/// `<work>/<recipe>/<model>/train.log`, to which runs append.
#[derive(Debug)]
pub(super) struct ModelLog {
    path: PathBuf,
    broken: AtomicBool,
}

impl ModelLog {
    pub(super) fn new(plan: &Plan, id: &ModelId) -> Self {
        Self { path: plan.folder(id).join("train.log"), broken: AtomicBool::new(false) }
    }

    /// Adds a line with the time in UTC. A log that cannot be written stops no training.
    pub(super) fn note(&self, text: impl Display) {
        let time = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
        // A line is a line, whatever an error has to say.
        let text = text.to_string().replace('\n', "; ");
        if let Err(error) = append(&self.path, &format!("{time} {text}\n"))
            && !self.broken.swap(true, Ordering::Relaxed)
        {
            terminal::say(format_args!("note: {}: {error}; lines of this log are lost", self.path.display()));
        }
    }
}

/// In one piece, so that lines of several threads do not mix.
fn append(path: &Path, line: &str) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
    OpenOptions::new().create(true).append(true).open(path)?.write_all(line.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_and_a_log_that_cannot_be_written_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/train.log");
        let log = ModelLog { path: path.clone(), broken: AtomicBool::new(false) };
        log.note("first");
        log.note("second\nof two");
        let text = fs::read_to_string(&path).unwrap();
        let words: Vec<&str> = text.lines().map(|line| line.split_once("Z ").unwrap().1).collect();
        assert_eq!(words, ["first", "second; of two"]);
        let blocked = ModelLog { path: path.join("train.log"), broken: AtomicBool::new(false) };
        blocked.note("lost");
        assert!(blocked.broken.load(Ordering::Relaxed));
    }
}
