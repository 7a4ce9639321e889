//! What the client says on standard error, and the progress it draws there on a terminal.

use std::io::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Writes one message of the client to standard error. A closed standard error is no failure.
pub(crate) fn say(message: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = writeln!(stderr, "polaris-client: {message}");
}

/// What is done and its rate, drawn on standard error when that is a terminal and nowhere else.
pub(crate) struct Progress {
    bar: ProgressBar,
    quiet: bool,
}

impl Progress {
    /// Draws nothing when `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(
            None,
            if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() },
        );
        let progress = Self { bar, quiet };
        progress.style("{spinner} {msg} {elapsed}");
        progress
    }

    /// Says what is being waited for.
    pub(crate) fn stage(&self, stage: &'static str) {
        self.bar.set_message(stage);
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    /// Starts a count and its rate anew: of `units` (such as `records`), `total` in all if that is known.
    pub(crate) fn start_counting(&self, stage: &'static str, units: &str, total: Option<u64>) {
        self.bar.reset();
        match total {
            Some(total) => {
                self.bar.set_length(total);
                self.style(&format!(
                    "{{spinner}} {{msg}} {{human_pos}} of {{human_len}} {units}, {{per_sec}}, {{eta}} left"
                ));
            }
            None => {
                self.style(&format!("{{spinner}} {{msg}} {{human_pos}} {units}, {{per_sec}}, {{elapsed}}"))
            }
        }
        self.stage(stage);
    }

    /// Counts what is done.
    pub(crate) fn add(&self, units: u64) {
        self.bar.inc(units);
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
    }

    /// Prints lines above the progress, unless errors alone are wanted.
    pub(crate) fn warn(&self, message: &str) {
        if !self.quiet {
            self.say(message);
        }
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

/// An error with its causes, each said once: many a message holds its cause already.
pub(crate) fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told.as_str() {
        "" => cause,
        _ if told.contains(&cause) => told,
        _ => format!("{told}: {cause}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let inner = std::io::Error::other("no such file");
        let holds = anyhow::Error::new(inner).context("cannot open x: no such file");
        assert_eq!(told(&holds), "cannot open x: no such file");
        let adds = anyhow::anyhow!("no such file").context("cannot open x");
        assert_eq!(told(&adds.context("scoring")), "scoring: cannot open x: no such file");
    }
}
