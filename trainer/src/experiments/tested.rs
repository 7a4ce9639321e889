//! Figures of windows that several networks predicted, each its own.
//!
//! Probabilities of different networks do not share a scale, so windows are ranked within the fold of their network, and
//! a figure is the mean over folds: what cross-validation reports.

use std::collections::BTreeSet;

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
        for windows in predicted.folds.values() {
            let of_fold: Vec<bool> = windows.iter().map(|window| labels[*window]).collect();
            let logits: Vec<f64> = windows.iter().map(|window| predicted.logits[*window]).collect();
            match Scores::new(&of_fold, &logits) {
                Ok(scores) => folds.push(Fold { windows: windows.clone(), scores }),
                Err(MetricError::OneClass { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        folds.first().context("no fold has both bound and unbound windows")?;
        Ok(Self { folds })
    }

    /// Two predictions of the same model on the windows that both have, and that lie in folds with both classes: a
    /// difference is of the networks and not of the windows.
    ///
    /// # Errors
    /// If that leaves no fold, or a logit is not a number.
    pub(super) fn on_same_windows(
        labels: &[bool],
        mut left: Predicted,
        mut right: Predicted,
    ) -> anyhow::Result<(Self, Self)> {
        loop {
            let both = (Self::new(labels, &left)?, Self::new(labels, &right)?);
            let [of_left, of_right] =
                [&both.0, &both.1].map(|tested| tested.windows().into_iter().collect::<BTreeSet<usize>>());
            if of_left == of_right {
                return Ok(both);
            }
            // A fold may be left with one class, and go too.
            let shared = &of_left & &of_right;
            left.retain(&shared);
            right.retain(&shared);
        }
    }

    /// The number of folds.
    pub(super) fn folds(&self) -> usize {
        self.folds.len()
    }

    /// Places of all windows.
    pub(super) fn windows(&self) -> Vec<usize> {
        self.folds.iter().flat_map(|fold| fold.windows.iter().copied()).collect()
    }

    /// Places of the windows of each fold.
    pub(super) fn windows_of_folds(&self) -> Vec<&[usize]> {
        self.folds.iter().map(|fold| fold.windows.as_slice()).collect()
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
        assert_eq!(tested.windows_of_folds(), [[0, 1], [2, 3]]);
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

    #[test]
    fn two_predictions_are_compared_on_the_windows_that_both_have() {
        let labels = [true, false, true, false, true, false, true];
        let logits = [0.0; 7];
        // Without windows 4 and 6, the second fold of the left keeps one class, and window 5 goes on both sides.
        let left = predicted(&[(0, &[0, 1, 2, 3]), (1, &[4, 5, 6])], &logits);
        let right = predicted(&[(0, &[2, 3]), (4, &[0, 1, 5])], &logits);
        let (left, right) = Tested::on_same_windows(&labels, left, right).unwrap();
        assert_eq!((left.windows(), right.windows()), (vec![0, 1, 2, 3], vec![2, 3, 0, 1]));
        let apart = |folds: &[(u8, &[usize])]| predicted(folds, &logits);
        let error =
            Tested::on_same_windows(&labels, apart(&[(0, &[0, 1])]), apart(&[(0, &[2, 3])])).unwrap_err();
        assert!(error.to_string().contains("no fold has both"), "{error}");
    }
}
