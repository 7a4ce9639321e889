//! `cross-cell`: a model trained in one cell line predicts the windows of the other, beside the model of that line itself
//! and a copy of the other line's peaks.

mod copied_peaks;
mod rows;
mod table;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use polaris_model::{Device, ModelId, Split};
use serde::Serialize;

use super::networks::{self, FoldNetwork, Predicted};
use super::results::{self, Failure};
use super::windows::{PreparedModel, Source};
use crate::peaks_table::{PeaksEntry, read_peaks_table};
use crate::terminal;
use crate::train::dataset;

use rows::{Row, Summary};

const EXAMPLES: &str = "Examples:
  polaris-trainer cross-cell --prepared prepared --reference reference --peaks peaks.tsv --out results
  polaris-trainer cross-cell --prepared prepared --reference reference --peaks peaks.tsv --work training \\
      --recipe paper --only QKI,TARDBP --out results

For each RNA-binding protein with models in two cell lines or more, and each direction between them, it asks the networks \
of the folds by chromosome that `train` keeps in its work folder. A network is asked only about windows of the other line \
whose contig it was not trained on, so that a site which both lines share cannot have been seen in training. Windows are \
ranked within a fold, and figures are means over folds. Expression is that of the line whose windows are predicted.

Beside it stand the model of the tested line itself, on its own folds over the same windows, and what needs no training: a \
window is called bound if it overlaps a peak of the protein in the other line (p at most that of `prepare`, the same \
strand). Intervals are the 2.5th and 97.5th percentiles over resamples of whole groups of overlapping windows; differences \
are taken on the same resamples. They tell what other windows would change, not what another training would.

Writes cross-cell.tsv and cross-cell.json into --out. Exit code 1 if any direction could not be tested.";

/// Options of `cross-cell`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Folder that `prepare` wrote and the models were trained on.
    #[arg(long, value_name = "DIR")]
    prepared: PathBuf,
    /// Reference bundle that they were trained with: a folder with reference.toml.
    #[arg(long, value_name = "BUNDLE")]
    reference: PathBuf,
    /// Table of peak files that `prepare` was given.
    #[arg(long, value_name = "TSV")]
    peaks: PathBuf,
    /// Work folder of `train` [default: `training` beside the prepared folder].
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    /// Name of the recipe that the models were trained by: a folder of the work folder.
    #[arg(long, default_value = "standard")]
    recipe: String,
    /// These RNA-binding proteins only, comma-separated, such as QKI,PUM2.
    #[arg(long, value_name = "RBPS", value_delimiter = ',')]
    only: Vec<String>,
    /// Resamples behind the intervals.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    bootstrap: u32,
    /// Seed of the resamples.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Device to calculate on: cpu, cuda or cuda:N.
    #[arg(long, default_value = "cpu")]
    device: Device,
    /// Folder to write to; made if it is missing.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// A model with its networks and what they predict of its own windows.
struct Line {
    model: PreparedModel,
    networks: Vec<FoldNetwork>,
    own: Predicted,
}

#[derive(Serialize)]
struct Content<'a> {
    settings: Settings<'a>,
    rows: &'a [Row],
    failed: &'a [Failure],
    summary: Option<Summary>,
}

#[derive(Serialize)]
struct Settings<'a> {
    recipe: &'a str,
    split: Split,
    bootstrap: u32,
    seed: u64,
}

/// Tests each direction, prints the table and writes the files.
///
/// # Errors
/// If bundle, windows or peaks cannot be read, no protein has two cell lines, a file cannot be written, or a direction
/// could not be tested.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.device.prepare()?;
    let source = Source::open(&arguments.prepared, &arguments.reference)?;
    let peaks = read_peaks_table(&arguments.peaks)?;
    let proteins = proteins(&dataset::find(&arguments.prepared, &[])?, &arguments.only)?;
    let (mut rows, mut failed, mut directions) = (Vec::new(), Vec::new(), 0_usize);
    for ids in proteins.values() {
        directions += directions_between(ids.len()).len();
        let lines: Vec<Result<Line, String>> = ids
            .iter()
            .map(|id| Line::open(arguments, &source, id).map_err(|error| format!("{id}: {error:#}")))
            .collect();
        for (trained, tested) in directions_between(lines.len()) {
            let row = match (&lines[trained], &lines[tested]) {
                (Ok(trained), Ok(tested)) => {
                    direction(arguments, trained, tested, &peaks).map_err(|error| format!("{error:#}"))
                }
                (Err(reason), _) | (_, Err(reason)) => Err(reason.clone()),
            };
            match row {
                Ok(row) => {
                    terminal::say(format_args!("{}", table::progress(&row)));
                    rows.push(row);
                }
                Err(reason) => failed.push(Failure {
                    model: format!("{} on {}", ids[trained], ids[tested].cell_line()),
                    reason,
                }),
            }
        }
    }
    let settings = Settings {
        recipe: &arguments.recipe,
        split: Split::Chromosome,
        bootstrap: arguments.bootstrap,
        seed: arguments.seed,
    };
    let summary = Summary::of(&rows);
    let screen = (!rows.is_empty()).then(|| table::screen(&rows, summary.as_ref()));
    let content = Content { settings, rows: &rows, failed: &failed, summary };
    if let Some(screen) = screen {
        results::write(&arguments.out, "cross-cell", content, &table::tsv(&rows))?;
        terminal::print(screen)?;
    }
    results::conclude(&failed, directions)
}

/// Every two places, both ways round.
fn directions_between(lines: usize) -> Vec<(usize, usize)> {
    let from =
        |trained| (0..lines).filter(move |tested| *tested != trained).map(move |tested| (trained, tested));
    (0..lines).flat_map(from).collect()
}

/// The models of each protein that has several.
fn proteins(ids: &[ModelId], only: &[String]) -> anyhow::Result<BTreeMap<String, Vec<ModelId>>> {
    let mut proteins: BTreeMap<String, Vec<ModelId>> = BTreeMap::new();
    for id in ids {
        proteins.entry(id.rbp().to_owned()).or_default().push(id.clone());
    }
    proteins.retain(|_, ids| ids.len() > 1);
    if let Some(missing) = only.iter().find(|rbp| !proteins.contains_key(*rbp)) {
        bail!("{missing} is not prepared in two cell lines");
    }
    if proteins.is_empty() {
        bail!("no RNA-binding protein is prepared in two cell lines");
    }
    proteins.retain(|rbp, _| only.is_empty() || only.contains(rbp));
    Ok(proteins)
}

impl Line {
    fn open(arguments: &Arguments, source: &Source<'_>, id: &ModelId) -> anyhow::Result<Self> {
        let model = source.model(id)?;
        let work = arguments.work.clone().unwrap_or_else(|| arguments.prepared.with_file_name("training"));
        let folder = work.join(&arguments.recipe).join(id.to_string());
        let networks = networks::read_all(&folder, &model.windows_sha256)?;
        let own = networks::predict_unseen(&networks, &model, &model, arguments.device)?;
        Ok(Self { model, networks, own })
    }
}

fn direction(
    arguments: &Arguments,
    trained: &Line,
    tested: &Line,
    peaks: &[PeaksEntry],
) -> anyhow::Result<Row> {
    let architecture = |line: &Line| line.networks.first().map(|network| network.weights.architecture());
    if architecture(trained) != architecture(tested) {
        bail!("networks of the two lines read other windows or covariates; train both alike");
    }
    let predicted =
        networks::predict_unseen(&trained.networks, &trained.model, &tested.model, arguments.device)?;
    let called = copied_peaks::call(peaks, &trained.model, &tested.model)
        .with_context(|| format!("peaks of {}", trained.model.id))?;
    let resamples = arguments.bootstrap as usize;
    rows::measure(
        &trained.model,
        &tested.model,
        (predicted, tested.own.clone()),
        &called,
        resamples,
        arguments.seed,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proteins_with_two_lines() {
        let ids: Vec<ModelId> =
            ["A.K562", "B.HepG2", "B.K562"].iter().map(|id| id.parse().unwrap()).collect();
        assert_eq!(proteins(&ids, &[]).unwrap().keys().collect::<Vec<_>>(), ["B"]);
        let error = proteins(&ids, &["A".to_owned()]).unwrap_err().to_string();
        assert_eq!(error, "A is not prepared in two cell lines");
        assert!(proteins(&ids[..2], &[]).is_err());
    }
}
