//! The maps of an allele: those of both alleles and their difference, in the columns of their alignment.

use polaris_proto::v1::{Cluster, LocalizeResponse, PositionMap};

use super::super::columns::{Columns, Layer};
use super::super::explained::{ColumnCluster, LayerMap, ModelMaps};
use super::super::reply::{self, ReplyError};
use super::super::target::Target;

/// The columns of a response, and its maps by the models of the group; `order` says which each is.
pub(super) fn maps(
    target: &Target,
    alternate: &[u8],
    reply: &LocalizeResponse,
    order: &[usize],
) -> Result<(Columns, Vec<ModelMaps>), ReplyError> {
    let columns = Columns::of_alleles(target.place.clone(), &target.letters, alternate, &reply.alignment)?;
    let laid = Laid {
        references: columns.of_bases(Layer::Reference),
        alternates: columns.of_bases(Layer::Alternate),
        all: (0..columns.len()).collect(),
    };
    let references = reply.reference.iter().flat_map(|values| &values.probabilities);
    let alternates = reply.alternate.iter().flat_map(|values| &values.probabilities);
    let mut models = vec![ModelMaps::default(); order.len()];
    for ((((&model, answered), id), &probability), &alternate) in
        order.iter().zip(&reply.maps).zip(&reply.model_ids).zip(references).zip(alternates)
    {
        let maps = vec![
            laid.lay(&columns, Layer::Reference, answered.reference.as_ref(), id)?,
            laid.lay(&columns, Layer::Alternate, answered.alternate.as_ref(), id)?,
            laid.lay(&columns, Layer::Difference, answered.difference.as_ref(), id)?,
        ];
        if let Some(slot) = models.get_mut(model) {
            *slot = ModelMaps { probability, alternate_probability: Some(alternate), maps };
        }
    }
    Ok((columns, models))
}

/// The columns that the values of each layer stand in.
struct Laid {
    references: Vec<usize>,
    alternates: Vec<usize>,
    all: Vec<usize>,
}

impl Laid {
    fn lay(
        &self,
        columns: &Columns,
        layer: Layer,
        map: Option<&PositionMap>,
        model: &str,
    ) -> Result<LayerMap, ReplyError> {
        let places = match layer {
            Layer::Reference => &self.references,
            Layer::Alternate => &self.alternates,
            Layer::Difference => &self.all,
        };
        let mut values = vec![0.0; columns.len()];
        for (&column, &value) in places.iter().zip(reply::values(map, places.len(), model)?) {
            if let Some(slot) = values.get_mut(column) {
                *slot = value;
            }
        }
        let clusters = map.iter().flat_map(|map| &map.clusters);
        let clusters = clusters.filter_map(|cluster| in_columns(columns, layer, places, cluster)).collect();
        Ok(LayerMap { layer, values, clusters })
    }
}

/// A cluster of a response, in columns.
fn in_columns(columns: &Columns, layer: Layer, places: &[usize], cluster: &Cluster) -> Option<ColumnCluster> {
    let at = |offset0: u32| places.get(usize::try_from(offset0).ok()?).copied();
    let (first, last) = (at(cluster.start0)?, at(cluster.end0.checked_sub(1)?)?);
    let laid = ColumnCluster { columns: first..last + 1, summit: at(cluster.summit0)?, score: cluster.score };
    trimmed(laid, |column| columns.has_value(layer, column))
}

/// A cluster from its first to its last known column; none if its summit is unknown or outside.
pub(super) fn trimmed(cluster: ColumnCluster, is_known: impl Fn(usize) -> bool) -> Option<ColumnCluster> {
    let ColumnCluster { columns, summit, score } = cluster;
    let known = |column: &usize| is_known(*column);
    if !columns.contains(&summit) || !is_known(summit) {
        return None;
    }
    let (first, last) = (columns.clone().find(known)?, columns.rev().find(known)?);
    Some(ColumnCluster { columns: first..last + 1, summit, score })
}

#[cfg(test)]
mod tests {
    use polaris_genomics::{Strand, Window};
    use polaris_proto::v1::{AlignedBlock, ModelMaps as Answered, ModelValues};

    use super::*;

    fn map(values: &[f32], clusters: &[(u32, u32, u32)]) -> Option<PositionMap> {
        let cluster = |&(start0, end0, summit0)| Cluster { start0, end0, summit0, score: 0.5, motif: true };
        let clusters = clusters.iter().map(cluster).collect();
        Some(PositionMap { values: values.to_vec(), clusters, ..PositionMap::default() })
    }

    /// NACGTA, whose CG becomes TTT: one base more.
    fn explained() -> Result<(Columns, Vec<ModelMaps>), ReplyError> {
        let target = Target {
            name: "x".into(),
            place: Window { contig: "chr1".into(), start0: -1, length: 6, strand: Strand::Forward },
            letters: b"NACGTA".to_vec(),
            windows: Vec::new(),
            alternate: None,
            gaps: Vec::new(),
        };
        let block = |reference0, alternate0, length| AlignedBlock { reference0, alternate0, length };
        let answered = Answered {
            reference: map(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], &[(0, 3, 1), (0, 1, 0), (3, 5, 4)]),
            alternate: map(&[0.0, 1.0, 6.0, 7.0, 8.0, 4.0, 5.0], &[(3, 6, 4)]),
            difference: map(&[0.0, 0.0, 4.0, 4.0, 8.0, 0.0, 0.0], &[]),
        };
        let values = |probability| Some(ModelValues { probabilities: vec![probability], logits: vec![0.0] });
        let reply = LocalizeResponse {
            model_ids: vec!["A".into()],
            reference: values(0.25),
            alternate: values(0.75),
            alignment: vec![block(Some(0), Some(0), 4), block(None, Some(4), 1), block(Some(4), Some(5), 2)],
            maps: vec![answered],
            ..LocalizeResponse::default()
        };
        maps(&target, b"NATTTTA", &reply, &[0])
    }

    #[test]
    fn values_and_clusters_stand_in_columns() {
        let (columns, models) = explained().unwrap();
        assert_eq!(columns.reference, b"NACG-TA");
        let model = &models[0];
        assert_eq!((model.probability, model.alternate_probability), (0.25, Some(0.75)));
        let values: Vec<&[f32]> = model.maps.iter().map(|map| &map.values[..]).collect();
        assert_eq!(values[0], [0.0, 1.0, 2.0, 3.0, 0.0, 4.0, 5.0]);
        assert_eq!(values[1], [0.0, 1.0, 6.0, 7.0, 8.0, 4.0, 5.0]);
        assert_eq!(values[2], [0.0, 0.0, 4.0, 4.0, 8.0, 0.0, 0.0]);
        let clusters = |index: usize| -> Vec<_> {
            model.maps[index]
                .clusters
                .iter()
                .map(|cluster| (cluster.columns.clone(), cluster.summit))
                .collect()
        };
        // The N before the contig is trimmed off the first, and the second lies on it alone; the last spans the gap.
        assert_eq!(clusters(0), [(1..3, 1), (3..6, 5)]);
        assert_eq!(clusters(1), [(3..6, 4)]);
        assert_eq!(columns.interval0(&(3..6)), Some((2, 4)));
    }
}
