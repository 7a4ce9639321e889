use std::collections::BTreeMap;

use polaris_genomics::Window;
use proptest::prelude::*;

use super::super::columns::Columns;
use super::super::explained::{LayerMap, ModelMaps};
use super::*;

fn explained(contig: &str, start0: i64, strand: Strand, letters: &[u8], models: &[&[f32]]) -> Explained {
    let place = Window { contig: contig.into(), start0, length: letters.len(), strand };
    let model = |values: &&[f32]| ModelMaps {
        maps: vec![LayerMap { layer: Layer::Reference, values: values.to_vec(), clusters: Vec::new() }],
        ..ModelMaps::default()
    };
    Explained {
        name: "x".into(),
        columns: Columns::of_stretch(place, letters.to_vec()),
        gaps: Vec::new(),
        windows: 1,
        models: models.iter().map(model).collect(),
    }
}

#[test]
fn tracks_are_sorted_and_overlaps_have_the_first_value() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::create(folder.path()).unwrap();
    let (plus, minus) = (Strand::Forward, Strand::Reverse);
    spool.add(&explained("chr2", 12, plus, b"AAA", &[&[5.0, 6.0, 7.0], &[0.0; 3]])).unwrap();
    spool.add(&explained("chr2", 10, plus, b"ANAA", &[&[1.0, 2.0, 3.0, 4.0], &[0.5; 4]])).unwrap();
    spool.add(&explained("chr2", 11, minus, b"AC", &[&[8.0, 9.0], &[0.25; 2]])).unwrap();
    spool.add(&explained("chr10", 0, plus, b"A", &[&[-1.0], &[0.0]])).unwrap();
    let tracks = spool.into_tracks().unwrap();
    let go_on = AtomicBool::new(false);
    let values = |model, strand| -> Vec<(String, u64, f32)> {
        let values = tracks.values(model, strand, &go_on).map(Result::unwrap);
        values.map(|value| (value.contig.to_string(), value.start0, value.value)).collect()
    };
    let own = |rows: &[(&str, u64, f32)]| -> Vec<(String, u64, f32)> {
        rows.iter().map(|&(contig, start0, value)| (contig.to_owned(), start0, value)).collect()
    };
    assert_eq!(
        values(0, plus),
        own(&[
            ("chr10", 0, -1.0),
            ("chr2", 10, 1.0),
            ("chr2", 12, 3.0),
            ("chr2", 13, 4.0),
            ("chr2", 14, 7.0)
        ])
    );
    assert_eq!(values(0, minus), own(&[("chr2", 11, 9.0), ("chr2", 12, 8.0)]));
    assert_eq!(values(1, minus), own(&[("chr2", 11, 0.25), ("chr2", 12, 0.25)]));
    let stopped = AtomicBool::new(true);
    assert!(matches!(tracks.values(0, plus, &stopped).next(), Some(Err(TrackError::Stopped))));
}
/// The forward strand's values of the first model.
fn forward(spool: Spool) -> Vec<(String, u64, f32)> {
    let (tracks, go_on) = (spool.into_tracks().unwrap(), AtomicBool::new(false));
    let values = tracks.values(0, Strand::Forward, &go_on).map(Result::unwrap);
    values.map(|value| (value.contig.to_string(), value.start0, value.value)).collect()
}

#[test]
fn a_later_stretch_has_what_an_earlier_leaves_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::create(folder.path()).unwrap();
    let plus = Strand::Forward;
    spool.add(&explained("chr1", 10, plus, b"AANNNA", &[&[1.0; 6]])).unwrap();
    spool.add(&explained("chr1", 11, plus, b"AAA", &[&[2.0; 3]])).unwrap();
    spool.add(&explained("chr1", 13, plus, b"NAAA", &[&[3.0; 4]])).unwrap();
    let values: Vec<(u64, f32)> = forward(spool).into_iter().map(|(_, at0, value)| (at0, value)).collect();
    assert_eq!(values, [(10, 1.0), (11, 1.0), (12, 2.0), (13, 2.0), (14, 3.0), (15, 1.0), (16, 3.0)]);
}

#[test]
fn values_are_read_block_by_block() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::create(folder.path()).unwrap();
    let block = usize::try_from(BLOCK_BASES).unwrap();
    let long: Vec<f32> = (0_u16..).take(block + 3).map(f32::from).collect();
    let letters = vec![b'A'; long.len()];
    spool.add(&explained("chr1", 7, Strand::Forward, &letters, &[&vec![-1.0; long.len()], &long])).unwrap();
    let tracks = spool.into_tracks().unwrap();
    let stopped = AtomicBool::new(false);
    let whole: Vec<f32> =
        tracks.values(1, Strand::Forward, &stopped).map(|value| value.unwrap().value).collect();
    assert_eq!(whole, long);
    let mut values = tracks.values(1, Strand::Forward, &stopped);
    assert!(values.by_ref().take(block).all(|value| value.is_ok()));
    stopped.store(true, Ordering::Relaxed);
    assert!(matches!(values.next(), Some(Err(TrackError::Stopped))));
    assert!(values.next().is_none());
}

proptest! {
    #[test]
    fn each_base_has_the_first_value_said_of_it(
        stretches in prop::collection::vec((0..3_u8, 0..30_i64, "[AN]{1,12}"), 0..12),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::create(folder.path()).unwrap();
        let mut sorted = Vec::new();
        for (value, (contig, start0, letters)) in (0_u16..).map(f32::from).zip(&stretches) {
            let contig = format!("chr{contig}");
            let values = vec![value; letters.len()];
            spool.add(&explained(&contig, *start0, Strand::Forward, letters.as_bytes(), &[&values])).unwrap();
            sorted.push((contig, *start0, letters, value));
        }
        sorted.sort_by(|left, right| (&left.0, left.1).cmp(&(&right.0, right.1)));
        let mut expected = BTreeMap::new();
        for (contig, start0, letters, value) in sorted {
            let bases = (u64::try_from(start0).unwrap()..).zip(letters.bytes());
            for (at0, _) in bases.filter(|(_, letter)| *letter == b'A') {
                expected.entry((contig.clone(), at0)).or_insert(value);
            }
        }
        let expected: Vec<_> =
            expected.into_iter().map(|((contig, at0), value)| (contig, at0, value)).collect();
        prop_assert_eq!(forward(spool), expected);
    }
}
