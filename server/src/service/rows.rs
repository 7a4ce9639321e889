//! Predictions, a row for each window.

use polaris_model::{Predictions, sigmoid};
use polaris_proto::v1::ModelValues;

/// Values of one window, one for each model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) logits: &'a [f32],
    pub(super) probabilities: &'a [f32],
}

impl Row<'_> {
    /// As a reply has them.
    pub(super) fn values(self) -> ModelValues {
        ModelValues { probabilities: self.probabilities.to_vec(), logits: self.logits.to_vec() }
    }
}

/// The rows in the order of the windows.
pub(super) fn rows(predictions: &Predictions) -> impl Iterator<Item = Row<'_>> {
    let width = predictions.models.max(1);
    let rows = predictions.logits.chunks(width).zip(predictions.probabilities.chunks(width));
    rows.map(|(logits, probabilities)| Row { logits, probabilities })
}

/// The prediction of an allele from those of its windows: the mean of the logits, and its probability. A substitution
/// has the same row on both sides.
pub(super) fn mean(left: Row<'_>, right: Row<'_>) -> ModelValues {
    let logits: Vec<f32> = left.logits.iter().zip(right.logits).map(|(l, r)| 0.5 * (l + r)).collect();
    ModelValues { probabilities: logits.iter().map(|&logit| sigmoid(logit)).collect(), logits }
}
