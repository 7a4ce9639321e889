//! What is measured of methods on the folds of a set, with intervals over the same draws for all.

use polaris_genomics::Window;
use serde::Serialize;

use super::kept::Kept;
use super::set::{Fold, Set};
use crate::assess::groups::overlapping;
use crate::metrics::{Accuracy, Estimate, Groups, MetricError, Scores, estimate};

/// The areas, and the Brier score where there are probabilities.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Metrics {
    pub(super) auroc: Estimate,
    pub(super) auprc: Estimate,
    /// Not a number (null in JSON) of a method that gives no probabilities.
    pub(super) brier: Estimate,
}

/// A method in one fold.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FoldFigures {
    /// From 1.
    pub(super) fold: u32,
    pub(super) trained_on: usize,
    pub(super) bound: usize,
    pub(super) unbound: usize,
    /// Groups of overlapping held-out windows, which are drawn together.
    pub(super) groups: usize,
    pub(super) seconds: f64,
    pub(super) metrics: Metrics,
    /// Mean loss of each epoch.
    pub(super) losses: Vec<f64>,
}

/// What a method has in a fold, as the windows are and in each draw.
#[derive(Clone, Debug)]
struct Measured {
    whole: Values,
    drawn: Vec<Option<Values>>,
}

/// AUROC, AUPRC and Brier score, the last of which a method may lack.
type Values = [Option<f64>; 3];

/// A method on all folds of a set.
#[derive(Clone, Debug)]
pub(super) struct OfMethod {
    pub(super) folds: Vec<FoldFigures>,
    measured: Vec<Measured>,
}

/// Measures a method on the folds of a set. The draws of a fold depend on set and seed alone, and so are those of all methods.
///
/// # Errors
/// If predictions are not numbers, or a fold has one class.
pub(super) fn measure(
    set: &Set,
    folds: &[(&Fold, Kept)],
    resamples: usize,
    seed: u64,
) -> Result<OfMethod, MetricError> {
    let mut of_method = OfMethod { folds: Vec::new(), measured: Vec::new() };
    for (fold, kept) in folds {
        let labels = set.labels(&fold.held_out);
        let scores = Scores::new(&labels, &kept.logits)?;
        let windows: Vec<&Window> = fold.held_out.iter().map(|index| &set.places[*index].window).collect();
        let groups = Groups::new(overlapping(&windows));
        let values = |weights: Option<&[u32]>| -> Values {
            let Accuracy { auroc, auprc, brier } = scores.accuracy(weights);
            [Some(auroc), Some(auprc), kept.calibrated.then_some(brier)]
        };
        let seed = seed.wrapping_add(u64::from(fold.number) << 32);
        let drawn = groups.resample(&labels, resamples, seed, |weights| values(Some(weights)));
        let measured = Measured { whole: values(None), drawn };
        let bound = labels.iter().filter(|label| **label).count();
        of_method.folds.push(FoldFigures {
            fold: u32::from(fold.number) + 1,
            trained_on: kept.trained_on,
            bound,
            unbound: labels.len() - bound,
            groups: groups.count(),
            seconds: kept.seconds,
            metrics: mean_of(std::slice::from_ref(&measured)),
            losses: kept.losses.clone(),
        });
        of_method.measured.push(measured);
    }
    Ok(of_method)
}

impl OfMethod {
    /// Means over the folds.
    pub(super) fn mean(&self) -> Metrics {
        mean_of(&self.measured)
    }

    /// How far the mean AUROC lies above another method's: sharper than two intervals, since both are tried on the same
    /// windows. `None` where folds are missing of one.
    pub(super) fn auroc_over(&self, other: &Self) -> Option<Estimate> {
        let numbers = |of: &Self| of.folds.iter().map(|fold| fold.fold).collect::<Vec<_>>();
        if numbers(self) != numbers(other) {
            return None;
        }
        let whole = Some(self.whole(0)? - other.whole(0)?);
        let draws = self.measured.first().map_or(0, |measured| measured.drawn.len());
        let drawn = (0..draws).map(|draw| Some(self.drawn(draw, 0)? - other.drawn(draw, 0)?));
        Some(estimate(whole, drawn))
    }

    fn whole(&self, metric: usize) -> Option<f64> {
        whole(&self.measured, metric)
    }

    fn drawn(&self, draw: usize, metric: usize) -> Option<f64> {
        drawn(&self.measured, draw, metric)
    }
}

fn mean_of(measured: &[Measured]) -> Metrics {
    let draws = measured.first().map_or(0, |measured| measured.drawn.len());
    let of = |metric: usize| {
        estimate(whole(measured, metric), (0..draws).map(|draw| drawn(measured, draw, metric)))
    };
    Metrics { auroc: of(0), auprc: of(1), brier: of(2) }
}

fn whole(measured: &[Measured], metric: usize) -> Option<f64> {
    mean(measured.iter().map(|one| one.whole[metric]))
}

fn drawn(measured: &[Measured], draw: usize, metric: usize) -> Option<f64> {
    mean(measured.iter().map(|one| one.drawn.get(draw).and_then(|values| values.as_ref()?[metric])))
}

/// `None` if one is missing, or there are none.
fn mean(values: impl ExactSizeIterator<Item = Option<f64>>) -> Option<f64> {
    let count = values.len();
    let sum: Option<f64> = values.sum();
    sum.filter(|_| count > 0).map(|sum| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use super::super::set::tests::simulated;
    use super::*;

    fn kept(logits: Vec<f64>, calibrated: bool) -> Kept {
        Kept { key: String::new(), trained_on: 8, logits, calibrated, losses: Vec::new(), seconds: 1.0 }
    }

    #[test]
    fn means_over_folds_and_differences_over_the_same_draws() {
        let set = simulated("A", 80);
        let fold = |number: u8, held_out: Vec<usize>| Fold { number, training: Vec::new(), held_out };
        let folds = [fold(0, (0..40).collect()), fold(1, (40..80).collect())];
        let right = |fold: &Fold| -> Vec<f64> {
            set.labels(&fold.held_out).iter().map(|label| if *label { 1.0 } else { -1.0 }).collect()
        };
        let perfect: Vec<(&Fold, Kept)> = folds.iter().map(|fold| (fold, kept(right(fold), true))).collect();
        // In the second fold upside down.
        let half = vec![
            (&folds[0], kept(right(&folds[0]), false)),
            (&folds[1], kept(right(&folds[1]).iter().map(|logit| -logit).collect(), false)),
        ];
        let perfect = measure(&set, &perfect, 200, 1).unwrap();
        let half = measure(&set, &half, 200, 1).unwrap();
        let close = |found: Estimate, value: f64| {
            assert!((found.value - value).abs() < 1e-12 && (found.low - value).abs() < 1e-12, "{found:?}");
        };
        close(perfect.mean().auroc, 1.0);
        close(half.mean().auroc, 0.5);
        close(half.folds[1].metrics.auroc, 0.0);
        close(perfect.auroc_over(&half).unwrap(), 0.5);
        assert!(half.mean().brier.value.is_nan() && !perfect.mean().brier.value.is_nan());
        assert_eq!((half.folds[0].bound, half.folds[0].groups), (20, 40));
        let less = OfMethod { folds: half.folds[..1].to_vec(), measured: half.measured[..1].to_vec() };
        assert!(perfect.auroc_over(&less).is_none());
    }
}
