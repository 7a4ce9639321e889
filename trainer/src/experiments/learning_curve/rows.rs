//! The curve of one model.

use serde::Serialize;

use crate::experiments::networks::FoldNetwork;
use crate::experiments::results;
use crate::experiments::tested::{Figures, Means, Tested};
use crate::experiments::windows::PreparedModel;

/// One model.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) model: String,
    pub(super) rbp: String,
    pub(super) cell_line: String,
    /// Test windows, the same at every point.
    pub(super) windows: usize,
    pub(super) bound: usize,
    pub(super) groups: usize,
    pub(super) folds: usize,
    /// From all training windows to the fewest.
    pub(super) points: Vec<Point>,
}

/// One size of the training set.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Point {
    /// The share of the training windows.
    pub(super) share: f64,
    /// Training windows, the mean over folds.
    pub(super) trained_on: f64,
    #[serde(flatten)]
    pub(super) figures: Figures,
}

/// Networks of one size of the training set, tested.
#[derive(Debug)]
pub(super) struct Measured {
    share: f64,
    trained_on: f64,
    pub(super) tested: Tested,
}

impl Measured {
    pub(super) fn new(halving: u8, networks: &[FoldNetwork], tested: Tested) -> Self {
        let trained_on: usize = networks.iter().map(|network| network.metrics.trained_on).sum();
        Self {
            share: 0.5_f64.powi(halving.into()),
            trained_on: trained_on as f64 / networks.len().max(1) as f64,
            tested,
        }
    }
}

/// Measures every size on the same resamples.
pub(super) fn measure(model: &PreparedModel, measured: &[Measured], resamples: usize, seed: u64) -> Row {
    let draw = |weights: Option<&[u32]>| -> Vec<Option<Means>> {
        measured.iter().map(|one| one.tested.means(weights)).collect()
    };
    let seed = results::seed(seed, &model.id.to_string());
    let drawn = model.groups.resample(&model.labels, resamples, seed, |weights| draw(Some(weights)));
    let points = measured.iter().zip(draw(None)).enumerate().map(|(place, (one, whole))| {
        let resampled: Vec<Option<Means>> = drawn
            .iter()
            .map(|means| means.as_ref().and_then(|means| means.get(place).copied().flatten()))
            .collect();
        Point { share: one.share, trained_on: one.trained_on, figures: Figures::new(whole, &resampled) }
    });
    let windows = measured.first().map(|one| one.tested.windows()).unwrap_or_default();
    Row {
        model: model.id.to_string(),
        rbp: model.id.rbp().to_owned(),
        cell_line: model.id.cell_line().to_owned(),
        windows: windows.len(),
        bound: windows.iter().filter(|window| model.labels[**window]).count(),
        groups: model.groups.count_among(&windows),
        folds: measured.first().map_or(0, |one| one.tested.folds()),
        points: points.collect(),
    }
}
