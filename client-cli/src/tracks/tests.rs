use std::path::Path;

use bigtools::BigWigRead;
use proptest::prelude::*;

use super::*;

/// chr2 of 12 bases, chr1 of 60, chr10 of 5: neither in the order of a track.
fn reference(folder: &Path) -> Reference {
    let path = folder.join("genome.fa");
    let one = "ACGT".repeat(15);
    std::fs::write(&path, format!(">chr2\nACGTACGTACGT\n>chr1\n{one}\n>chr10\nACGTA\n")).unwrap();
    std::fs::write(
        folder.join("genome.fa.fai"),
        "chr2\t12\t6\t12\t13\nchr1\t60\t25\t60\t61\nchr10\t5\t93\t5\t6\n",
    )
    .unwrap();
    Reference::open(&path).unwrap()
}

fn value(contig: &str, start0: u64, end0: u64, value: f32) -> TrackValue {
    TrackValue { contig: contig.into(), start0, end0, value }
}

fn good() -> Vec<TrackValue> {
    vec![
        value("chr1", 0, 5, 0.5),
        value("chr1", 5, 6, 0.5),
        value("chr1", 6, 10, 0.25),
        value("chr1", 20, 30, 0.25),
        value("chr1", 55, 60, 0.0),
        value("chr10", 0, 5, -1.5e-7),
        value("chr2", 11, 12, 3.0),
    ]
}

fn write(format: TrackFormat, path: &Path, values: &[TrackValue]) -> Result<u64, TrackError> {
    let folder = tempfile::tempdir().unwrap();
    write_track(format, path, &reference(folder.path()), values.iter().cloned().map(Ok))
}

/// All that a bigWig holds, in the order of its contigs.
fn read(path: &Path) -> Vec<(String, u32, u32, f32)> {
    let mut reader = BigWigRead::open_file(path.to_str().unwrap()).unwrap();
    let chroms: Vec<_> = reader.chroms().iter().map(|chrom| (chrom.name.clone(), chrom.length)).collect();
    let mut all = Vec::new();
    for (name, length) in chroms {
        for entry in reader.get_interval(&name, 0, length).unwrap() {
            let entry = entry.unwrap();
            all.push((name.clone(), entry.start, entry.end, entry.value));
        }
    }
    all
}

#[test]
fn bedgraph_joins_equal_neighbours_and_keeps_zeros() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bedgraph");
    assert_eq!(write(TrackFormat::BedGraph, &path, &good()).unwrap(), 6);
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "chr1\t0\t6\t0.5\nchr1\t6\t10\t0.25\nchr1\t20\t30\t0.25\nchr1\t55\t60\t0\n\
         chr10\t0\t5\t-0.00000015\nchr2\t11\t12\t3\n"
    );
}

#[test]
fn a_bigwig_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bw");
    assert_eq!(write(TrackFormat::BigWig, &path, &good()).unwrap(), 6);
    let at = |contig: &str, start, end, value| (contig.to_owned(), start, end, value);
    assert_eq!(
        read(&path),
        [
            at("chr1", 0, 6, 0.5),
            at("chr1", 6, 10, 0.25),
            at("chr1", 20, 30, 0.25),
            at("chr1", 55, 60, 0.0),
            at("chr10", 0, 5, -1.5e-7),
            at("chr2", 11, 12, 3.0),
        ]
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_no_track_can_hold_leaves_no_file() {
    let bad = [
        (value("chr2", 3, 4, f32::NAN), "the value of chr2:4-4 is NaN"),
        (value("chr2", 3, 4, f32::INFINITY), "is inf"),
        (value("chr2", 11, 12, 1.0), "chr2:12-12 is out of order"),
        (value("chr1", 0, 1, 1.0), "out of order"),
        (value("chr20", 0, 1, 1.0), "chr20:1-1 is not on the contig"),
        (value("chr3", 0, 1, 1.0), "not on the contig"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for format in [TrackFormat::BedGraph, TrackFormat::BigWig] {
        let path = folder.path().join("a.track");
        for (last, words) in &bad {
            let values = [good(), vec![last.clone()]].concat();
            let refused = write(format, &path, &values).unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
            let refused = write(format, &path, &[value("chr1", 50, 61, 1.0)]).unwrap_err().to_string();
            assert!(refused.contains("chr1:51-61 is not on the contig"), "{refused}");
        }
        // Nothing to write is no failure and no file.
        assert_eq!(write(format, &path, &[]).unwrap(), 0);
        let failing = [Ok(value("chr1", 0, 1, 1.0)), Err(TrackError::Stopped)];
        let reference = reference(tempfile::tempdir().unwrap().path());
        assert!(matches!(
            write_track(format, &path, &reference, failing.into_iter()),
            Err(TrackError::Stopped)
        ));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let nowhere =
            write(format, &folder.path().join("no").join("a.track"), &good()).unwrap_err().to_string();
        assert!(nowhere.contains("create the folder"), "{nowhere}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_bigwig_holds_what_a_bedgraph_says(
        steps in proptest::collection::vec((0_u64..4, 1_u64..4, -2_i8..3), 1..20),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut start0 = 0;
        let mut values = Vec::new();
        for (skip, bases, number) in steps {
            start0 += skip;
            if start0 + bases <= 60 {
                values.push(value("chr1", start0, start0 + bases, f32::from(number)));
            }
            start0 += bases;
        }
        let (text, binary) = (folder.path().join("a.bedgraph"), folder.path().join("a.bw"));
        let count = write(TrackFormat::BedGraph, &text, &values).unwrap();
        prop_assert_eq!(write(TrackFormat::BigWig, &binary, &values).unwrap(), count);
        if count > 0 {
            let lines = read(&binary).into_iter().map(|(contig, start, end, value)| format!("{contig}\t{start}\t{end}\t{value}\n"));
            prop_assert_eq!(lines.collect::<String>(), std::fs::read_to_string(&text).unwrap());
        }
    }
}
