use polaris_proto::v1::{LocalizeWindow, ModelMaps as Answered, ModelValues, PositionMap};

use super::super::super::target::TargetWindow;
use super::*;

fn window(start0: i64, strand: Strand) -> Window {
    Window { contig: "chr1".into(), start0, length: 8, strand }
}

fn target(start0: i64, length: usize, strand: Strand, starts: &[i64]) -> Target {
    let asked = |&start0| TargetWindow { window: window(start0, strand), message: LocalizeWindow::default() };
    Target {
        name: "x".into(),
        place: Window { contig: "chr1".into(), start0, length, strand },
        letters: vec![b'A'; length],
        windows: starts.iter().map(asked).collect(),
        alternate: None,
        gaps: Vec::new(),
    }
}

fn cluster(start0: u32, end0: u32, summit0: u32) -> Cluster {
    Cluster { start0, end0, summit0, score: 0.75, motif: true }
}

fn reply(values: &[f32], probability: f32, clusters: &[Cluster]) -> LocalizeResponse {
    let map = PositionMap { values: values.to_vec(), clusters: clusters.to_vec(), ..PositionMap::default() };
    LocalizeResponse {
        model_ids: vec!["A".into()],
        reference: Some(ModelValues { probabilities: vec![probability], logits: vec![0.0] }),
        maps: vec![Answered { reference: Some(map), ..Answered::default() }],
        ..LocalizeResponse::default()
    }
}

fn columns(maps: &[ModelMaps]) -> Vec<(Range<usize>, usize)> {
    let clusters = maps.iter().flat_map(|model| &model.maps).flat_map(|map| &map.clusters);
    clusters.map(|cluster| (cluster.columns.clone(), cluster.summit)).collect()
}

use std::ops::Range;

/// A region of four bases in the middle of a window of eight.
#[test]
fn one_window_gives_its_values_as_they_are() {
    let values = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
    for strand in Strand::ALL {
        let target = target(102, 4, strand, &[100]);
        let mut stretch = Stretch::new(&target, 8, 1);
        // From before the region into it; inside; with its summit off it.
        let clusters = [cluster(1, 4, 3), cluster(4, 6, 5), cluster(5, 8, 7)];
        stretch.add(&target, 0, &reply(&values, 0.5, &clusters), &[0]).unwrap();
        let maps = stretch.finish();
        assert_eq!(maps[0].maps[0].values, [2.0, 3.0, 4.0, 5.0], "{strand}");
        assert_eq!(columns(&maps), [(0..2, 1), (2..4, 3)], "{strand}");
        assert_eq!(maps[0].probability, 0.5);
    }
}

/// Nothing is said of an N: no cluster has its summit or an end there.
#[test]
fn clusters_keep_to_known_bases() {
    let mut target = target(100, 8, Strand::Forward, &[100]);
    target.letters = b"NACNGTNN".to_vec();
    let mut stretch = Stretch::new(&target, 8, 1);
    // Trimmed at both ends, across an N; summit on an N; nothing to trim; summit outside.
    let clusters = [cluster(0, 8, 2), cluster(2, 5, 3), cluster(4, 6, 4), cluster(1, 3, 5)];
    stretch.add(&target, 0, &reply(&[1.0; 8], 0.5, &clusters), &[0]).unwrap();
    assert_eq!(columns(&stretch.finish()), [(1..6, 2), (4..6, 4)]);
}

/// Windows from 100 and 104 over twelve bases: clusters belong to the one whose middle, 104 or 108, is nearer.
#[test]
fn overlapping_windows_are_blended_and_share_clusters_out() {
    for strand in Strand::ALL {
        let target = target(100, 12, strand, &[100, 104]);
        let mut stretch = Stretch::new(&target, 8, 1);
        let own = |position0: i64, asked: i64| {
            let place = window(asked, strand);
            u32::try_from(place.offset0(u64::try_from(position0).unwrap()).unwrap()).unwrap()
        };
        let at = |position0, asked| {
            let offset0 = own(position0, asked);
            cluster(offset0, offset0 + 1, offset0)
        };
        // 106 is as near to both: the earlier has it.
        let first = reply(&[1.0; 8], 0.25, &[at(105, 100), at(106, 100), at(107, 100)]);
        let second = reply(&[3.0; 8], 0.75, &[at(105, 104), at(106, 104), at(107, 104)]);
        stretch.add(&target, 0, &first, &[0]).unwrap();
        stretch.add(&target, 1, &second, &[0]).unwrap();
        let maps = stretch.finish();
        let values = &maps[0].maps[0].values;
        assert_eq!((values[0], values[11]), if strand == Strand::Forward { (1.0, 3.0) } else { (3.0, 1.0) });
        assert!(values[4..8].iter().all(|value| *value > 1.0 && *value < 3.0), "{values:?}");
        assert_eq!(maps[0].probability, 0.75);
        let positions: Vec<i64> = columns(&maps)
            .iter()
            .map(|(_, summit)| super::super::super::columns::position0(&target.place, *summit))
            .collect();
        let mut sorted = positions.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [105, 106, 107], "{strand}");
    }
}

#[test]
fn a_map_of_another_length_is_refused() {
    let target = target(100, 8, Strand::Forward, &[100]);
    let mut stretch = Stretch::new(&target, 8, 1);
    assert!(stretch.add(&target, 0, &reply(&[1.0; 7], 0.5, &[]), &[0]).is_err());
}
