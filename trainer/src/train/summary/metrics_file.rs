//! `metrics.json`: the figures of a run for programs.

use anyhow::Context;
use polaris_model::training::Recipe;
use polaris_model::{Architecture, FoldMetrics, Manifest, Split};
use serde::Serialize;

use crate::files::write_whole;
use crate::train::fold::Outcome;
use crate::train::plan::Plan;

/// Version of the file's format.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Metrics<'a> {
    kind: &'static str,
    format: u32,
    tool_version: &'static str,
    recipe: &'a Recipe,
    /// What the networks read beside the sequence; none without models.
    inputs: Option<&'static str>,
    seed: u64,
    models: Vec<Model<'a>>,
    failed: Vec<Failure>,
}

#[derive(Serialize)]
struct Model<'a> {
    model: String,
    version: &'a str,
    positives: usize,
    negatives: usize,
    /// The published network on its held-out windows.
    held_out: FoldMetrics,
    held_out_split: Split,
    splits: Vec<SplitFigures<'a>>,
}

#[derive(Serialize)]
struct SplitFigures<'a> {
    split: Split,
    mean_auroc: Option<f64>,
    mean_auprc: Option<f64>,
    folds: &'a [FoldMetrics],
}

#[derive(Serialize)]
struct Failure {
    model: String,
    reason: String,
}

/// Writes `<work>/<recipe>/metrics.json`.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write(plan: &Plan, outcomes: &[Outcome]) -> anyhow::Result<()> {
    let trained = || outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().ok());
    let failed = outcomes.iter().filter_map(|(id, outcome)| {
        let reason = format!("{:#}", outcome.as_ref().err()?);
        Some(Failure { model: id.to_string(), reason })
    });
    let metrics = Metrics {
        kind: "training",
        format: FORMAT,
        tool_version: env!("CARGO_PKG_VERSION"),
        recipe: &plan.recipe,
        inputs: trained().next().map(|manifest| inputs(manifest.architecture)),
        seed: plan.seed,
        models: trained().map(model).collect(),
        failed: failed.collect(),
    };
    let path = plan.report_folder().join("metrics.json");
    let text = serde_json::to_string_pretty(&metrics)? + "\n";
    write_whole(&path, text.as_bytes()).with_context(|| path.display().to_string())
}

fn model(manifest: &Manifest) -> Model<'_> {
    let training = &manifest.training;
    let splits = training.evaluations.iter().map(|evaluation| SplitFigures {
        split: evaluation.split,
        mean_auroc: evaluation.mean_auroc(),
        mean_auprc: evaluation.mean_auprc(),
        folds: &evaluation.folds,
    });
    Model {
        model: manifest.id.to_string(),
        version: &manifest.version,
        positives: training.positives,
        negatives: training.negatives,
        held_out: training.held_out,
        held_out_split: training.held_out_split,
        splits: splits.collect(),
    }
}

/// As `ablation` calls them.
fn inputs(architecture: Architecture) -> &'static str {
    match (architecture.expression(), architecture.region()) {
        (false, false) => "sequence",
        (false, true) => "region",
        (true, false) => "expression",
        (true, true) => "both",
    }
}
