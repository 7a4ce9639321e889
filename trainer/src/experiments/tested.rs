//! Figures of windows that several networks predicted, each its own.
//!
//! Probabilities of different networks do not share a scale, so windows are ranked within the fold of their network, and
//! a figure is the mean over folds: what cross-validation reports.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Serialize;

use super::networks::Predicted;
use crate::metrics::{Estimate, MetricError, Scores, estimate};

/// Predicted windows, by the network that predicted them.
#[derive(Debug)]
pub(super) struct Tested {
    folds: Vec<Fold>,
}

#[derive(Debug)]
struct Fold {
    fold: u8,
    /// Places of the windows in their model.
    windows: Vec<usize>,
    scores: Scores,
}

/// Means over folds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Means {
    pub(super) auroc: f64,
    pub(super) auprc: f64,
    pub(super) brier: f64,
}

/// Means over folds with intervals.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Figures {
    pub(super) auroc: Estimate,
    pub(super) auprc: Estimate,
    pub(super) brier: Estimate,
}

impl Tested {
    /// Leaves out folds with windows of one class, which have no figures.
    ///
    /// # Errors
    /// If no fold has both, or a logit is not a number.
    pub(super) fn new(labels: &[bool], predicted: &Predicted) -> anyhow::Result<Self> {
        let mut folds = Vec::new();
        for (fold, windows) in &predicted.folds {
            let of_fold: Vec<bool> = windows.iter().map(|window| labels[*window]).collect();
            let logits: Vec<f64> = windows.iter().map(|window| predicted.logits[*window]).collect();
            match Scores::new(&of_fold, &logits) {
                Ok(scores) => folds.push(Fold { fold: *fold, windows: windows.clone(), scores }),
                Err(MetricError::OneClass { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        folds.first().context("no fold has both bound and unbound windows")?;
        Ok(Self { folds })
    }

    /// The number of folds.
    pub(super) fn folds(&self) -> usize {
        self.folds.len()
    }

    /// Places of all windows.
    pub(super) fn windows(&self) -> Vec<usize> {
        self.folds.iter().flat_map(|fold| fold.windows.iter().copied()).collect()
    }

    /// The area under the ROC curve of each fold.
    pub(super) fn aurocs(&self) -> BTreeMap<u8, f64> {
        self.folds.iter().map(|fold| (fold.fold, fold.scores.statistics(None).auroc)).collect()
    }

    /// Means over folds, each window of the model as often as `weights` say; `None` if that leaves a fold without a
    /// class.
    pub(super) fn means(&self, weights: Option<&[u32]>) -> Option<Means> {
        let mut sums = Means { auroc: 0.0, auprc: 0.0, brier: 0.0 };
        for Fold { windows, scores, .. } in &self.folds {
            let of_fold: Option<Vec<u32>> =
                weights.map(|weights| windows.iter().map(|window| weights[*window]).collect());
            if let Some(of_fold) = &of_fold {
                let has = |class: bool| {
                    scores.labels().iter().zip(of_fold).any(|(label, weight)| *label == class && *weight > 0)
                };
                if !(has(true) && has(false)) {
                    return None;
                }
            }
            let of_fold = scores.statistics(of_fold.as_deref());
            sums.auroc += of_fold.auroc;
            sums.auprc += of_fold.auprc;
            sums.brier += of_fold.brier;
        }
        let folds = self.folds.len() as f64;
        Some(Means { auroc: sums.auroc / folds, auprc: sums.auprc / folds, brier: sums.brier / folds })
    }
}

impl Figures {
    /// `whole` of the windows as they are, `resampled` of the resamples.
    pub(super) fn new(whole: Option<Means>, resampled: &[Option<Means>]) -> Self {
        let of =
            |pick: fn(Means) -> f64| estimate(whole.map(pick), resampled.iter().map(|one| one.map(pick)));
        Self { auroc: of(|one| one.auroc), auprc: of(|one| one.auprc), brier: of(|one| one.brier) }
    }
}

/// The difference of two areas under the ROC curve on the same resamples.
pub(super) fn auroc_difference(
    (left, left_resampled): (Option<Means>, &[Option<Means>]),
    (right, right_resampled): (Option<Means>, &[Option<Means>]),
) -> Estimate {
    let less = |left: Option<Means>, right: Option<Means>| Some(left?.auroc - right?.auroc);
    let pairs = left_resampled.iter().zip(right_resampled);
    estimate(less(left, right), pairs.map(|(left, right)| less(*left, *right)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predicted(folds: &[(u8, &[usize])], logits: &[f64]) -> Predicted {
        let folds = folds.iter().map(|(fold, windows)| (*fold, windows.to_vec())).collect();
        Predicted { folds, logits: logits.to_vec() }
    }

    #[test]
    fn windows_are_ranked_within_their_fold() {
        // Each network is right on its own scale; across scales the unbound ones of the second stand above.
        let labels = [true, false, true, false];
        let tested = Tested::new(&labels, &predicted(&[(0, &[0, 1]), (3, &[2, 3])], &[-3.0, -4.0, 5.0, 4.0]));
        let tested = tested.unwrap();
        assert_eq!(tested.means(None).unwrap().auroc, 1.0);
        assert_eq!(tested.aurocs(), BTreeMap::from([(0, 1.0), (3, 1.0)]));
        // A resample without a class in one fold has no figure.
        assert_eq!(tested.means(Some(&[2, 0, 1, 1])), None);
        assert!(tested.means(Some(&[2, 1, 1, 1])).is_some());
    }

    #[test]
    fn folds_of_one_class_are_left_out_and_none_at_all_is_an_error() {
        let labels = [true, false, true, true];
        let tested = Tested::new(&labels, &predicted(&[(0, &[0, 1]), (1, &[2, 3])], &[1.0, 0.0, 1.0, 0.0]));
        assert_eq!(tested.unwrap().windows(), [0, 1]);
        let error = Tested::new(&labels, &predicted(&[(1, &[2, 3])], &[1.0, 0.0, 1.0, 0.0])).unwrap_err();
        assert!(error.to_string().contains("no fold has both"), "{error}");
    }
}
