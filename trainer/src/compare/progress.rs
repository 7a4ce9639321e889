//! What a person sees while methods are compared: bars on a terminal, else a line for each result; and a log for each set.

use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use polaris_model::training::Epoch;

use super::kept::Kept;
use crate::terminal;

/// Progress of a run, measured in windows passed through networks, weighed by what the networks cost.
pub(super) struct Progress {
    bars: Option<MultiProgress>,
    overall: ProgressBar,
    logs: PathBuf,
}

/// Progress of one result.
pub(super) struct Line<'a> {
    progress: &'a Progress,
    bar: ProgressBar,
    name: String,
    set: String,
    cost: u64,
}

impl Progress {
    pub(super) fn new(logs: &Path, results: usize, cost: u64) -> Self {
        let bars = std::io::stderr().is_terminal().then(MultiProgress::new);
        let overall = match &bars {
            Some(bars) => bars.add(ProgressBar::new(cost)),
            None => ProgressBar::hidden(),
        };
        if let Ok(style) =
            ProgressStyle::with_template("{bar:32} {percent:>3}% of {msg}, {elapsed} so far, {eta} to go")
        {
            overall.set_style(style);
        }
        overall.set_message(format!("{results} results"));
        Self { bars, overall, logs: logs.to_path_buf() }
    }

    /// Begins a result.
    pub(super) fn start(&self, set: &str, method: &str, fold: u8, cost: u64) -> Line<'_> {
        let bar = match &self.bars {
            Some(bars) => bars.add(ProgressBar::new(1)),
            None => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template("  {prefix:44} {msg}") {
            bar.set_style(style);
        }
        let name = format!("{set} {method} fold {}", u32::from(fold) + 1);
        bar.set_prefix(name.clone());
        Line { progress: self, bar, name, set: set.to_owned(), cost }
    }

    /// Takes the bars away.
    pub(super) fn close(&self) {
        self.overall.finish_and_clear();
    }

    fn say(&self, text: &str) {
        match &self.bars {
            // A terminal that went away is no reason to stop.
            Some(bars) => drop(bars.println(text)),
            None => terminal::say(text),
        }
    }
}

impl Line<'_> {
    /// An epoch is done.
    pub(super) fn epoch(&self, epoch: &Epoch) {
        let Epoch { number, epochs, loss } = epoch;
        self.progress.overall.inc(self.cost / *epochs as u64);
        self.bar.set_message(format!("epoch {number}/{epochs} loss {loss:.4}"));
        self.log(format_args!("epoch {number} of {epochs}: loss {loss:.6}"));
    }

    /// The result is there; `earlier` if a run before made it.
    pub(super) fn done(&self, auroc: Option<f64>, kept: &Kept, earlier: bool) {
        if earlier || kept.losses.is_empty() {
            self.progress.overall.inc(self.cost);
        }
        if earlier {
            self.progress.overall.reset_eta();
        }
        let auroc = auroc.map_or_else(|| "none".to_owned(), |auroc| format!("{auroc:.3}"));
        let how = if earlier { "made earlier".to_owned() } else { format!("{:.1} s", kept.seconds) };
        let text = format!(
            "AUROC {auroc} on {} windows, learned from {}, {how}",
            kept.logits.len(),
            kept.trained_on
        );
        self.end(&text);
    }

    /// There is no result.
    pub(super) fn failed(&self, error: &anyhow::Error) {
        self.progress.overall.inc(self.cost);
        self.end(&format!("failed: {error:#}"));
    }

    fn end(&self, text: &str) {
        self.bar.finish_and_clear();
        self.progress.say(&format!("{}: {text}", self.name));
        self.log(text);
    }

    /// Adds a line to the log of the set. What cannot be logged has still been done.
    fn log(&self, text: impl Display) {
        let open = || -> std::io::Result<File> {
            fs::create_dir_all(&self.progress.logs)?;
            let path = self.progress.logs.join(format!("{}.log", self.set));
            OpenOptions::new().create(true).append(true).open(path)
        };
        let now = httpdate::fmt_http_date(SystemTime::now());
        // One write, so that lines of threads do not mix.
        let line = format!("{now} {}: {text}\n", self.name);
        drop(open().and_then(|mut file| file.write_all(line.as_bytes())));
    }
}
