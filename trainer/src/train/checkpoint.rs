//! Trained folds on disk, so that an interrupted run goes on where it stopped.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use polaris_model::{FoldMetrics, Weights, read_weights, write_model};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::plan::{Plan, Task};

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
    model_sha256: String,
    metrics: FoldMetrics,
    /// Mean loss of each epoch.
    losses: Vec<f64>,
}

impl Checkpoint {
    /// The checkpoint of a task, if it was made by the same recipe, data, seed and program.
    pub(super) fn find(plan: &Plan, task: &Task<'_>) -> Option<Self> {
        let (model, record) = paths(plan, task);
        let record: Record = serde_json::from_slice(&fs::read(record).ok()?).ok()?;
        let same = record.key == key(plan, task) && sha256(&fs::read(&model).ok()?) == record.model_sha256;
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
        let model_sha256 = sha256(&bytes);
        write_whole(&model, &bytes)?;
        // The record is what makes a checkpoint valid, so it comes last.
        let content = Record { key: key(plan, task), model_sha256: model_sha256.clone(), metrics, losses };
        write_whole(&record, &serde_json::to_vec_pretty(&content)?)?;
        Ok(Self { metrics, model, model_sha256 })
    }

    /// The network.
    pub(super) fn weights(&self, task: &Task<'_>) -> anyhow::Result<Weights> {
        Ok(read_weights(&self.model, &self.model_sha256, task.dataset.architecture)?)
    }
}

fn paths(plan: &Plan, task: &Task<'_>) -> (PathBuf, PathBuf) {
    let folder = plan.work.join(&plan.recipe.name).join(task.dataset.id.to_string());
    let name = format!("{}-{}", task.split, task.fold);
    (folder.join(format!("{name}.pt")), folder.join(format!("{name}.json")))
}

fn key(plan: &Plan, task: &Task<'_>) -> String {
    let parts = serde_json::json!({
        "tool": env!("CARGO_PKG_VERSION"),
        "windows": task.dataset.windows_sha256,
        "sequences": sequences_digest(task),
        "architecture": task.dataset.architecture,
        "recipe": plan.recipe,
        "seed": plan.seed(task),
        "device": plan.device.to_string(),
    });
    sha256(parts.to_string().as_bytes())
}

fn sequences_digest(task: &Task<'_>) -> String {
    let mut state = Sha256::new();
    for example in &task.dataset.examples {
        state.update(&example.sequence);
    }
    hex(&state.finalize())
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file so that it is seen whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        std::io::Write::write_all(&mut file, bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)
    };
    write().map(|_| ()).with_context(|| path.display().to_string())
}
