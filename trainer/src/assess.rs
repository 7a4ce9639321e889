//! `assess`: what published models can do on windows that they were not trained on, with what is uncertain of it.

mod csv;
mod figures;
mod floor;
pub(crate) mod groups;
mod model;
mod progress;
mod report;
mod screen;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::files::write_whole;
use crate::held_out;
use crate::kmer_regression::KMER_RANGE;
use crate::terminal;

use model::Settings;
use progress::Progress;
use report::{Failure, Report};

const EXAMPLES: &str = "Examples:
  polaris-trainer assess --registry registry --prepared prepared --reference reference
  polaris-trainer assess --registry registry --prepared prepared --reference reference \\
      --models QKI.HepG2,PUM2.K562 --csv metrics.csv --json metrics.json --bootstrap 5000

For each model, over its held-out windows, bound and unbound: the areas under the ROC and the precision-recall curve, the \
Brier score (the mean squared error of the probability), and calibration: the expected calibration error over 10 bins of \
equally many windows, and slope and intercept of the logistic regression of the labels on the predicted logits (1 and 0 if \
probabilities hold; a slope below 1 if they are too extreme). --csv and --json have the bins as well.

Intervals are the 2.5th and 97.5th percentiles over resamples that draw whole groups of overlapping windows of a contig's \
strand: such windows show one site, and are no independent observations. They tell what other windows would change, not \
what another training would. The calibration error cannot be below 0, so that chance alone makes it larger than it is, in \
a resample more so: look at slope and bins before you call a model badly calibrated. A slope has no interval where more than one resample in a \
hundred has none, as when a threshold divides the classes. A published network is the best of its \
folds, so its figures are somewhat too good; the mean over the folds of its training stands beside them in --json. Of a \
model whose published split is random, windows that overlap held-out ones may be among those trained on: its figures are too \
good by that as well.

The floor is a logistic regression on counts of k-mers up to a length, with expression and region if the model reads them, that learns from \
the windows that the model was trained on and is tried on the same held-out windows. A network that does not pass it has \
learned little else than which short words are frequent. `over floor` is the difference of the areas under the ROC curve, its \
interval over the same resamples of both.

Exit code 1 if any model could not be assessed; the others are reported all the same.";

/// Options of `assess`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: held_out::Arguments,
    /// Resamples behind the intervals.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    bootstrap: u32,
    /// Seed of the resamples.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Length of the longest k-mers of the floor; all shorter ones are counted as well.
    #[arg(long, value_name = "K", default_value_t = 6, value_parser = clap::value_parser!(u32).range(KMER_RANGE))]
    kmer: u32,
    /// Leave the floor out.
    #[arg(long, conflicts_with = "kmer")]
    no_floor: bool,
    /// Table to write, comma-separated: a line for each number with its interval.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// The same for programs.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Assesses each model, prints the table and writes the files.
///
/// # Errors
/// If registry or reference cannot be read, a file cannot be written, or a model could not be assessed.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let held_out = arguments.source.open()?;
    let settings = Settings {
        resamples: arguments.bootstrap as usize,
        seed: arguments.seed,
        kmer: (!arguments.no_floor).then_some(arguments.kmer),
    };
    let progress = Progress::new(held_out.ids().len());
    let (mut models, mut failed) = (Vec::new(), Vec::new());
    for id in held_out.ids() {
        progress.start(id);
        match model::assess(id, &held_out, &settings) {
            Ok(assessed) => models.push(assessed),
            Err(error) => failed.push(Failure { model: id.to_string(), reason: format!("{error:#}") }),
        }
        progress.done();
    }
    progress.close();
    let report = Report::new(&settings, models, failed);
    if let Some(path) = &arguments.csv {
        write(path, csv::text(&report))?;
    }
    if let Some(path) = &arguments.json {
        write(path, serde_json::to_string_pretty(&report)? + "\n")?;
    }
    if !report.models.is_empty() {
        terminal::print(screen::text(&report))?;
    }
    conclude(&report)
}

fn write(path: &Path, content: String) -> anyhow::Result<()> {
    write_whole(path, content.as_bytes()).with_context(|| path.display().to_string())
}

fn conclude(report: &Report) -> anyhow::Result<()> {
    if report.failed.is_empty() {
        return Ok(());
    }
    let (failed, all) = (report.failed.len(), report.failed.len() + report.models.len());
    let lines: Vec<String> =
        report.failed.iter().map(|failure| format!("{}: {}", failure.model, failure.reason)).collect();
    bail!("{failed} of {all} models could not be assessed:\n  {}", lines.join("\n  "))
}
