//! What the client says on standard error, and the progress it draws there on a terminal.

use std::io::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Writes one message of the client to standard error. A closed standard error is no failure.
pub(crate) fn say(message: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = writeln!(stderr, "polaris-client: {message}");
}

/// Records done and their rate, drawn on standard error when that is a terminal and nowhere else.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Draws nothing when `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(
            None,
            if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() },
        );
        let template = "{spinner} {msg} {human_pos} records, {per_sec}, {elapsed}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Says what is being waited for.
    pub(crate) fn stage(&self, stage: &'static str) {
        self.bar.set_message(stage);
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    /// Starts the count and its rate anew.
    pub(crate) fn start_counting(&self) {
        self.bar.reset();
        self.stage("scoring:");
    }

    /// Counts records that are done.
    pub(crate) fn add(&self, records: u64) {
        self.bar.inc(records);
    }

    /// Prints lines above the progress.
    pub(crate) fn say(&self, message: &str) {
        self.bar.suspend(|| say(message));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
