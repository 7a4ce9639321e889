//! What a person sees while models train: bars on a terminal, else a line for each finished fold.

use std::io::IsTerminal;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use polaris_model::training::Epoch;
use polaris_model::{FoldMetrics, Manifest, Split};

use super::plan::{Plan, Task};
use crate::terminal;

/// Progress of a run, measured in windows passed through networks.
pub(super) struct Progress {
    bars: Option<MultiProgress>,
    overall: ProgressBar,
    epochs: usize,
}

/// Progress of one fold.
pub(super) struct Line<'a> {
    progress: &'a Progress,
    bar: ProgressBar,
    name: String,
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

    /// Begins a fold.
    pub(super) fn start(&self, task: &Task<'_>) -> Line<'_> {
        let name = name(task);
        let bar = match &self.bars {
            Some(bars) => bars.add(ProgressBar::new(self.epochs as u64)),
            None => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template("  {prefix:36} epoch {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(name.clone());
        Line { progress: self, bar, name }
    }

    /// A fold that an earlier run trained.
    pub(super) fn reused(&self, task: &Task<'_>, metrics: &FoldMetrics) {
        self.overall.inc((task.indices().0.len() * self.epochs) as u64);
        self.overall.reset_eta();
        self.say(&format!("{}: AUROC {:.3}, trained earlier", name(task), metrics.auroc));
    }

    /// A model is in the registry.
    pub(super) fn published(&self, manifest: &Manifest) {
        self.say(&format!("{}: published as {}", manifest.id, manifest.version));
    }

    pub(super) fn close(&self) {
        self.overall.finish_and_clear();
    }

    fn say(&self, text: &str) {
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
    /// An epoch over so many windows is done.
    pub(super) fn epoch(&self, epoch: &Epoch, windows: usize) {
        self.progress.overall.inc(windows as u64);
        self.bar.set_position(epoch.number as u64);
        self.bar.set_message(format!("loss {:.4}", epoch.loss));
    }

    /// The fold is done.
    pub(super) fn done(&self, metrics: &FoldMetrics) {
        self.bar.finish_and_clear();
        let FoldMetrics { trained_on, positives, negatives, auroc, .. } = metrics;
        let name = &self.name;
        self.progress.say(&format!(
            "{name}: AUROC {auroc:.3} on {positives} bound and {negatives} unbound windows, trained on {trained_on}"
        ));
    }
}

fn name(task: &Task<'_>) -> String {
    let split = match task.split {
        Split::Chromosome => "by chromosome",
        Split::Random => "at random",
    };
    format!("{} fold {} {split}", task.dataset.id, task.fold + 1)
}
