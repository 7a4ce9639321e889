//! The networks of the folds that `train` keeps in its work folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use polaris_genomics::contig_key;
use polaris_model::training::predict;
use polaris_model::{Architecture, Device, FoldMetrics, Split, Weights, read_weights};
use serde::Deserialize;

use super::windows::PreparedModel;
use crate::windows_file::{FOLDS, LabelledWindow};

/// How far the area under the ROC curve of a network may be from what `train` kept: rounding of another device swaps
/// windows of equal probability, other windows are further away.
const SAME_AUROC: f64 = 0.005;

/// A network that never saw the windows of one fold.
#[derive(Debug)]
pub(super) struct FoldNetwork {
    pub(super) fold: u8,
    pub(super) weights: Weights,
    pub(super) metrics: FoldMetrics,
    path: PathBuf,
}

/// What `train` keeps beside a network; only what is needed here.
#[derive(Deserialize)]
struct Record {
    model_sha256: String,
    metrics: FoldMetrics,
}

/// Reads the networks that `train` kept of a model's split, by fold.
///
/// # Errors
/// If there are none, or one cannot be read.
pub(super) fn read_all(folder: &Path, split: Split, input_length: usize) -> anyhow::Result<Vec<FoldNetwork>> {
    let mut networks = Vec::new();
    for fold in 0..FOLDS {
        let record = folder.join(format!("{split}-{fold}.json"));
        if record.is_file() {
            networks.push(read(&record, fold, input_length).with_context(|| record.display().to_string())?);
        }
    }
    if networks.is_empty() {
        bail!(
            "{} holds no trained fold {split}; run `polaris-trainer train` with this work folder and recipe first",
            folder.display()
        );
    }
    Ok(networks)
}

fn read(record: &Path, fold: u8, input_length: usize) -> anyhow::Result<FoldNetwork> {
    let Record { model_sha256, metrics } = serde_json::from_slice(&std::fs::read(record)?)?;
    let path = record.with_extension("pt");
    let mut refused = None;
    // The record does not say which covariates the network reads; its tensors do.
    for (expression, region) in [(true, true), (true, false), (false, true), (false, false)] {
        let architecture = Architecture::new(input_length, expression, region)?;
        match read_weights(&path, &model_sha256, architecture) {
            Ok(weights) => return Ok(FoldNetwork { fold, weights, metrics, path }),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match refused {
        Some(error) => Err(error.into()),
        None => bail!("no network"),
    }
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

/// Checks that networks were trained with these very windows: what they predict of their held-out ones gives the area
/// under the ROC curve that `train` kept.
///
/// # Errors
/// If one does not.
pub(super) fn check_same_windows(networks: &[FoldNetwork], aurocs: &BTreeMap<u8, f64>) -> anyhow::Result<()> {
    for network in networks {
        let kept = network.metrics.auroc;
        let found = aurocs.get(&network.fold).copied().unwrap_or(f64::NAN);
        if (found - kept).abs() <= SAME_AUROC {
            continue;
        }
        bail!(
            "{}: trained on other windows than these: AUROC {kept:.4} when it was trained, {found:.4} on the held-out \
             windows here; give the folder that it was trained on, or train again",
            network.path.display()
        );
    }
    Ok(())
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
    fn certain_probabilities_have_finite_logits_in_order() {
        let logits = [0.0, 1e-20, 0.5, 1.0 - f32::EPSILON / 2.0, 1.0].map(logit);
        assert!(logits.iter().all(|logit| logit.is_finite()), "{logits:?}");
        assert!(logits.is_sorted() && logits[3] < logits[4], "{logits:?}");
        assert_eq!(logits[2], 0.0);
    }
}
