//! Clusters of a map's positions, as stretches of bases.

use polaris_model::localization::{MapGeometry, clusters as cluster, rectify};
use polaris_proto::v1::Cluster;

use super::maps::number;
use crate::convert::ClusterForm;

/// Clusters of a whole map, rectified before. A position stands for the base at its centre alone: what it sees around it
/// overlaps with what its neighbours see.
pub(super) fn clusters(map: &[f32], geometry: MapGeometry, form: &ClusterForm) -> Vec<Cluster> {
    let mut rectified = map.to_vec();
    rectify(&mut rectified);
    let found = cluster(&rectified, geometry.stride, &form.options).into_iter();
    let wanted = found.filter(|cluster| form.include_all || cluster.motif);
    wanted
        .filter_map(|cluster| {
            let (first, last) = (*cluster.positions.first()?, *cluster.positions.last()?);
            Some(Cluster {
                start0: number(geometry.center0(first)),
                end0: number(geometry.center0(last) + 1),
                score: cluster.score as f32,
                summit0: number(geometry.center0(cluster.summit)),
                motif: cluster.motif,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use polaris_model::localization::{ClusterOptions, LocalizationMethod, MapOptions, MapResolution};

    use super::*;

    fn spans(map: &[f32], resolution: MapResolution, include_all: bool) -> Vec<(u32, u32, u32, bool)> {
        let options = MapOptions { method: LocalizationMethod::GradCam, resolution, ..MapOptions::default() };
        let form = ClusterForm { options: ClusterOptions::default(), include_all };
        let found = clusters(map, options.geometry(60), &form);
        found.iter().map(|c| (c.start0, c.end0, c.summit0, c.motif)).collect()
    }

    #[test]
    fn positions_become_bases() {
        let mut map = [0.0; 60];
        (map[30], map[31], map[5]) = (3.0, 4.0, -9.0);
        assert_eq!(spans(&map, MapResolution::Base, false), [(30, 32, 31, true)]);
        let native = [0.0, 0.0, 8.0, 8.0, 0.0, -1.0];
        // Positions 2 and 3 of a stride of 4 from base 19 on.
        assert_eq!(spans(&native, MapResolution::Native, false), [(27, 32, 27, true)]);
        let all = spans(&native, MapResolution::Native, true);
        assert!(all.len() > 1 && all.contains(&(27, 32, 27, true)), "{all:?}");
        assert_eq!(all.iter().filter(|cluster| cluster.3).count(), 1);
    }
}
