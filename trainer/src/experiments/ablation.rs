//! `ablation`: what region and expression add to the sequence, on the same folds.

mod rows;
mod table;

use std::path::PathBuf;

use anyhow::{Context, bail};
use polaris_model::ModelId;
use serde::Serialize;

use super::networks;
use super::results::{self, Failure};
use super::tested::Tested;
use super::training::{Options, Outcome, Run};
use super::windows::Source;
use crate::terminal;

use rows::{Row, Summary};

const EXAMPLES: &str = "Examples:
  polaris-trainer ablation --prepared prepared --reference reference --out results
  polaris-trainer ablation --prepared prepared --reference reference --out results --recipe paper --only QKI.HepG2

It trains four networks on the same windows, folds by chromosome and seed, as `train` does: from the sequence alone, with \
region, with expression, and with both. Networks with both that `train` has already trained with this work folder, recipe \
and seed are taken as they are; all are kept in the folder `ablation` of the work folder, so that an interrupted run \
goes on where it stopped. Nothing reaches a registry that is served.

Figures are means over folds, intervals the 2.5th and 97.5th percentiles over resamples of whole groups of overlapping \
windows; what a covariate adds is taken on the same resamples. They tell what other windows would change, not what another \
training would.

Writes ablation.tsv and ablation.json into --out. Exit code 1 if any model failed.";

/// Options of `ablation`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: Options,
}

/// Which covariates a network reads beside the sequence.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Variant {
    /// None.
    Sequence,
    /// The region class.
    Region,
    /// Expression.
    Expression,
    /// Both.
    Both,
}

impl Variant {
    /// From the poorest to the richest.
    const ALL: [Self; 4] = [Self::Sequence, Self::Region, Self::Expression, Self::Both];

    /// What `train` is told to leave out.
    fn without(self) -> &'static str {
        match self {
            Self::Sequence => "expression,region",
            Self::Region => "expression",
            Self::Expression => "region",
            Self::Both => "",
        }
    }

    /// How tables call it.
    fn name(self) -> &'static str {
        match self {
            Self::Sequence => "sequence",
            Self::Region => "region",
            Self::Expression => "expression",
            Self::Both => "both",
        }
    }
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
    folds: u8,
    bootstrap: u32,
    seed: u64,
}

/// Trains, tests, prints the table and writes the files.
///
/// # Errors
/// If bundle or windows cannot be read, a file cannot be written, or a model failed.
pub(crate) fn run(Arguments { options }: &Arguments) -> anyhow::Result<()> {
    options.device.prepare()?;
    let source = Source::open(&options.prepared, &options.reference)?;
    let ids = options.chosen()?;
    let recipe = options.recipe_name()?;
    let mut failed = Vec::new();
    let mut outcomes = Vec::new();
    for variant in Variant::ALL {
        terminal::say(format_args!("training with {}", variant.name()));
        let work = work(options, variant);
        if variant == Variant::Both {
            options.adopt(&work, &ids)?;
        }
        let run = Run {
            prepared: &options.prepared,
            work: &work,
            only: &ids,
            folds: options.folds,
            without: variant.without(),
        };
        outcomes.push((variant, options.train(&run)?));
    }
    let mut rows = Vec::new();
    for id in &ids {
        match test(options, &source, id, &outcomes) {
            Ok(row) => rows.push(row),
            Err(error) => failed.push(Failure { model: id.to_string(), reason: format!("{error:#}") }),
        }
    }
    let settings =
        Settings { recipe: &recipe, folds: options.folds, bootstrap: options.bootstrap, seed: options.seed };
    let summary = Summary::of(&rows);
    let screen = (!rows.is_empty()).then(|| table::screen(&rows, summary.as_ref()));
    let content = Content { settings, rows: &rows, failed: &failed, summary };
    if let Some(screen) = screen {
        results::write(&options.out, "ablation", content, &table::tsv(&rows))?;
        terminal::print(screen)?;
    }
    results::conclude(&failed, ids.len())
}

/// Where the networks of a variant are kept.
fn work(options: &Options, variant: Variant) -> PathBuf {
    options.work().join("ablation").join(variant.name())
}

fn test(
    options: &Options,
    source: &Source<'_>,
    id: &ModelId,
    outcomes: &[(Variant, Outcome)],
) -> anyhow::Result<Row> {
    let model = source.model(id)?;
    let mut tested = Vec::new();
    for (variant, outcome) in outcomes {
        let of_variant = || -> anyhow::Result<Tested> {
            let networks = outcome.networks(id, &model.windows_sha256)?;
            let predicted = networks::predict_unseen(&networks, &model, &model, options.device)?;
            Tested::new(&model.labels, &predicted)
        };
        tested.push((*variant, of_variant().with_context(|| variant.name())?));
    }
    // A mean over other folds would be another figure.
    let windows = |(_, tested): &(Variant, Tested)| tested.windows();
    if let Some((variant, _)) = tested.iter().find(|one| Some(windows(one)) != tested.first().map(windows)) {
        bail!("{} was tested on other windows than {}", variant.name(), Variant::Sequence.name());
    }
    Ok(rows::measure(&model, &tested, options.bootstrap as usize, options.seed))
}
