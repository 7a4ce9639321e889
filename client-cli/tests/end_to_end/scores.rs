//! Right windows, right answers, in the right place.

use std::process::Command;

use crate::bundle::{Bundle, LENGTH, vcf};
use crate::fake_server::{Behavior, Running, probability};
use crate::program::{bgzip, info, outputs, records, run, score, text};

/// The other strand.
pub(crate) fn reverse_complement(sequence: &str) -> String {
    let complement = |base| match base {
        'A' => 'T',
        'C' => 'G',
        'G' => 'C',
        'T' => 'A',
        other => other,
    };
    sequence.chars().rev().map(complement).collect()
}

fn near(text: &str, value: f32) -> bool {
    (text.parse::<f32>().unwrap() - value).abs() < 2e-6
}

#[test]
fn a_substitution_is_scored_in_its_window() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    // Forward gene alone, reverse gene alone, at the contig's very start (nearest gene is forward).
    for (position1, forward) in [(1700, true), (4000, false), (1, true)] {
        let input = bundle.file("in.vcf", vcf(&[bundle.substitution("chr1", position1)]));
        let output = bundle.folder().join("out.vcf");
        run(&mut score(&input, &bundle.directory(), &server.url, &output)).succeeded();
        let record = records(&text(&output)).remove(0);

        let reference = bundle.sequence("chr1", position1 - 1 - 75, LENGTH);
        let mut alternate = reference.clone();
        alternate.replace_range(75..76, bundle.other("chr1", position1));
        let [reference, alternate] =
            [reference, alternate].map(|window| if forward { window } else { reverse_complement(&window) });
        let delta = |model| probability(&alternate, model) - probability(&reference, model);
        let (first, second) = ("QKI.K562", "TARDBP.HepG2");
        let model = if delta(second).abs() > delta(first).abs() { second } else { first };

        assert_eq!(info(&record, "POLARIS_MODEL"), [model]);
        assert_eq!(info(&record, "POLARIS_STRAND"), [if forward { "+" } else { "-" }]);
        assert!(near(&info(&record, "POLARIS_DELTA")[0], delta(model)), "{record:?}");
        assert!(near(&info(&record, "POLARIS_REF")[0], probability(&reference, model)), "{record:?}");
        assert!(near(&info(&record, "POLARIS_ALT")[0], probability(&alternate, model)), "{record:?}");
        assert_eq!(info(&record, "POLARIS_QUANTILE"), [if model == first { "0.75" } else { "." }]);
        assert_eq!(info(&record, "POLARIS_SKIPPED"), ["."]);
    }
}

#[test]
fn on_a_grid_windows_start_at_multiples_and_are_shared() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    // Centred windows would start at 1613, 1614 and 1628, 0-based; 1616 is a multiple of 16.
    let positions = [1689, 1690, 1704];
    let input =
        bundle.file("in.vcf", vcf(&positions.map(|position1| bundle.substitution("chr1", position1))));
    let output = bundle.folder().join("out.vcf");
    run(score(&input, &bundle.directory(), &server.url, &output).args(["--window-grid", "16"])).succeeded();
    for (record, (position1, start0)) in
        records(&text(&output)).iter().zip(positions.into_iter().zip([1600, 1600, 1616]))
    {
        let reference = bundle.sequence("chr1", start0, LENGTH);
        let mut alternate = reference.clone();
        let offset0 = usize::try_from(position1 - 1 - start0).unwrap();
        alternate.replace_range(offset0..=offset0, bundle.other("chr1", position1));
        let references = ["QKI.K562", "TARDBP.HepG2"].map(|model| probability(&reference, model));
        let alternates = ["QKI.K562", "TARDBP.HepG2"].map(|model| probability(&alternate, model));
        let model =
            usize::from((alternates[1] - references[1]).abs() > (alternates[0] - references[0]).abs());
        assert!(near(&info(record, "POLARIS_REF")[0], references[model]), "{record:?}");
        assert!(near(&info(record, "POLARIS_ALT")[0], alternates[model]), "{record:?}");
    }
    // Two windows for three records.
    assert_eq!(server.distinct_sequences(), 2);
}

#[test]
fn the_table_has_every_strand_and_model() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let both = format!("{},<DEL>", bundle.substitution("chr1", 2700));
    let between = bundle.substitution("chr1", 5600);
    let input = bundle.file("in.vcf", vcf(&[both, between]));
    let (output, table) = (bundle.folder().join("out.vcf"), bundle.folder().join("out.tsv.gz"));
    run(score(&input, &bundle.directory(), &server.url, &output).arg("--tsv").arg(&table)).succeeded();

    let table = text(&table);
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let kinds: Vec<_> =
        rows.iter().map(|row| [row[1], row[5], row[6], row[7], row[8], row[9], row[10], row[17]]).collect();
    assert_eq!(
        kinds,
        [
            ["2700", "1", "+", "yes", "FORWARD", "exon", "QKI.K562", "."],
            ["2700", "1", "+", "yes", "FORWARD", "exon", "TARDBP.HepG2", "."],
            ["2700", "1", "-", "yes", "REVERSE", "exon", "QKI.K562", "."],
            ["2700", "1", "-", "yes", "REVERSE", "exon", "TARDBP.HepG2", "."],
            ["2700", "2", ".", ".", ".", ".", ".", "symbolic"],
            ["5600", "1", "-", "nearest", "REVERSE", "1to5kb", "QKI.K562", "."],
            ["5600", "1", "-", "nearest", "REVERSE", "1to5kb", "TARDBP.HepG2", "."],
        ]
    );
    // INFO has the row with the largest change.
    let largest = rows[..4].iter().max_by(|a, b| {
        let size = |row: &[&str]| row[13].parse::<f32>().unwrap().abs();
        size(a).total_cmp(&size(b))
    });
    let record = &records(&text(&output))[0];
    assert_eq!(info(record, "POLARIS_DELTA"), [largest.unwrap()[13], "."]);
}

#[test]
fn all_spellings_of_an_indel_score_alike() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let base = |position1| bundle.base("chr1", position1);
    // A deletion of one base, padded on the left, padded on both sides, and under the other contig name.
    let deleted = (base(1799) + &base(1800), base(1799));
    let padded = (base(1799) + &base(1800) + &base(1801), base(1799) + &base(1801));
    let input = bundle.file(
        "in.vcf",
        vcf(&[
            format!("chr1\t1799\ta\t{}\t{}", deleted.0, deleted.1),
            format!("chr1\t1799\tb\t{}\t{}", padded.0, padded.1),
            format!("1\t1799\tc\t{}\t{}", deleted.0.to_lowercase(), deleted.1.to_lowercase()),
        ]),
    );
    let output = bundle.folder().join("out.vcf");
    run(&mut score(&input, &bundle.directory(), &server.url, &output)).succeeded();
    let scored = records(&text(&output));
    assert_ne!(info(&scored[0], "POLARIS_DELTA"), ["."]);
    assert_eq!(scored[1][7], scored[0][7]);
    assert_eq!(scored[2][7], scored[0][7]);
}

#[test]
fn chosen_models_alone_answer() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let input = bundle.file("in.vcf", vcf(&[bundle.substitution("chr1", 1700)]));
    let output = bundle.folder().join("out.vcf");
    let mut command = score(&input, &bundle.directory(), &server.url, &output);
    run(command.args(["--models", "TARDBP.HepG2"])).succeeded();
    let text = text(&output);
    assert_eq!(info(&records(&text)[0], "POLARIS_MODEL"), ["TARDBP.HepG2"]);
    assert!(text.contains("\n##POLARIS_models=1\n"), "{text}");
}

#[test]
fn order_is_kept_and_bcftools_reads_it() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let rows: Vec<String> =
        (200..5800).step_by(4).map(|position1| bundle.substitution("chr1", position1)).collect();
    let input = bundle.file("in.vcf.gz", bgzip(&vcf(&rows)));
    let output = bundle.folder().join("out.vcf.gz");
    let ended = run(&mut score(&input, &bundle.directory(), &server.url, &output)).succeeded();
    let count = rows.len();
    assert!(
        ended.stderr.contains(&format!("{count} records, {count} alleles: {count} scored, 0 skipped")),
        "{}",
        ended.stderr
    );
    let written: Vec<String> = records(&text(&output)).iter().map(|record| record[..5].join("\t")).collect();
    assert_eq!(written, rows);
    assert_eq!(outputs(bundle.folder()), ["out.vcf.gz"]);

    let bcftools = |arguments: &[&str]| Command::new("bcftools").args(arguments).arg(&output).output();
    let Ok(viewed) = bcftools(&["view", "--no-header"]) else {
        return eprintln!("skipped: bcftools is not installed");
    };
    assert!(
        viewed.status.success() && viewed.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&viewed.stderr)
    );
    assert_eq!(viewed.stdout.iter().filter(|&&byte| byte == b'\n').count(), count);
    let indexed = bcftools(&["index"]).unwrap();
    assert!(
        indexed.status.success() && indexed.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&indexed.stderr)
    );
}
