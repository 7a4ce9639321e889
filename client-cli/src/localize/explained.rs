//! A target with its maps.

use std::ops::Range;
use std::sync::Arc;

use super::columns::{Columns, Layer};
use super::target::Gap;

/// A target that every model has explained.
pub(super) struct Explained {
    pub(super) name: Arc<str>,
    pub(super) columns: Columns,
    pub(super) gaps: Vec<Gap>,
    /// Windows that it took.
    pub(super) windows: usize,
    /// In the order of the run's models; none if there was nothing to ask.
    pub(super) models: Vec<ModelMaps>,
}

/// What one model says of a target.
#[derive(Clone, Debug, Default)]
pub(super) struct ModelMaps {
    /// Of binding; the largest over the windows.
    pub(super) probability: f32,
    /// With the alternate allele.
    pub(super) alternate_probability: Option<f32>,
    /// That of the reference; and those of the alternate and the difference, if there is another allele.
    pub(super) maps: Vec<LayerMap>,
}

/// A map in columns.
#[derive(Clone, Debug)]
pub(super) struct LayerMap {
    pub(super) layer: Layer,
    /// One for each column; of no meaning where `Columns::has_value` says so.
    pub(super) values: Vec<f32>,
    pub(super) clusters: Vec<ColumnCluster>,
}

/// A cluster in columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ColumnCluster {
    pub(super) columns: Range<usize>,
    pub(super) summit: usize,
    /// Mean score, 0 to 1.
    pub(super) score: f32,
}

impl ModelMaps {
    /// How much there is to see: the change, or else the prediction.
    pub(super) fn weight(&self) -> f32 {
        self.alternate_probability.map_or(self.probability, |alternate| (alternate - self.probability).abs())
    }
}
