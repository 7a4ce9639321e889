//! What a person sees while files are fetched: bars on a terminal, else a line for each file.

use std::cell::Cell;
use std::fmt::Display;
use std::io::IsTerminal;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::name::FileName;
use crate::terminal;

/// Progress of a run, in bytes.
#[derive(Debug)]
pub(super) struct Progress {
    bars: Option<MultiProgress>,
    overall: ProgressBar,
}

/// Progress of one file.
#[derive(Debug)]
pub(super) struct FileProgress<'a> {
    progress: &'a Progress,
    name: &'a FileName,
    bar: ProgressBar,
    /// Bytes of it that the overall bar has as there.
    there: Cell<u64>,
    /// Bytes of it that the overall bar has as wanted.
    wanted: Cell<u64>,
}

impl Progress {
    /// Begins with the number of files and the bytes that are known beforehand.
    pub(super) fn new(files: usize, known_bytes: u64) -> Self {
        let bars = std::io::stderr().is_terminal().then(MultiProgress::new);
        let overall = match &bars {
            Some(bars) => bars.add(ProgressBar::new(known_bytes)),
            None => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template(
            "{bar:32} {bytes} of {total_bytes} known of {msg}, {bytes_per_sec}, {eta} to go",
        ) {
            overall.set_style(style);
        }
        overall.set_length(known_bytes);
        overall.set_message(format!("{files} files"));
        Self { bars, overall }
    }

    /// Begins with a file of which the overall bar has so many bytes as wanted.
    pub(super) fn file<'a>(&'a self, name: &'a FileName, wanted: u64) -> FileProgress<'a> {
        let bar = match &self.bars {
            Some(bars) => bars.add(ProgressBar::new(wanted)),
            None => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template("  {prefix:40} {bar:20} {bytes} of {total_bytes}") {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_string());
        FileProgress { progress: self, name, bar, there: Cell::new(0), wanted: Cell::new(wanted) }
    }

    /// Takes the bars away.
    pub(super) fn close(&self) {
        self.overall.finish_and_clear();
    }
}

impl FileProgress<'_> {
    /// So large is it in the end.
    pub(super) fn whole(&self, size_bytes: Option<u64>) {
        let Some(size_bytes) = size_bytes else { return };
        self.bar.set_length(size_bytes);
        let others = self.progress.overall.length().unwrap_or(0).saturating_sub(self.wanted.get());
        self.progress.overall.set_length(others.saturating_add(size_bytes));
        self.wanted.set(size_bytes);
    }

    /// So many bytes of it are there; fewer than before if it is begun anew.
    pub(super) fn at(&self, bytes: u64) {
        let before = self.there.replace(bytes);
        match bytes.checked_sub(before) {
            Some(more) => self.progress.overall.inc(more),
            None => self.progress.overall.dec(before - bytes),
        }
        self.bar.set_position(bytes);
    }

    /// Tells something about it, above the bars.
    pub(super) fn say(&self, text: impl Display) {
        let line = format!("{}: {text}", self.name);
        match &self.progress.bars {
            Some(bars) => bars.suspend(|| terminal::say(line)),
            None => terminal::say(line),
        }
    }

    /// Tells how it ended, unless bars show that anyway.
    pub(super) fn done(&self, text: impl Display) {
        if self.progress.bars.is_none() {
            self.say(text);
        }
    }
}

impl Drop for FileProgress<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
