//! Trained folds on disk, so that an interrupted run goes on where it stopped.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use polaris_model::training::arithmetic;
use polaris_model::{Architecture, FoldMetrics, Weights, read_weights, write_model};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::plan::{Plan, Task};
use crate::files::{hexadecimal, sha256_of, write_whole};

/// A trained fold: its figures, and where its network lies.
#[derive(Clone, Debug)]
pub(super) struct Checkpoint {
    pub(super) metrics: FoldMetrics,
    model: PathBuf,
    model_sha256: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// Digest of everything that the network depends on.
    key: String,
    /// What calculated: the last digits of the weights depend on it.
    arithmetic: String,
    model_sha256: String,
    /// What the network reads.
    architecture: Architecture,
    /// Digest of the prepared windows, those held out among them.
    windows_sha256: String,
    /// Seed of the run.
    seed: u64,
    metrics: FoldMetrics,
    /// Mean loss of each epoch.
    losses: Vec<f64>,
}

impl Checkpoint {
    /// The checkpoint of a task, if it was made by the same recipe, data, seed and program.
    pub(super) fn find(plan: &Plan, task: &Task<'_>) -> Option<Self> {
        let (model, record) = paths(plan, task);
        let record: Record = serde_json::from_slice(&fs::read(record).ok()?).ok()?;
        let same = record.key == key(plan, task)
            && record.arithmetic == arithmetic(plan.device)
            && sha256_of(&fs::read(&model).ok()?) == record.model_sha256;
        same.then_some(Self { metrics: record.metrics, model, model_sha256: record.model_sha256 })
    }

    /// Keeps a trained fold.
    pub(super) fn keep(
        plan: &Plan,
        task: &Task<'_>,
        weights: &Weights,
        metrics: FoldMetrics,
        losses: Vec<f64>,
    ) -> anyhow::Result<Self> {
        let (model, record) = paths(plan, task);
        let bytes = write_model(weights)?;
        let model_sha256 = sha256_of(&bytes);
        write_whole(&model, &bytes).with_context(|| model.display().to_string())?;
        // The record is what makes a checkpoint valid, so it comes last.
        let content = Record {
            key: key(plan, task),
            arithmetic: arithmetic(plan.device),
            model_sha256: model_sha256.clone(),
            architecture: task.dataset.architecture,
            windows_sha256: task.dataset.windows_sha256.clone(),
            seed: plan.seed,
            metrics,
            losses,
        };
        write_whole(&record, &serde_json::to_vec_pretty(&content)?)
            .with_context(|| record.display().to_string())?;
        Ok(Self { metrics, model, model_sha256 })
    }

    /// The network.
    pub(super) fn weights(&self, task: &Task<'_>) -> anyhow::Result<Weights> {
        Ok(read_weights(&self.model, &self.model_sha256, task.dataset.architecture)?)
    }
}

fn paths(plan: &Plan, task: &Task<'_>) -> (PathBuf, PathBuf) {
    let folder = plan.folder(&task.dataset.id);
    let name = format!("{}-{}", task.split, task.fold);
    (folder.join(format!("{name}.pt")), folder.join(format!("{name}.json")))
}

fn key(plan: &Plan, task: &Task<'_>) -> String {
    let mut parts = serde_json::json!({
        "tool": env!("CARGO_PKG_VERSION"),
        "windows": task.dataset.windows_sha256,
        "sequences": sequences_digest(task),
        "architecture": task.dataset.architecture,
        "recipe": plan.recipe,
        "seed": plan.seed(task),
        "device": plan.device.to_string(),
    });
    // Sums of a stack are rounded in another way. Which networks a stack holds makes no difference to speak of.
    if plan.stacked()
        && let Some(parts) = parts.as_object_mut()
    {
        parts.insert("stacked".to_owned(), true.into());
    }
    sha256_of(parts.to_string().as_bytes())
}

fn sequences_digest(task: &Task<'_>) -> String {
    let mut state = Sha256::new();
    for example in &task.dataset.examples {
        state.update(&example.sequence);
    }
    hexadecimal(&state.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_come_back_bit_for_bit() {
        for wins in 0..2000 {
            let auroc = f64::from(wins) / 2003.0;
            let metrics = FoldMetrics {
                fold: 0,
                trained_on: 8,
                positives: 1,
                negatives: 1,
                auroc,
                auprc: auroc.sqrt(),
            };
            let record = Record {
                key: String::new(),
                arithmetic: String::new(),
                model_sha256: String::new(),
                architecture: Architecture::new(101, true, true).unwrap(),
                windows_sha256: String::new(),
                seed: 1,
                metrics,
                losses: vec![auroc.exp()],
            };
            let back: Record = serde_json::from_slice(&serde_json::to_vec_pretty(&record).unwrap()).unwrap();
            assert_eq!((back.metrics, back.losses), (record.metrics, record.losses));
        }
    }
}
