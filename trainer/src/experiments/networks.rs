//! The networks of the folds that `train` keeps in its work folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use polaris_genomics::contig_key;
use polaris_model::training::predict;
use polaris_model::{Architecture, Device, FoldMetrics, Split, Weights, read_weights};
use serde::Deserialize;

use super::windows::PreparedModel;
use crate::windows_file::{FOLDS, LabelledWindow};

/// A network that never saw the windows of one fold.
#[derive(Debug)]
pub(super) struct FoldNetwork {
    pub(super) fold: u8,
    pub(super) weights: Weights,
    pub(super) metrics: FoldMetrics,
    pub(super) seed: u64,
}

/// What `train` keeps beside a network; only what is needed here.
#[derive(Deserialize)]
struct Record {
    model_sha256: String,
    architecture: Architecture,
    windows_sha256: String,
    seed: u64,
    metrics: FoldMetrics,
}

/// Reads the networks that `train` kept of a model's folds by chromosome.
///
/// # Errors
/// If there are none, one cannot be read or was trained on other windows, or they are of several runs of `train` that
/// differ in seed or covariates.
pub(super) fn read_all(folder: &Path, windows_sha256: &str) -> anyhow::Result<Vec<FoldNetwork>> {
    let folds = (0..FOLDS).filter(|fold| record_path(folder, *fold).is_file());
    let networks: Vec<FoldNetwork> =
        folds.map(|fold| read(folder, fold, windows_sha256)).collect::<anyhow::Result<_>>()?;
    let shown = folder.display();
    let Some(first) = networks.first() else {
        bail!(
            "{shown} holds no trained fold by chromosome; run `polaris-trainer train` with this work folder and recipe first"
        );
    };
    for other in &networks {
        if (other.seed, other.weights.architecture()) != (first.seed, first.weights.architecture()) {
            bail!(
                "{shown}: folds {} and {} were trained with other seeds or covariates; train all folds alike",
                first.fold + 1,
                other.fold + 1
            );
        }
    }
    Ok(networks)
}

fn record_path(folder: &Path, fold: u8) -> PathBuf {
    folder.join(format!("{}-{fold}.json", Split::Chromosome))
}

/// Reads the network that `train` kept of a fold by chromosome.
///
/// # Errors
/// If it cannot be read, or was trained on other windows.
pub(super) fn read(folder: &Path, fold: u8, windows_sha256: &str) -> anyhow::Result<FoldNetwork> {
    let path = record_path(folder, fold);
    let network = || -> anyhow::Result<FoldNetwork> {
        let record: Record = serde_json::from_slice(&std::fs::read(&path)?)
            .context("not a record of this version; run `polaris-trainer train` again")?;
        if record.windows_sha256 != windows_sha256 {
            bail!(
                "trained on other windows than these; give the folder that it was trained on, or run `polaris-trainer \
                 train` again"
            );
        }
        let weights = read_weights(&path.with_extension("pt"), &record.model_sha256, record.architecture)?;
        Ok(FoldNetwork { fold, weights, metrics: record.metrics, seed: record.seed })
    };
    network().with_context(|| path.display().to_string())
}

/// Windows that a network predicted: each by one that was not trained on its contig.
#[derive(Clone, Debug)]
pub(super) struct Predicted {
    /// Indices of the windows, by fold.
    pub(super) folds: BTreeMap<u8, Vec<usize>>,
    /// Of every window of the model; not a number where no network was asked.
    pub(super) logits: Vec<f64>,
}

/// Predicts the windows of `tested`, each with the network of `trained` whose training left its contig out. A contig on
/// which `trained` has no windows at all is unseen by every network, and goes to the first.
///
/// # Errors
/// If a window does not fit the networks.
pub(super) fn predict_unseen(
    networks: &[FoldNetwork],
    trained: &PreparedModel,
    tested: &PreparedModel,
    device: Device,
) -> anyhow::Result<Predicted> {
    let first = networks.first().map_or(0, |network| network.fold);
    let folds = folds_of(&trained.rows, &tested.rows, first);
    let mut predicted = Predicted::none(tested);
    for network in networks {
        let windows: Vec<usize> = (0..folds.len()).filter(|window| folds[*window] == network.fold).collect();
        predicted.add(network, network.fold, tested, windows, device)?;
    }
    Ok(predicted)
}

impl Predicted {
    /// Of a model whose windows no network has been asked about.
    pub(super) fn none(tested: &PreparedModel) -> Self {
        Self { folds: BTreeMap::new(), logits: vec![f64::NAN; tested.rows.len()] }
    }

    /// Asks a network about windows that it never saw.
    ///
    /// # Errors
    /// If a window does not fit the network.
    pub(super) fn add(
        &mut self,
        network: &FoldNetwork,
        fold: u8,
        tested: &PreparedModel,
        windows: Vec<usize>,
        device: Device,
    ) -> anyhow::Result<()> {
        if windows.is_empty() {
            return Ok(());
        }
        if network.weights.architecture().expression()
            && let Some(window) = windows.iter().find(|window| tested.rows[**window].expression.is_none())
        {
            let name = &tested.rows[*window].name;
            bail!("{}: {name} has no expression value, which the network reads", tested.id);
        }
        let examples: Vec<_> = windows.iter().map(|window| tested.examples[*window].clone()).collect();
        let probabilities = predict(&network.weights, &examples, device)?;
        for (window, probability) in windows.iter().zip(probabilities) {
            self.logits[*window] = logit(probability);
        }
        self.folds.insert(fold, windows);
        Ok(())
    }

    /// Leaves out all other windows.
    pub(super) fn retain(&mut self, kept: &BTreeSet<usize>) {
        for windows in self.folds.values_mut() {
            windows.retain(|window| kept.contains(window));
        }
        self.folds.retain(|_, windows| !windows.is_empty());
    }
}

/// The fold of `trained` that the contig of each window of `tested` belongs to.
fn folds_of(trained: &[LabelledWindow], tested: &[LabelledWindow], first: u8) -> Vec<u8> {
    let contigs: BTreeMap<&str, u8> =
        trained.iter().map(|row| (contig_key(&row.window.contig), row.fold_chromosome)).collect();
    tested.iter().map(|row| contigs.get(contig_key(&row.window.contig)).copied().unwrap_or(first)).collect()
}

/// Of a single-precision probability; 0 and 1 become the logits of the nearest values that are neither.
fn logit(probability: f32) -> f64 {
    let probability = f64::from(probability).clamp(1e-30, 1.0 - f64::from(f32::EPSILON) / 4.0);
    (probability / (1.0 - probability)).ln()
}

#[cfg(test)]
mod tests {
    use polaris_genomics::{Strand, Window};

    use super::*;

    fn row(contig: &str, fold_chromosome: u8) -> LabelledWindow {
        LabelledWindow {
            window: Window { contig: contig.to_owned(), start0: 5, length: 100, strand: Strand::Forward },
            name: contig.to_owned(),
            score: 0,
            positive: true,
            expression: None,
            region: None,
            gc: 0.5,
            fold_chromosome,
            fold_random: 0,
        }
    }

    #[test]
    fn a_window_goes_to_the_network_that_never_saw_its_contig() {
        let trained = [row("chr1", 0), row("chr2", 1), row("chr3", 2)];
        // The other cell line dealt its contigs out in its own way, which must not matter.
        let tested = [row("chr1", 2), row("2", 0), row("chr3", 0), row("chr9", 4)];
        assert_eq!(folds_of(&trained, &tested, 1), [0, 1, 2, 1]);
    }

    #[test]
    fn records_of_earlier_versions_and_of_other_windows_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |record: serde_json::Value| {
            std::fs::write(folder.path().join("chromosome-2.json"), record.to_string()).unwrap();
            format!("{:#}", read_all(folder.path(), "ab").unwrap_err())
        };
        let metrics = serde_json::json!({"fold": 2, "trained_on": 8, "positives": 1, "negatives": 1, "auroc": 0.5,
            "auprc": 0.5});
        let mut record = serde_json::json!({"model_sha256": "", "metrics": metrics});
        let told = refused(record.clone());
        assert!(
            told.contains("chromosome-2.json") && told.contains("run `polaris-trainer train` again"),
            "{told}"
        );
        record["architecture"] = serde_json::json!({"input_length": 101, "expression": true, "region": true});
        record["seed"] = 1.into();
        record["windows_sha256"] = "ac".into();
        assert!(refused(record.clone()).contains("trained on other windows than these"));
        record["windows_sha256"] = "ab".into();
        let told = refused(record);
        assert!(!told.contains("windows"), "{told}");
    }

    #[test]
    fn certain_probabilities_have_finite_logits_in_order() {
        let logits = [0.0, 1e-20, 0.5, 1.0 - f32::EPSILON / 2.0, 1.0].map(logit);
        assert!(logits.iter().all(|logit| logit.is_finite()), "{logits:?}");
        assert!(logits.is_sorted() && logits[3] < logits[4], "{logits:?}");
        assert_eq!(logits[2], 0.0);
    }
}
