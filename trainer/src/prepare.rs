//! `polaris-trainer prepare`: from peaks to labelled windows with covariates and folds.
//!
//! Each model gets a folder with `windows.bed`, which a person can read, and `prepare.json`, which says how it came to
//! be. Positives are windows around peaks; negatives are random transcribed windows away from them, with the positives'
//! GC content and strands.

mod arguments;
mod base_track;
mod folds;
mod gc;
mod isolation;
mod model;
mod negatives;
pub(crate) mod options;
pub(crate) mod peaks;
mod positives;
mod quota;
pub(crate) mod record;
mod seeds;
mod summary;
mod terrain;

use anyhow::{Context, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use polaris_genomics::ReferenceBundle;
use polaris_model::ModelId;
use rayon::prelude::*;

pub(crate) use self::arguments::Arguments;
use self::model::{Outcome, prepare_model};
use self::options::Options;
use self::record::{Inputs, Record};
use self::terrain::Terrain;
use crate::files::sha256_of_file;
use crate::peaks_table::{PeaksEntry, read_peaks_table};
use crate::terminal;

/// Prepares the models that the arguments name and prints a table of them.
///
/// # Errors
/// Input that cannot be read; any model that failed, after the others are done; no model with enough windows.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let options = Options::from_arguments(arguments)?;
    let entries = entries(arguments)?;
    let bundle = ReferenceBundle::open(&arguments.reference)?;
    check_cell_lines(&bundle, &entries, options.no_expression)?;
    ensure!(arguments.jobs != Some(0), "--jobs 0: at least 1 is needed");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.jobs.unwrap_or(0)).build()?;
    let outcomes = pool.install(|| prepare_all(&bundle, &entries, &options, arguments))?;

    let named: Vec<(String, &anyhow::Result<Outcome>)> =
        entries.iter().map(|entry| entry.model.to_string()).zip(&outcomes).collect();
    terminal::print(summary::table(&named))?;
    for (model, outcome) in &named {
        match outcome {
            Ok(outcome) => {
                for note in summary::notes(model, outcome) {
                    terminal::say(format_args!("note: {note}"));
                }
            }
            Err(error) => terminal::say(format_args!("error: {model}: {error:#}")),
        }
    }
    conclude(&outcomes)
}

fn entries(arguments: &Arguments) -> anyhow::Result<Vec<PeaksEntry>> {
    if let (Some(path), Some(rbp), Some(cell_line)) =
        (&arguments.peaks_file, &arguments.rbp, &arguments.cell_line)
    {
        let model = ModelId::new(rbp, cell_line).context("--rbp and --cell-line")?;
        return Ok(vec![PeaksEntry { model, path: path.clone() }]);
    }
    let table = arguments.peaks.as_deref().context("--peaks or --peaks-file is needed")?;
    let mut entries = read_peaks_table(table)?;
    let known: Vec<String> = entries.iter().map(|entry| entry.model.to_string()).collect();
    if let Some(unknown) = arguments.only.iter().find(|wanted| !known.contains(wanted)) {
        bail!("--only {unknown}: {} has {}", table.display(), known.join(", "));
    }
    entries.retain(|entry| arguments.only.is_empty() || arguments.only.contains(&entry.model.to_string()));
    Ok(entries)
}

fn check_cell_lines(
    bundle: &ReferenceBundle,
    entries: &[PeaksEntry],
    no_expression: bool,
) -> anyhow::Result<()> {
    let known: Vec<&str> = bundle.cell_lines().collect();
    let unknown = entries.iter().find(|entry| !known.contains(&entry.model.cell_line()));
    if let Some(PeaksEntry { model, .. }) = unknown.filter(|_| !no_expression) {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        bail!(
            "{model}: the reference bundle has no expression table of cell line {}; it has {known}. Add one to \
             reference.toml, or pass --no-expression to write NA",
            model.cell_line()
        );
    }
    Ok(())
}

fn prepare_all(
    bundle: &ReferenceBundle,
    entries: &[PeaksEntry],
    options: &Options,
    arguments: &Arguments,
) -> anyhow::Result<Vec<anyhow::Result<Outcome>>> {
    let reference_digest = bundle.digest()?;
    let folder_of = |entry: &PeaksEntry| arguments.out.join(entry.model.to_string());
    let looked_up: Vec<anyhow::Result<(Inputs, Option<Record>)>> = entries
        .par_iter()
        .map(|entry| {
            let peaks_digest =
                sha256_of_file(&entry.path).with_context(|| entry.path.display().to_string())?;
            let inputs =
                Inputs::new(&entry.model, bundle.assembly(), options, &reference_digest, peaks_digest);
            let known = if arguments.force { None } else { Record::reusable(&folder_of(entry), &inputs) };
            Ok((inputs, known))
        })
        .collect();
    let all_known = looked_up.iter().all(|result| !matches!(result, Ok((_, None))));
    let terrain = if all_known { None } else { Some(Terrain::read(bundle, options.length)?) };
    let progress = progress_bar(entries.len());
    let prepare = |(entry, looked_up): (&PeaksEntry, anyhow::Result<(Inputs, Option<Record>)>)| {
        let outcome = match (looked_up?, &terrain) {
            ((_, Some(record)), _) => Outcome::Unchanged(Box::new(record)),
            ((inputs, None), Some(terrain)) => {
                prepare_model(bundle, terrain, entry, inputs, &folder_of(entry))?
            }
            ((_, None), None) => bail!("{}: nothing to draw negatives from", entry.model),
        };
        Ok(outcome)
    };
    let outcomes = entries
        .par_iter()
        .zip(looked_up)
        .map(|pair| {
            let outcome = prepare(pair);
            progress.inc(1);
            outcome
        })
        .collect();
    progress.finish_and_clear();
    Ok(outcomes)
}

/// Shown on a terminal only.
fn progress_bar(models: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} models, {elapsed} elapsed, {eta} to go");
    ProgressBar::new(models as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn conclude(outcomes: &[anyhow::Result<Outcome>]) -> anyhow::Result<()> {
    let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    let skipped = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Outcome::Skipped { .. }))).count();
    ensure!(failed == 0, "{failed} of {} models failed, for the reasons above", outcomes.len());
    ensure!(skipped < outcomes.len(), "no model has enough windows; the table says why");
    Ok(())
}

#[cfg(test)]
mod tests;
