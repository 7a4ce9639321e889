//! How well probabilities tell bound windows from unbound ones, and how far they can be taken at their word.

mod bootstrap;
mod calibration;
mod ranking;
mod scores;

use thiserror::Error;

pub(crate) use bootstrap::{Estimate, Groups, INTERVAL, estimate};
pub(crate) use calibration::{BINS, Bin};
pub(crate) use scores::{Accuracy, Scores, Statistics};

use ranking::Ranking;

/// Why a metric has no value.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum MetricError {
    /// Labels and scores do not belong together.
    #[error("{labels} labels for {scores} scores")]
    Lengths {
        /// The number of labels.
        labels: usize,
        /// The number of scores.
        scores: usize,
    },
    /// A score that has no rank.
    #[error("score {index} (from 0) is not a finite number")]
    NotFinite {
        /// Where it stands.
        index: usize,
    },
    /// Ranking needs examples of both classes.
    #[error("{positives} positives and {negatives} negatives: at least one of each is needed")]
    OneClass {
        /// The number of positives.
        positives: usize,
        /// The number of negatives.
        negatives: usize,
    },
}

/// The area under the receiver operating characteristic: the chance that a positive scores above a negative, ties
/// counted half (the midranks of the Mann-Whitney statistic).
///
/// # Errors
/// Lengths that differ, a score that is not finite, only one class.
pub(crate) fn auroc(labels: &[bool], scores: &[f64]) -> Result<f64, MetricError> {
    check(labels, scores)?;
    Ok(Ranking::new(labels, scores)?.auroc(None))
}

/// The area under the precision-recall curve as average precision: the sum over distinct scores, from the highest, of
/// the recall gained there times the precision of all that score as high. Nothing is interpolated, and the order within
/// a tie does not matter.
///
/// # Errors
/// Lengths that differ, a score that is not finite, only one class.
pub(crate) fn average_precision(labels: &[bool], scores: &[f64]) -> Result<f64, MetricError> {
    check(labels, scores)?;
    Ok(Ranking::new(labels, scores)?.average_precision(None))
}

/// The median, the mean of the middle two of an even number; `None` without values.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 { Some(upper) } else { Some((upper + *values.get(middle - 1)?) / 2.0) }
}

fn check(labels: &[bool], scores: &[f64]) -> Result<(), MetricError> {
    if labels.len() != scores.len() {
        return Err(MetricError::Lengths { labels: labels.len(), scores: scores.len() });
    }
    match scores.iter().position(|score| !score.is_finite()) {
        Some(index) => Err(MetricError::NotFinite { index }),
        None => Ok(()),
    }
}

/// ln(1 + e^z), accurate for large z of either sign.
pub(crate) fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests;
