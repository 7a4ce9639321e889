//! Sequences of one's own.

use std::process::Stdio;

use polaris_proto::v1::LocalizationMethod::GradCam;

use super::{localize, out, rows, without_reference};
use crate::bundle::{Bundle, LENGTH};
use crate::fake_server::{Behavior, Running, map_value};
use crate::program::{bgzip, run};

#[test]
fn records_need_no_reference_and_are_told_by_content() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let long = bundle.sequence("chr1", 1000, 400);
    let whole = bundle.sequence("chr1", 3000, LENGTH);
    let fasta =
        format!(">short first one\nACGUUnacg\n>whole\n{whole}\n>long\n{}\n{}\n", &long[..60], &long[60..]);
    let records = [("short", "ACGTTNACG"), ("whole", whole.as_str()), ("long", long.as_str())];
    let mut expected = Vec::new();
    for (name, sequence) in records {
        for model in ["QKI.K562", "TARDBP.HepG2"] {
            for (position1, base) in (1..).zip(sequence.chars()).filter(|(_, base)| *base != 'N') {
                let value = map_value(base, model, GradCam).to_string();
                let position1: i64 = position1;
                let row =
                    [name, &position1.to_string(), "0", "+", &base.to_string(), name, model, "ref", &value];
                expected.push(row.map(str::to_owned).to_vec());
            }
        }
    }
    for content in [fasta.clone().into_bytes(), bgzip(&fasta)] {
        let input = bundle.file("in.txt", content);
        let mut command = without_reference(&bundle, &server.url, input.to_str().unwrap());
        let ended = run(command.args(["--expression", "12.5", "--region", "3utr"])).succeeded();
        assert!(ended.stderr.contains("3 records, "), "{}", ended.stderr);
        assert!(rows(&out(&bundle, "maps.tsv.gz")) == expected);
        assert_eq!(rows(&out(&bundle, "gaps.tsv")), [["short", "6", "6", "+", "short", "unknown_base"]]);
    }
    let mut command = without_reference(&bundle, &server.url, "-");
    command
        .arg("-q")
        .stdin(std::fs::File::open(bundle.folder().join("in.txt")).unwrap())
        .stderr(Stdio::piped());
    let ended = run(&mut command).succeeded();
    assert_eq!(ended.stderr, "");
    assert!(rows(&out(&bundle, "maps.tsv.gz")) == expected);
}

#[test]
fn a_bed_on_standard_input_is_one_too() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let input = bundle.file("in.bed", "chr1\t1200\t1203\tx\n");
    let mut command = localize(&bundle, &server.url, "-");
    run(command.args(["--format", "tsv"]).stdin(std::fs::File::open(input).unwrap())).succeeded();
    assert_eq!(rows(&out(&bundle, "maps.tsv.gz")).len(), 2 * 3);
}
