//! The maps of a stretch: those of its windows, blended.

use polaris_genomics::{Strand, Window};
use polaris_proto::v1::{Cluster, LocalizeResponse};

use super::super::columns::Layer;
use super::super::explained::{ColumnCluster, LayerMap, ModelMaps};
use super::super::reply;
use super::super::target::Target;
use super::AssemblyError;
use super::alleles::trimmed;
use crate::blend::{Blend, Run};

/// What a group of models says of a stretch so far.
pub(super) struct Stretch {
    place: Window,
    blend: Blend,
    models: Vec<ModelMaps>,
}

impl Stretch {
    pub(super) fn new(target: &Target, length: usize, models: usize) -> Self {
        let values = vec![0.0; target.place.length];
        let map = LayerMap { layer: Layer::Reference, values, clusters: Vec::new() };
        let empty = ModelMaps { maps: vec![map], ..ModelMaps::default() };
        Self { place: target.place.clone(), blend: Blend::new(length, models), models: vec![empty; models] }
    }

    /// `order` says which model of the group each map of the response is.
    pub(super) fn add(
        &mut self,
        target: &Target,
        window: usize,
        reply: &LocalizeResponse,
        order: &[usize],
    ) -> Result<(), AssemblyError> {
        let Some(asked) = target.windows.get(window).map(|asked| &asked.window) else { return Ok(()) };
        let neighbours = Neighbours::of(target, window);
        let mut maps: Vec<&[f32]> = vec![&[]; order.len()];
        let probabilities = reply.reference.iter().flat_map(|values| &values.probabilities);
        for (((&model, answered), id), probability) in
            order.iter().zip(&reply.maps).zip(&reply.model_ids).zip(probabilities)
        {
            let values = reply::values(answered.reference.as_ref(), asked.length, id)?;
            if let Some(slot) = maps.get_mut(model) {
                *slot = values;
            }
            let Some(model) = self.models.get_mut(model) else { continue };
            model.probability = model.probability.max(*probability);
            let clusters = answered.reference.iter().flat_map(|map| &map.clusters);
            let kept = clusters.filter_map(|cluster| neighbours.claim(target, asked, cluster));
            if let Some(map) = model.maps.first_mut() {
                map.clusters.extend(kept);
            }
        }
        let run = self.blend.push(asked, &maps)?;
        self.lay(run);
        Ok(())
    }

    /// The maps, clusters in their columns' order.
    pub(super) fn finish(mut self) -> Vec<ModelMaps> {
        let run = self.blend.finish();
        self.lay(run);
        for map in self.models.iter_mut().flat_map(|model| &mut model.maps) {
            map.clusters.sort_by_key(|cluster| (cluster.columns.start, cluster.columns.end));
        }
        self.models
    }

    fn lay(&mut self, run: Option<Run>) {
        let Some(Run { start0, maps }) = run else { return };
        for (model, values) in self.models.iter_mut().zip(maps) {
            let Some(map) = model.maps.first_mut() else { continue };
            for (position0, value) in (start0..).zip(values) {
                let offset0 = u64::try_from(position0).ok().and_then(|at0| self.place.offset0(at0));
                if let Some(slot) = offset0.and_then(|offset0| map.values.get_mut(offset0)) {
                    *slot = value;
                }
            }
        }
    }
}

/// The middles of the windows beside one: a cluster belongs to the window whose middle is nearest to its summit, the
/// earlier of two as near.
struct Neighbours {
    before: Option<i64>,
    after: Option<i64>,
}

impl Neighbours {
    fn of(target: &Target, window: usize) -> Self {
        let middle = |index: usize| target.windows.get(index).map(|asked| middle0(&asked.window));
        Self { before: window.checked_sub(1).and_then(middle), after: middle(window + 1) }
    }

    /// The cluster in columns of the stretch, if it belongs to the window and its summit is a known base of the stretch.
    fn claim(&self, target: &Target, asked: &Window, cluster: &Cluster) -> Option<ColumnCluster> {
        let Target { place, letters, .. } = target;
        let at = |offset0: u32| {
            super::super::columns::position0(asked, usize::try_from(offset0).unwrap_or(usize::MAX))
        };
        let summit0 = at(cluster.summit0);
        let distance = summit0.abs_diff(middle0(asked));
        let is_nearest = self.before.is_none_or(|other| distance < summit0.abs_diff(other))
            && self.after.is_none_or(|other| distance <= summit0.abs_diff(other));
        let summit = column(place, summit0).filter(|summit| *summit < place.length && is_nearest)?;
        let first = column(place, at(cluster.start0)).unwrap_or(0);
        let last = column(place, at(cluster.end0.checked_sub(1)?)).unwrap_or(0).min(place.length - 1);
        let cluster = ColumnCluster { columns: first..last + 1, summit, score: cluster.score };
        trimmed(cluster, |column| letters.get(column).is_some_and(|letter| *letter != b'N'))
    }
}

fn middle0(window: &Window) -> i64 {
    window.start0.saturating_add(i64::try_from(window.length / 2).unwrap_or(i64::MAX))
}

/// The column of a base, also beyond the stretch's 3' end; none before its 5' end.
fn column(place: &Window, position0: i64) -> Option<usize> {
    let column = match place.strand {
        Strand::Forward => position0.checked_sub(place.start0)?,
        Strand::Reverse => place.end0().checked_sub(1)?.checked_sub(position0)?,
    };
    usize::try_from(column).ok()
}

#[cfg(test)]
mod tests;
