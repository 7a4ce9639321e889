//! Statistics with their intervals.

use serde::Serialize;

use crate::metrics::{Bin, Estimate, Statistics, estimate};

/// Everything that is measured of one predictor.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figures {
    pub(super) metrics: Metrics,
    /// From the lowest probability.
    pub(super) bins: Vec<BinFigures>,
}

/// The single numbers.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Metrics {
    pub(super) auroc: Estimate,
    pub(super) auprc: Estimate,
    pub(super) brier: Estimate,
    pub(super) expected_calibration_error: Estimate,
    pub(super) calibration_slope: Estimate,
    pub(super) calibration_intercept: Estimate,
}

/// A bin of windows of like probability.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct BinFigures {
    pub(super) windows: f64,
    pub(super) mean_probability: f64,
    /// The share bound; its interval is that of the bin of this rank, which each resample forms anew.
    pub(super) bound: Estimate,
}

impl Metrics {
    /// With their names.
    pub(super) fn named(&self) -> [(&'static str, Estimate); 6] {
        [
            ("auroc", self.auroc),
            ("auprc", self.auprc),
            ("brier", self.brier),
            ("expected_calibration_error", self.expected_calibration_error),
            ("calibration_slope", self.calibration_slope),
            ("calibration_intercept", self.calibration_intercept),
        ]
    }
}

impl Figures {
    /// `whole` of the windows as they are, `resampled` of the resamples.
    pub(super) fn new(whole: &Statistics, resampled: &[Option<&Statistics>]) -> Self {
        let of = |pick: &dyn Fn(&Statistics) -> Option<f64>| {
            estimate(pick(whole), resampled.iter().map(|one| one.and_then(pick)))
        };
        let bound = |bin: &Bin| (bin.windows > 0.0).then_some(bin.bound);
        let bins = whole.bins.iter().enumerate().map(|(rank, bin)| BinFigures {
            windows: bin.windows,
            mean_probability: bin.mean_probability,
            bound: of(&|one| bound(&one.bins[rank])),
        });
        Self {
            metrics: Metrics {
                auroc: of(&|one| Some(one.auroc)),
                auprc: of(&|one| Some(one.auprc)),
                brier: of(&|one| Some(one.brier)),
                expected_calibration_error: of(&|one| Some(one.calibration_error)),
                calibration_slope: of(&|one| one.recalibration.map(|(slope, _)| slope)),
                calibration_intercept: of(&|one| one.recalibration.map(|(_, intercept)| intercept)),
            },
            bins: bins.collect(),
        }
    }
}
