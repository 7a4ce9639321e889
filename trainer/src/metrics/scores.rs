//! Everything that is measured of a set of predictions, as they are or resampled.

use super::calibration::{BINS, Bin, bins, expected_calibration_error, recalibration};
use super::ranking::Ranking;
use super::{MetricError, check};

/// Labels and predicted logits, ranked once.
#[derive(Clone, Debug)]
pub(crate) struct Scores {
    labels: Vec<bool>,
    logits: Vec<f64>,
    probabilities: Vec<f64>,
    ranking: Ranking,
}

/// What is measured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statistics {
    /// See [`super::auroc`].
    pub(crate) auroc: f64,
    /// See [`super::average_precision`].
    pub(crate) auprc: f64,
    /// The mean squared distance of the probability from the label (Brier 1950).
    pub(crate) brier: f64,
    /// The mean distance of a bin's mean probability from its share bound.
    pub(crate) calibration_error: f64,
    /// Slope and intercept of the logistic recalibration; `None` where it has no finite answer.
    pub(crate) recalibration: Option<(f64, f64)>,
    /// Bins of equally many windows, from the lowest probability.
    pub(crate) bins: [Bin; BINS],
}

/// The part of them that is soon calculated: without calibration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Accuracy {
    /// See [`super::auroc`].
    pub(crate) auroc: f64,
    /// See [`super::average_precision`].
    pub(crate) auprc: f64,
    /// The mean squared distance of the probability from the label (Brier 1950).
    pub(crate) brier: f64,
}

impl Scores {
    /// Logits keep apart what is the same in probabilities near 0 and 1.
    ///
    /// # Errors
    /// Lengths that differ, a logit that is not finite, only one class.
    pub(crate) fn new(labels: &[bool], logits: &[f64]) -> Result<Self, MetricError> {
        check(labels, logits)?;
        Ok(Self {
            labels: labels.to_vec(),
            logits: logits.to_vec(),
            probabilities: logits.iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect(),
            ranking: Ranking::new(labels, logits)?,
        })
    }

    /// The labels, in the order that they were given in.
    pub(crate) fn labels(&self) -> &[bool] {
        &self.labels
    }

    /// Measures how well all windows are told apart, each as often as `weights` say; both classes must have one.
    pub(crate) fn accuracy(&self, weights: Option<&[u32]>) -> Accuracy {
        let (mut total, mut squares) = (0.0, 0.0);
        for (index, (label, probability)) in self.labels.iter().zip(&self.probabilities).enumerate() {
            total += weight(weights, index);
            squares += weight(weights, index) * (probability - f64::from(u8::from(*label))).powi(2);
        }
        Accuracy {
            auroc: self.ranking.auroc(weights),
            auprc: self.ranking.average_precision(weights),
            brier: squares / total,
        }
    }

    /// Measures everything of all windows, each as often as `weights` say; both classes must have one.
    pub(crate) fn statistics(&self, weights: Option<&[u32]>) -> Statistics {
        let Accuracy { auroc, auprc, brier } = self.accuracy(weights);
        let total = (0..self.labels.len()).map(|index| weight(weights, index)).sum();
        let ascending = self.ranking.groups(weights).rev();
        let bins = bins(ascending.map(|group| (group, self.probabilities[group.example])), total);
        let examples = self.logits.iter().zip(&self.labels).enumerate();
        let examples = examples.map(|(index, (logit, label))| (*logit, *label, weight(weights, index)));
        Statistics {
            auroc,
            auprc,
            brier,
            calibration_error: expected_calibration_error(&bins),
            recalibration: recalibration(examples.filter(|(.., weight)| *weight > 0.0)),
            bins,
        }
    }
}

fn weight(weights: Option<&[u32]>, index: usize) -> f64 {
    weights.map_or(1.0, |weights| f64::from(weights[index]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{auroc, average_precision};
    use super::*;

    #[test]
    fn values_by_hand() {
        let probabilities = [0.9_f64, 0.6, 0.6, 0.2];
        let logits = probabilities.map(|p| (p / (1.0 - p)).ln());
        let measured = Scores::new(&[true, true, false, false], &logits).unwrap().statistics(None);
        assert!((measured.brier - (0.01 + 0.16 + 0.36 + 0.04) / 4.0).abs() < 1e-12, "{measured:?}");
        assert_eq!(measured.auroc, 0.875);
        assert!((measured.auprc - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-12);
        // A bin each: 0.1, 0.1 and 0.2 beside, and the two of 0.6 are half bound.
        assert!((measured.calibration_error - (0.1 + 0.1 + 0.1 + 0.2) / 4.0).abs() < 1e-12);
        assert_eq!(measured.recalibration, None);
    }

    #[test]
    fn what_has_no_value_is_said() {
        let refused = |labels: &[bool], logits: &[f64]| Scores::new(labels, logits).unwrap_err();
        assert_eq!(refused(&[true], &[0.5]), MetricError::OneClass { positives: 1, negatives: 0 });
        assert_eq!(refused(&[true, false], &[f64::NAN, 0.0]), MetricError::NotFinite { index: 0 });
        assert_eq!(refused(&[true, false], &[0.0]), MetricError::Lengths { labels: 2, scores: 1 });
    }

    proptest! {
        #[test]
        fn a_weight_is_so_many_copies(
            examples in proptest::collection::vec((any::<bool>(), -6_i8..6, 0_u32..4), 4..60)
        ) {
            let labels: Vec<bool> = examples.iter().map(|(label, ..)| *label).collect();
            let logits: Vec<f64> = examples.iter().map(|(_, logit, _)| f64::from(*logit) / 3.0).collect();
            let weights: Vec<u32> = examples.iter().map(|(.., weight)| *weight).collect();
            let copies = |index: usize| std::iter::repeat_n(index, weights[index] as usize);
            let indices: Vec<usize> = (0..labels.len()).flat_map(copies).collect();
            let copied_labels: Vec<bool> = indices.iter().map(|index| labels[*index]).collect();
            let copied_logits: Vec<f64> = indices.iter().map(|index| logits[*index]).collect();
            let bound = copied_labels.iter().filter(|label| **label).count();
            prop_assume!(bound > 0 && bound < copied_labels.len());
            let weighted = Scores::new(&labels, &logits).unwrap().statistics(Some(&weights));
            let copied = Scores::new(&copied_labels, &copied_logits).unwrap().statistics(None);
            let close = |left: f64, right: f64| (left - right).abs() < 1e-9;
            prop_assert!(close(weighted.auroc, auroc(&copied_labels, &copied_logits).unwrap()));
            prop_assert!(close(weighted.auprc, average_precision(&copied_labels, &copied_logits).unwrap()));
            prop_assert!(close(weighted.brier, copied.brier));
            prop_assert!(close(weighted.calibration_error, copied.calibration_error));
            prop_assert_eq!(weighted.recalibration.is_some(), copied.recalibration.is_some());
            if let (Some(left), Some(right)) = (weighted.recalibration, copied.recalibration) {
                prop_assert!((left.0 - right.0).abs() < 1e-6 && (left.1 - right.1).abs() < 1e-6);
            }
        }
    }
}
