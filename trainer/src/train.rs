//! `polaris-trainer train`: from labelled windows to published models.

mod background;
mod checkpoint;
pub(crate) mod dataset;
mod fold;
mod log;
mod plan;
mod progress;
mod publish;
pub(crate) mod recipes;
mod stacks;
mod summary;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context, bail};
use polaris_genomics::{ReferenceBundle, Shard};
use polaris_model::{Device, ModelId, Registry, Split};

use dataset::Dataset;
use fold::Outcome;
use plan::Plan;

use crate::terminal;

/// Fewer bound windows than this teach nothing.
pub(crate) const MINIMUM_POSITIVES: usize = 20;
/// Fewer than this train, but the figures say little.
const SCANT_POSITIVES: usize = 100;

/// Options of `train`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    polaris-trainer train --prepared prepared --reference reference --registry registry\n  \
    polaris-trainer train --prepared prepared --reference reference --registry registry --recipe paper --only QKI.HepG2\n\n\
    All models of a table of peak files: first\n  \
    polaris-trainer prepare --reference reference --peaks peaks.tsv --out prepared\n\
    then train as above; without --only every prepared model is trained, their folds side by side.\n\n\
    Run again after an interruption: folds that are done are not trained again. Several machines share the work with \
    --shard; each writes its own summary, <work>/<recipe>/shards/<I>-of-<N>.\n\n\
    Each model has a log, <work>/<recipe>/<model>/train.log. A model that fails stops no other: failures.tsv beside \
    summary.tsv says which models there are none of and why, and the exit status is then 1.")]
pub(crate) struct Arguments {
    /// Folder that `prepare` wrote.
    #[arg(long, value_name = "DIR")]
    prepared: PathBuf,
    /// Reference bundle that `prepare` used: a folder with reference.toml.
    #[arg(long, value_name = "BUNDLE")]
    reference: PathBuf,
    /// Registry to publish the models in; made if it is missing.
    #[arg(long, value_name = "DIR")]
    registry: PathBuf,
    /// Folder for trained folds and figures [default: `training` beside the prepared folder].
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    /// Train these models only, comma-separated, such as QKI.HepG2,PUM2.K562.
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    only: Vec<ModelId>,
    /// Train only part I of N of the models, for jobs on a cluster that share the registry and the work folder (job/N: the
    /// part of this pod of an indexed Kubernetes job).
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Training recipe: standard, paper, or a JSON file.
    #[arg(long, default_value = "standard")]
    recipe: String,
    /// How folds are made; the best network of the first split is published.
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["chromosome", "random"])]
    splits: Vec<SplitName>,
    /// Train this many folds of each split: 1 is a single 80/20 hold-out.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=5))]
    folds: u8,
    /// Leave covariates out of the networks.
    #[arg(long, value_enum, value_delimiter = ',')]
    without: Vec<Covariate>,
    /// Substitutions for the background of deltas; 0 to leave it out.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    background: usize,
    /// Seed of all random choices.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Networks, or stacks of them, trained at once [default: the cores of the CPU; 1 on a GPU].
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Networks of one architecture that are trained together as one [default: by the memory of a GPU; 1 on the CPU,
    /// where one at a time on each core is faster].
    #[arg(long, value_name = "N")]
    stack: Option<NonZeroUsize>,
    /// Device to train on: cpu, cuda or cuda:N.
    #[arg(long, default_value = "cpu")]
    device: Device,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum SplitName {
    /// All windows of a contig in one fold.
    Chromosome,
    /// Windows at random.
    Random,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Covariate {
    /// ln(TPM + 1) of the nearest gene.
    Expression,
    /// Region class.
    Region,
}

impl From<SplitName> for Split {
    fn from(name: SplitName) -> Self {
        match name {
            SplitName::Chromosome => Self::Chromosome,
            SplitName::Random => Self::Random,
        }
    }
}

/// Trains, evaluates and publishes every prepared model.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.device.prepare()?;
    let recipe = recipes::find(&arguments.recipe)?;
    let mut splits: Vec<Split> = Vec::new();
    for split in arguments.splits.iter().copied().map(Split::from) {
        if !splits.contains(&split) {
            splits.push(split);
        }
    }
    let jobs = arguments.jobs.map_or_else(|| default_jobs(arguments.device), NonZeroUsize::get);
    // A sum depends on how an operation is divided among threads: with one each, the number of jobs does not show
    // in the weights. Networks that train side by side are faster than all cores on one.
    polaris_model::set_threads(1);

    let bundle = ReferenceBundle::open(&arguments.reference)?;
    let reference_digest = bundle.digest()?;
    let work = arguments.work.clone().unwrap_or_else(|| arguments.prepared.with_file_name("training"));

    let mut ids = dataset::find(&arguments.prepared, &arguments.only)?;
    if let Some(shard) = arguments.shard {
        ids = (0..).zip(ids).filter(|&(index, _)| shard.takes(index)).map(|(_, id)| id).collect();
        if ids.is_empty() {
            terminal::say(format_args!(
                "note: there are fewer models than shards: nothing is left for {shard}"
            ));
            return Ok(());
        }
    }
    let mut datasets = Vec::new();
    let mut skipped = Vec::new();
    let mut unreadable: Vec<Outcome> = Vec::new();
    for id in ids {
        let of = (&bundle, reference_digest.as_str());
        match Dataset::open(&arguments.prepared, &id, of, &recipe, &arguments.without) {
            Err(error) => {
                terminal::say(format_args!("error: {id}: {error:#}"));
                unreadable.push((id, Err(error)));
            }
            Ok(dataset) if dataset.positives() < MINIMUM_POSITIVES => skipped.push((
                id,
                format!("{} bound windows, at least {MINIMUM_POSITIVES} are needed", dataset.positives()),
            )),
            Ok(dataset) => {
                let positives = dataset.positives();
                if positives < SCANT_POSITIVES {
                    terminal::say(format_args!(
                        "note: {id} has only {positives} bound windows: expect poor and uncertain figures"
                    ));
                }
                datasets.push(dataset);
            }
        }
    }
    for (id, reason) in &skipped {
        terminal::say(format_args!("skipped: {id}: {reason}"));
    }
    if datasets.is_empty() && unreadable.is_empty() {
        bail!("no model in {} can be trained", arguments.prepared.display());
    }

    let plan = Plan {
        recipe,
        splits,
        folds: arguments.folds,
        seed: arguments.seed,
        device: arguments.device,
        jobs,
        stack: arguments.stack.map(NonZeroUsize::get),
        work,
        shard: arguments.shard,
    };
    if datasets.is_empty() {
        return summary::write(&plan, &unreadable, &skipped);
    }
    let background = background::sample(&bundle, &datasets, arguments.background, arguments.seed)
        .context("drawing random substitutions")?;
    let registry = Registry::create(&arguments.registry)?;
    let mut outcomes = fold::train_all(&plan, &datasets, |dataset, folds| {
        publish::publish(&registry, &bundle, &reference_digest, &plan, dataset, folds, &background)
    })?;
    outcomes.extend(unreadable);
    outcomes.sort_by(|(a, _), (b, _)| a.cmp(b));
    summary::write(&plan, &outcomes, &skipped)
}

/// Networks trained at once unless told otherwise.
pub(crate) fn default_jobs(device: Device) -> usize {
    match device {
        Device::Cpu => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        Device::Cuda(_) => 1,
    }
}
