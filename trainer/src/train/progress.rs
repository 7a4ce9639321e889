//! What a person sees while models train: bars on a terminal, else a line for each finished fold.

use std::io::IsTerminal;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use polaris_model::training::Epoch;
use polaris_model::{FoldMetrics, Manifest};

use super::log::ModelLog;
use super::plan::{Plan, Task};
use crate::terminal;

/// Networks of a stack that have a bar each.
const MOST_BARS: usize = 8;

/// Progress of a run, measured in windows passed through networks.
pub(super) struct Progress {
    bars: Option<MultiProgress>,
    overall: ProgressBar,
    epochs: usize,
}

/// Progress of one fold.
pub(super) struct Line<'a> {
    progress: &'a Progress,
    log: &'a ModelLog,
    bar: ProgressBar,
    name: String,
    /// As the model's own log calls it.
    fold: String,
    /// Windows of an epoch, and those counted so far.
    windows: u64,
    counted: u64,
}

impl Progress {
    pub(super) fn new(plan: &Plan, tasks: &[(usize, Task<'_>)]) -> Self {
        let total: usize = tasks.iter().map(|(_, task)| task.indices().0.len() * plan.recipe.epochs).sum();
        let bars = std::io::stderr().is_terminal().then(MultiProgress::new);
        let overall = match &bars {
            Some(bars) => bars.add(ProgressBar::new(total as u64)),
            None => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template(
            "{bar:32} {percent:>3}% of {msg}, {per_sec} windows, {elapsed} so far, {eta} to go",
        ) {
            overall.set_style(style);
        }
        overall.set_message(format!("{} networks", tasks.len()));
        Self { bars, overall, epochs: plan.recipe.epochs }
    }

    /// Begins a fold, one of so many that are trained together.
    pub(super) fn start<'a>(
        &'a self,
        task: &Task<'_>,
        log: &'a ModelLog,
        windows: usize,
        together: usize,
    ) -> Line<'a> {
        let (name, fold) = (name(task), task.to_string());
        let bar = match &self.bars {
            // More than fit on a screen say no more than the one of all networks.
            Some(bars) if together <= MOST_BARS => bars.add(ProgressBar::new(self.epochs as u64)),
            _ => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template("  {prefix:36} epoch {pos}/{len} {msg}, {eta} to go")
        {
            bar.set_style(style);
        }
        bar.set_prefix(name.clone());
        let stack = if together > 1 { format!(" in a stack of {together} networks") } else { String::new() };
        log.note(format_args!("{fold}: training on {windows} windows{stack}"));
        Line { progress: self, log, bar, name, fold, windows: windows as u64, counted: 0 }
    }

    /// A fold that an earlier run trained.
    pub(super) fn reused(&self, task: &Task<'_>, log: &ModelLog, metrics: &FoldMetrics) {
        self.overall.inc((task.indices().0.len() * self.epochs) as u64);
        self.overall.reset_eta();
        log.note(format_args!("{task}: AUROC {:.3}, trained earlier", metrics.auroc));
        self.say(&format!("{}: AUROC {:.3}, trained earlier", name(task), metrics.auroc));
    }

    /// A model is in the registry.
    pub(super) fn published(&self, manifest: &Manifest, log: &ModelLog) {
        log.note(format_args!("published as {}", manifest.version));
        self.say(&format!("{}: published as {}", manifest.id, manifest.version));
    }

    pub(super) fn close(&self) {
        self.overall.finish_and_clear();
    }

    pub(super) fn say(&self, text: &str) {
        match &self.bars {
            Some(bars) => {
                // A terminal that went away is no reason to stop training.
                let _ = bars.println(text);
            }
            None => terminal::say(text),
        }
    }
}

impl Line<'_> {
    /// An epoch is done.
    pub(super) fn epoch(&mut self, epoch: &Epoch) {
        self.progress.overall.inc(self.windows);
        self.counted += self.windows;
        self.bar.set_position(epoch.number as u64);
        self.bar.set_message(format!("loss {:.4}", epoch.loss));
        let Epoch { number, epochs, loss } = epoch;
        self.log.note(format_args!("{}: epoch {number} of {epochs}, loss {loss:.6}", self.fold));
    }

    /// The fold is done.
    pub(super) fn done(&self, metrics: &FoldMetrics) {
        self.bar.finish_and_clear();
        let FoldMetrics { trained_on, positives, negatives, auroc, auprc, .. } = metrics;
        let held_out = format!("on {positives} bound and {negatives} unbound windows");
        self.log.note(format_args!("{}: AUROC {auroc:.6}, AUPRC {auprc:.6} {held_out}", self.fold));
        let name = &self.name;
        self.progress.say(&format!("{name}: AUROC {auroc:.3} {held_out}, trained on {trained_on}"));
    }

    /// The fold has to begin again, or is given up.
    pub(super) fn abandon(&self) {
        self.bar.finish_and_clear();
        self.progress.overall.dec(self.counted);
    }
}

fn name(task: &Task<'_>) -> String {
    format!("{} {task}", task.dataset.id)
}
