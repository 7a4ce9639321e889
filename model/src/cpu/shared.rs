//! Networks of one ensemble that another takes over, so that what has not changed is in memory once.

use std::sync::Arc;

use super::model::CpuModel;
use super::word::Bf16Pair;

/// Networks by their place in an ensemble; none where there is nothing to take over.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedNetworks {
    pub(super) strict: Vec<Option<Arc<CpuModel<f32>>>>,
    pub(super) fast: Vec<Option<Arc<CpuModel<Bf16Pair>>>>,
}

impl SharedNetworks {
    /// Those at `places`, in that order.
    pub(crate) fn at(&self, places: &[Option<usize>]) -> Self {
        Self { strict: at(&self.strict, places), fast: at(&self.fast, places) }
    }
}

fn at<T>(networks: &[Option<Arc<T>>], places: &[Option<usize>]) -> Vec<Option<Arc<T>>> {
    places.iter().map(|place| networks.get((*place)?)?.clone()).collect()
}
