//! What a person sees while models are assessed: a bar on a terminal, else nothing.

use std::fmt::Display;
use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// Progress over models.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar, if standard error is a terminal.
    pub(super) fn new(models: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = if terminal { ProgressBar::new(models as u64) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} models, {eta} to go: {msg}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Begins with a model.
    pub(super) fn start(&self, model: impl Display) {
        self.0.set_message(model.to_string());
    }

    /// A model is done.
    pub(super) fn done(&self) {
        self.0.inc(1);
    }

    /// Takes the bar away.
    pub(super) fn close(&self) {
        self.0.finish_and_clear();
    }
}
