//! What a person sees while windows are mapped: a bar on a terminal, else nothing.

use std::fmt::Display;
use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal;

/// Progress over the windows of one model after another.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar, if standard error is a terminal.
    pub(crate) fn new() -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} windows of {msg}, {eta} to go")
        {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Begins with a model.
    pub(super) fn start(&self, model: impl Display, windows: usize) {
        self.0.reset();
        self.0.set_length(windows as u64);
        self.0.set_message(model.to_string());
    }

    /// So many windows are done.
    pub(super) fn step(&self, windows: usize) {
        self.0.inc(windows as u64);
    }

    /// Says a line above the bar.
    pub(crate) fn say(&self, text: impl Display) {
        self.0.suspend(|| terminal::say(text));
    }

    /// Takes the bar away.
    pub(crate) fn close(&self) {
        self.0.finish_and_clear();
    }
}
