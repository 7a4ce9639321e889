//! `learning-curve`: the area under the ROC curve against the number of windows trained on, always on the same test
//! windows.

mod rows;
mod subsets;
mod table;

use std::path::PathBuf;

use anyhow::Context;
use polaris_model::ModelId;
use serde::Serialize;

use super::networks::{self, FoldNetwork, Predicted};
use super::results::{self, Failure};
use super::tested::Tested;
use super::training::{Options, Outcome, Run};
use super::windows::{PreparedModel, Source};
use crate::prepare::record::Record;
use crate::terminal;

use rows::{Measured, Row};

const EXAMPLES: &str = "Examples:
  polaris-trainer learning-curve --prepared prepared --reference reference --out results
  polaris-trainer learning-curve --prepared prepared --reference reference --out results --halvings 2 --only QKI.HepG2

It trains the folds by chromosome on all their training windows, on a random half of them, a half of that half, and so on, \
each class halved alike, and tests them all on the same held-out windows. A smaller set is always part of the larger ones. \
A set with fewer than 20 bound windows is left out. Networks on all windows that `train` has already trained with this \
work folder, recipe and seed are taken as they are; all are kept in its folder `learning-curve`, so that an \
interrupted run goes on where it stopped.

A recipe has a fixed number of passes: fewer windows are also fewer steps. The curve tells what this recipe makes of more \
data, and not what the best recipe for each size would.

Writes learning-curve.tsv and learning-curve.json into --out. Exit code 1 if any model failed.";

/// Options of `learning-curve`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: Options,
    /// How often the training windows are halved.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=10))]
    halvings: u8,
}

#[derive(Serialize)]
struct Content<'a> {
    settings: Settings<'a>,
    rows: &'a [Row],
    failed: &'a [Failure],
}

#[derive(Serialize)]
struct Settings<'a> {
    recipe: &'a str,
    folds: u8,
    halvings: u8,
    bootstrap: u32,
    seed: u64,
}

/// Trains, tests, prints the table and writes the files.
///
/// # Errors
/// If bundle or windows cannot be read, a file cannot be written, or a model failed.
pub(crate) fn run(Arguments { options, halvings }: &Arguments) -> anyhow::Result<()> {
    options.device.prepare()?;
    let source = Source::open(&options.prepared, &options.reference)?;
    let ids = options.chosen()?;
    let recipe = options.recipe_name()?;
    let (mut models, mut rows, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let failure = |id: &ModelId, error| Failure { model: id.to_string(), reason: format!("{error:#}") };
    for id in &ids {
        match source.model(id) {
            Ok(model) => models.push(model),
            Err(error) => failed.push(failure(id, error)),
        }
    }
    if models.is_empty() {
        return results::conclude(&failed, ids.len());
    }
    let whole = train_whole(options, &models)?;
    let mut parts = Vec::new();
    for halving in 1..=*halvings {
        match train_part(options, &models, &whole, halving)? {
            Some(part) => parts.push(part),
            // Nor is there any smaller one.
            None => break,
        }
    }
    for model in &models {
        match test(options, model, &whole, &parts) {
            Ok(row) => rows.push(row),
            Err(error) => failed.push(failure(&model.id, error)),
        }
    }
    let settings = Settings {
        recipe: &recipe,
        folds: options.folds,
        halvings: *halvings,
        bootstrap: options.bootstrap,
        seed: options.seed,
    };
    let content = Content { settings, rows: &rows, failed: &failed };
    if !rows.is_empty() {
        results::write(&options.out, "learning-curve", content, &table::tsv(&rows))?;
        terminal::print(table::screen(&rows))?;
    }
    results::conclude(&failed, ids.len())
}

fn share_name(halving: u8) -> String {
    format!("1/{} of the windows", 1_u32 << halving)
}

/// Folder of a halving's subsets and networks.
fn folder(options: &Options, halving: u8) -> PathBuf {
    options.work().join("learning-curve").join(format!("1-{}", 1_u32 << halving))
}

fn train_whole(options: &Options, models: &[PreparedModel]) -> anyhow::Result<Outcome> {
    terminal::say("training on all windows");
    let work = folder(options, 0).join("training");
    let only: Vec<ModelId> = models.iter().map(|model| model.id.clone()).collect();
    options.adopt(&work, &only)?;
    let (prepared, folds) = (options.prepared.as_path(), options.folds);
    options.train(&Run { prepared, work: &work, only: &only, folds, without: "" })
}

/// Trains on a share of the windows, in the folds of `whole`; `None` if no model has enough of them.
fn train_part(
    options: &Options,
    models: &[PreparedModel],
    whole: &Outcome,
    halving: u8,
) -> anyhow::Result<Option<Outcome>> {
    let folder = folder(options, halving);
    let prepared = folder.join("prepared");
    let mut only = Vec::new();
    for model in models {
        // One that could not be trained is told of when it would be tested.
        let Ok(folds) = whole.folds(&model.id) else { continue };
        only.extend(subsets::write(&prepared, model, &folds, halving, options.seed)?);
    }
    if only.is_empty() {
        return Ok(None);
    }
    terminal::say(format_args!("training on {}", share_name(halving)));
    let work = folder.join("training");
    let run = Run { prepared: &prepared, work: &work, only: &only, folds: 1, without: "" };
    options.train(&run).map(Some)
}

fn test(options: &Options, model: &PreparedModel, whole: &Outcome, parts: &[Outcome]) -> anyhow::Result<Row> {
    let all = whole.networks(&model.id, &model.windows_sha256)?;
    let predicted = networks::predict_unseen(&all, model, model, options.device)?;
    let test_windows = predicted.folds.clone();
    let mut measured = vec![Measured::new(0, &all, Tested::new(&model.labels, &predicted)?)];
    for (halving, part) in (1..).zip(parts) {
        // Too few bound windows for this and all smaller sets, in one fold at least: a mean over the others would be
        // another figure.
        if !all.iter().all(|network| subsets::is_large_enough(model, network.fold, halving)) {
            break;
        }
        let (mut predicted, mut networks) = (Predicted::none(model), Vec::new());
        for fold in all.iter().map(|network| network.fold) {
            let network = part_network(options, model, part, (halving, fold))
                .with_context(|| format!("{} beside fold {}", share_name(halving), fold + 1))?;
            let windows = test_windows.get(&fold).cloned().unwrap_or_default();
            predicted.add(&network, fold, model, windows, options.device)?;
            networks.push(network);
        }
        measured.push(Measured::new(halving, &networks, Tested::new(&model.labels, &predicted)?));
    }
    Ok(rows::measure(model, &measured, options.bootstrap as usize, options.seed))
}

/// The network that was trained on a part of the windows beside a fold.
fn part_network(
    options: &Options,
    model: &PreparedModel,
    part: &Outcome,
    (halving, fold): (u8, u8),
) -> anyhow::Result<FoldNetwork> {
    let id = subsets::id(&model.id, fold)?;
    let prepared = folder(options, halving).join("prepared").join(id.to_string());
    let mut networks = part.networks(&id, &Record::read(&prepared)?.windows_digest)?.into_iter();
    networks.find(|network| network.fold == subsets::HELD_OUT).context("another fold was trained")
}
