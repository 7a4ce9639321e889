//! What a published model is and how it was made.

use serde::{Deserialize, Serialize};

use super::ModelId;
use crate::architecture::Architecture;
use crate::training::Recipe;

/// Version of the manifest's format that this program reads and writes.
pub const MANIFEST_FORMAT: u32 = 1;

/// `manifest.json` of a published version.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this format.
    pub format: u32,
    /// The model.
    pub id: ModelId,
    /// The version directory.
    pub version: String,
    /// When it was published, RFC 3339 in UTC.
    pub created: String,
    /// Version of the program that made it.
    pub tool_version: String,
    /// RNA-binding protein, as in the id.
    pub rbp: String,
    /// Cell line, as in the id.
    pub cell_line: String,
    /// Input length and covariates.
    pub architecture: Architecture,
    /// SHA-256 of the model file in hexadecimal.
    pub model_sha256: String,
    /// Where the weights come from.
    pub training: TrainingRecord,
}

/// Data, recipe and measured quality of a model.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingRecord {
    /// Genome assembly.
    pub assembly: String,
    /// Digest of the reference bundle.
    pub reference_digest: String,
    /// SHA-256 of the file of training windows.
    pub windows_sha256: String,
    /// The recipe.
    pub recipe: Recipe,
    /// Seed of the run; that of a network's initialization, order and dropout follows from it, the model, the
    /// split and the fold.
    pub seed: u64,
    /// Bound windows in the file.
    pub positives: usize,
    /// Unbound windows in the file.
    pub negatives: usize,
    /// The published network is that of this split and fold; its windows were held out.
    pub held_out: FoldMetrics,
    /// The split that `held_out` is a fold of.
    pub held_out_split: Split,
    /// Contigs whose windows the published network never saw; empty if folds were drawn at random.
    pub held_out_contigs: Vec<String>,
    /// Cross-validation, by split.
    pub evaluations: Vec<Evaluation>,
    /// How much random substitutions move this model; absent if it was not measured.
    pub delta_background: Option<DeltaBackground>,
}

/// How windows are dealt out to folds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// All windows of a contig in one fold: the honest figure.
    Chromosome,
    /// Windows at random, so that overlapping ones can fall on both sides: as published.
    Random,
}

impl std::fmt::Display for Split {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Chromosome => "chromosome",
            Self::Random => "random",
        })
    }
}

/// Cross-validation over one split.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// How the folds were made.
    pub split: Split,
    /// A network each, tested on the fold it did not see.
    pub folds: Vec<FoldMetrics>,
}

impl Evaluation {
    /// Mean area under the ROC curve over the folds; `None` without folds.
    pub fn mean_auroc(&self) -> Option<f64> {
        mean(self.folds.iter().map(|fold| fold.auroc))
    }

    /// Mean area under the precision-recall curve over the folds; `None` without folds.
    pub fn mean_auprc(&self) -> Option<f64> {
        mean(self.folds.iter().map(|fold| fold.auprc))
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let count = values.len();
    (count > 0).then(|| values.sum::<f64>() / count as f64)
}

/// A network's figures on windows that it did not see.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FoldMetrics {
    /// Number of the fold, from 0.
    pub fold: usize,
    /// Windows trained on.
    pub trained_on: usize,
    /// Bound windows tested.
    pub positives: usize,
    /// Unbound windows tested.
    pub negatives: usize,
    /// Area under the ROC curve.
    pub auroc: f64,
    /// Area under the precision-recall curve (average precision).
    pub auprc: f64,
}

/// Quantiles of |delta| over random substitutions in transcribed windows, by which a delta can be judged.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeltaBackground {
    /// Substitutions scored.
    pub substitutions: usize,
    /// |delta| at evenly spaced probabilities from 0 to 1, ascending.
    pub quantiles: Vec<f32>,
}

impl DeltaBackground {
    /// Steps between the least and the largest value kept.
    const STEPS: usize = 200;

    /// Summarizes |delta| of random substitutions; `None` if there are none.
    pub fn from_deltas(mut absolute_deltas: Vec<f32>) -> Option<Self> {
        absolute_deltas.sort_by(f32::total_cmp);
        let last = absolute_deltas.len().checked_sub(1)?;
        let quantiles = (0..=Self::STEPS)
            .filter_map(|step| absolute_deltas.get((step * last + Self::STEPS / 2) / Self::STEPS).copied())
            .collect();
        Some(Self { substitutions: absolute_deltas.len(), quantiles })
    }

    /// Share of the background whose |delta| is no larger, 0 to 1, interpolated between the kept values.
    pub fn quantile(&self, absolute_delta: f32) -> f32 {
        let steps = self.quantiles.len().saturating_sub(1).max(1) as f32;
        let above = self.quantiles.partition_point(|&value| value <= absolute_delta);
        let (Some(&low), Some(&high)) =
            (above.checked_sub(1).and_then(|i| self.quantiles.get(i)), self.quantiles.get(above))
        else {
            return if above == 0 { 0.0 } else { 1.0 };
        };
        let part = if high > low { (absolute_delta - low) / (high - low) } else { 0.0 };
        ((above - 1) as f32 + part) / steps
    }
}

impl Manifest {
    /// Checks that the manifest is of a known format and about the given model and version; else the
    /// field, its value, and what was expected.
    pub(super) fn check(&self, id: &ModelId, version: &str) -> Result<(), (&'static str, String, String)> {
        let fields = [
            ("format", self.format.to_string(), MANIFEST_FORMAT.to_string()),
            ("id", self.id.to_string(), id.to_string()),
            ("version", self.version.clone(), version.to_owned()),
            ("rbp", self.rbp.clone(), id.rbp().to_owned()),
            ("cell_line", self.cell_line.clone(), id.cell_line().to_owned()),
        ];
        if let Some(field) = fields.into_iter().find(|(_, found, expected)| found != expected) {
            return Err(field);
        }
        let ascending =
            |quantiles: &[f32]| quantiles.is_sorted() && quantiles.iter().all(|value| value.is_finite());
        match &self.training.delta_background {
            Some(background) if !ascending(&background.quantiles) => Err((
                "training.delta_background.quantiles",
                "not ascending".to_owned(),
                "ascending numbers".to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_uniform_background() {
        let background =
            DeltaBackground::from_deltas((0..=1000).rev().map(|i| i as f32 / 1000.0).collect()).unwrap();
        assert_eq!(background.substitutions, 1001);
        assert_eq!((background.quantiles[0], background.quantiles[200]), (0.0, 1.0));
        for (delta, expected) in [(0.25, 0.25), (0.5025, 0.5025), (1.0, 1.0), (3.0, 1.0)] {
            assert!((background.quantile(delta) - expected).abs() < 1e-4, "{delta}");
        }
        assert_eq!(DeltaBackground::from_deltas(Vec::new()), None);
        let point = DeltaBackground::from_deltas(vec![0.5]).unwrap();
        assert_eq!((point.quantile(0.4), point.quantile(0.5)), (0.0, 1.0));
    }
}
