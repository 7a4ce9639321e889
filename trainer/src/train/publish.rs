//! Choosing the network of a model and publishing it.

use anyhow::Context;
use polaris_genomics::ReferenceBundle;
use polaris_model::{DeltaBackground, Evaluation, Manifest, Registry, Split, TrainingRecord};

use super::background::Background;
use super::dataset::Dataset;
use super::fold::TrainedFold;
use super::plan::{Plan, Task};

/// Publishes the fold with the best AUROC of the plan's first split, as the paper does.
pub(super) fn publish(
    registry: &Registry,
    bundle: &ReferenceBundle,
    reference_digest: &str,
    plan: &Plan,
    dataset: &Dataset,
    folds: &[TrainedFold],
    background: &Background,
) -> anyhow::Result<Manifest> {
    let split = plan.splits.first().copied().unwrap_or(Split::Chromosome);
    let best = folds
        .iter()
        .filter(|fold| fold.split == split)
        // The earlier fold of equal ones: `max_by` keeps the last.
        .rev()
        .max_by(|a, b| a.checkpoint.metrics.auroc.total_cmp(&b.checkpoint.metrics.auroc))
        .with_context(|| format!("{}: no fold {split} could be trained", dataset.id))?;
    let held_out = best.checkpoint.metrics;
    let fold = u8::try_from(held_out.fold)?;
    let task = Task { dataset, split, fold };
    let weights = best.checkpoint.weights(&task)?;
    let evaluations = plan
        .splits
        .iter()
        .map(|&split| {
            let folds = folds.iter().filter(|fold| fold.split == split).map(|fold| fold.checkpoint.metrics);
            Evaluation { split, folds: folds.collect() }
        })
        .collect();
    let deltas = background.deltas(&weights, dataset.id.cell_line(), plan.device)?;
    let positives = dataset.positives();
    let record = TrainingRecord {
        assembly: bundle.assembly().to_owned(),
        reference_digest: reference_digest.to_owned(),
        windows_sha256: dataset.windows_sha256.clone(),
        recipe: plan.recipe.clone(),
        seed: plan.seed,
        positives,
        negatives: dataset.windows.len() - positives,
        held_out,
        held_out_split: split,
        held_out_contigs: match split {
            Split::Chromosome => dataset.contigs(fold),
            Split::Random => Vec::new(),
        },
        evaluations,
        delta_background: DeltaBackground::from_deltas(deltas),
    };
    Ok(registry.publish(&dataset.id, &weights, record)?)
}
