use std::fs::File;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row as Record_};
use polaris_genomics::{RegionClass, Strand};

use super::super::super::plan::Placement;
use super::super::super::reply::ModelScore;
use super::*;
use crate::vcf::{Line, Record};

/// Writes `records` records of one scored and one skipped allele, in groups of so many bytes.
fn written(path: &std::path::Path, records: u64, group_bytes: usize) -> Vec<Vec<(String, Field)>> {
    let mut table = Box::new(ParquetTable::create(&Destination::File(path.to_owned())).unwrap());
    table.group_bytes = group_bytes;
    table.begin(&["A.K562".to_owned(), "QKI.K562".to_owned()]);
    let placement =
        Placement { window: 0, allele: 0, strand: Strand::Reverse, transcribed: true, genes: "G1,G2".into() };
    let score = |model, delta, quantile| ModelScore {
        model,
        strand: Strand::Reverse,
        reference: 0.5,
        alternate: 0.5 + delta,
        delta,
        logit_delta: -1.5,
        spread: 0.0,
        quantile,
    };
    for position1 in 1..=records {
        let line = Line::new(format!("chr1\t{position1}\t.\tA\tC,<DEL>\t.\t.\t.\n").into_bytes(), 1);
        let record = Record::parse(line, "in.vcf").unwrap();
        let strands = [StrandScores {
            placement: &placement,
            region: Some(RegionClass::Intron),
            scores: vec![score("QKI.K562", -0.25, None), score("A.K562", 0.1, Some(0.75))],
        }];
        table.push_scored(&Allele { record: &record, alternate: b"C", index1: 1 }, &strands);
        table.push_skipped(&Allele { record: &record, alternate: b"<DEL>", index1: 2 }, SkipReason::Symbolic);
        table.pass_on().unwrap();
    }
    assert!(!path.exists());
    table.finish().unwrap().0.publish().unwrap();
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    if group_bytes == 0 {
        assert_eq!(u64::try_from(reader.num_row_groups()).unwrap(), records);
    }
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row: Result<Record_, _>| {
        row.unwrap().get_column_iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    })
    .collect()
}

#[test]
fn what_was_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let rows = written(&folder.path().join("all.parquet"), 2, usize::MAX);
    let text = |text: &str| Field::Str(text.to_owned());
    let place = |position1, alternate, allele_index| {
        [
            text("chr1"),
            Field::Long(position1),
            Field::Null,
            text("A"),
            text(alternate),
            Field::Int(allele_index),
        ]
    };
    let transcript = || [text("-"), Field::Bool(true), text("G1,G2"), text("intron")];
    let scores = |alternate, delta, quantile| {
        let [alternate, delta] = [alternate, delta].map(Field::Float);
        [Field::Float(0.5), alternate, delta, Field::Float(-1.5), Field::Float(0.0), quantile]
    };
    let mut expected: Vec<Vec<Field>> = Vec::new();
    for position1 in [1, 2] {
        for (model, numbers) in
            [("QKI.K562", scores(0.25, -0.25, Field::Null)), ("A.K562", scores(0.6, 0.1, Field::Float(0.75)))]
        {
            let row = place(position1, "C", 1).into_iter().chain(transcript()).chain([text(model)]);
            expected.push(row.chain(numbers).chain([Field::Null]).collect());
        }
        let nothing = std::iter::repeat_n(Field::Null, 11);
        expected.push(
            place(position1, "<DEL>", 2).into_iter().chain(nothing).chain([text("symbolic")]).collect(),
        );
    }
    let found: Vec<Vec<Field>> =
        rows.iter().map(|row| row.iter().map(|(_, value)| value.clone()).collect()).collect();
    assert_eq!(found, expected);
    let names: Vec<&str> = rows[0].iter().map(|(name, _)| name.as_str()).collect();
    let header = super::super::text::header(super::super::text::TextForm::Long, &[]);
    assert_eq!(names, header.trim_end().split('\t').collect::<Vec<_>>());
}

#[test]
fn groups_do_not_change_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let whole = written(&folder.path().join("whole.parquet"), 3000, usize::MAX);
    assert_eq!(whole.len(), 9000);
    assert_eq!(written(&folder.path().join("groups.parquet"), 3000, 100_000), whole);
    assert_eq!(written(&folder.path().join("single.parquet"), 3000, 0), whole);
}

#[test]
fn broken_off_it_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    drop(ParquetTable::create(&Destination::File(folder.path().join("all.parquet"))).unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
