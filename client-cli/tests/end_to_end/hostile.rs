//! A corpus of records as the specification allows them and the field writes them, against a golden file; and one variant in
//! all its spellings.

use std::path::Path;
use std::process::Command;

use crate::bundle::{Bundle, COLUMNS, vcf};
use crate::fake_server::{Behavior, Running};
use crate::program::{info, records, run, score, text};

/// Where the golden file is. With POLARIS_WRITE_GOLDEN in the environment it is written anew, to be looked at.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/end_to_end/hostile.golden.vcf");

/// The first five columns of each record.
fn corpus(bundle: &Bundle) -> Vec<String> {
    let base = |at1| bundle.base("chr1", at1);
    let other = |at1| bundle.other("chr1", at1);
    let (a, c) = (base(1700), other(1700));
    let mut rows: Vec<String> = [
        format!("chr1\t1700\tsnv\t{a}\t{c}"),
        format!("chr1\t1700\tlower\t{}\t{}", a.to_lowercase(), c.to_lowercase()),
        format!("chr1\t1700\tsame_place\t{a}\t{c},<DEL>,*,<NON_REF>,."),
        format!("chr1\t1700\tgvcf\t{a}\t<NON_REF>"),
        format!("chr1\t1700\tgvcf_star\t{a}\t<*>"),
        format!("chr1\t1700\tno_alternate\t{a}\t."),
        format!("chr1\t1700\tsymbolic\t{a}\t<DEL>,<DUP:TANDEM>,<INS:ME:ALU>,<CNV:TR>"),
        format!("chr1\t1700\tbreakends\t{a}\t{a}]chr1:90],{a}[chr1:90[,]chr1:90]{a},[chr1:90[{a},.{a},{a}.,{a}[<ctg>:7["),
        format!("chr1\t1700\tiupac\t{a}\tR,M,N,{c}"),
        format!("chr1\t1700\tiupac_reference\tR\t{c}"),
        format!("chr1\t1700\tambiguous_reference\tN\t{c}"),
        format!("chr1\t1700\tmnv\t{a}{}\t{c}{}", base(1701), other(1701)),
        format!("chr1\t1700\tdelins\t{a}{}\t{c}GT", base(1701)),
        format!("chr1\t1700\tinsertion\t{a}\t{a}GATTACA"),
        format!("chr1\t1700\tdeletion\t{a}{}\t{a}", base(1701)),
        format!("chr1\t1700\tnothing\t{a}\t{a}"),
        format!("chr1\t1700\ttwice\t{a}\t{c},{c}"),
        format!("chr1\t1700\twrong_reference\t{c}\t{a}"),
        format!("chr1\t1200\tunsorted\t{}\t{}", base(1200), other(1200)),
        format!("chr1\t500\tlong_deletion\t{}\t{}", bundle.sequence("chr1", 499, 3000), base(500)),
        format!("chr1\t6000\tpast_the_end\t{}{}\t{}", base(6000), "ACGT".repeat(2500), base(6000)),
        format!("chr1\t1700\tlong_insertion\t{a}\t{a}{}", "ACGT".repeat(2500)),
        format!("chr1\t0\ttelomere\tN\t{c}"),
        format!("chr1\t6001\tend_telomere\tN\t{c}"),
        format!("1\t1700\tother_style\t{a}\t{c}"),
        "MT\t1\tother_contig\tA\tC".to_owned(),
        "HLA-A*01:01:01:01\t1\tcolons\tA\tC".to_owned(),
        format!("chr1\t1700\tid;with;semicolons\t{a}\t{c}"),
    ]
    .to_vec();
    rows.push(
        "chr2\t500\tno_genes\t".to_owned() + &bundle.base("chr2", 500) + "\t" + bundle.other("chr2", 500),
    );
    rows.push("chr3\t2000\tunsequenced\tN\tA".to_owned());
    rows
}

fn ours(line: &str) -> bool {
    line.starts_with("##INFO=<ID=POLARIS_") || line.starts_with("##POLARIS_")
}

#[test]
fn the_corpus_gives_what_was_looked_at() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    // No contigs in the header, ends of lines of another system, fields that no header declares.
    let mut text_in = format!("##fileformat=VCFv4.2\n{}", COLUMNS.replace("INFO", "INFO\tFORMAT\tS1"));
    for (index, row) in corpus(&bundle).iter().enumerate() {
        let rest =
            ["\t.\t.\t.\tGT\t.", "\t1e3\tq10;s50\tDP=3;XX;POLARIS_DELTA=9;YY=a b\tGT:AD\t0/1:3,4"][index % 2];
        text_in += &format!("{row}{rest}\n");
    }
    let golden = |ending: &str| {
        let input = bundle.file("in.vcf", text_in.replace('\n', ending));
        let output = bundle.folder().join("out.vcf");
        run(&mut score(&input, &bundle.directory(), &server.url, &output)).succeeded();
        let found = text(&output);
        assert!(found.split_inclusive('\n').all(|line| line.ends_with(ending)));
        let lines: Vec<&str> = found.lines().filter(|line| !ours(line)).collect();
        lines.join("\n") + "\n"
    };
    let found = golden("\n");
    if std::env::var_os("POLARIS_WRITE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &found).unwrap();
    }
    let expected = std::fs::read_to_string(GOLDEN).unwrap();
    for (line, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(line, expected);
    }
    assert_eq!(found.len(), expected.len());
    assert_eq!(golden("\r\n"), expected);
    // Everything but INFO is as it came.
    let columns = |text: &str| -> Vec<Vec<String>> {
        let mut records = records(text);
        records.iter_mut().for_each(|record| drop(record.remove(7)));
        records
    };
    assert_eq!(columns(&found), columns(&text_in));
}

/// The loss of one of two equal bases, in six spellings: reference, alternate, position.
fn spellings(bundle: &Bundle) -> Vec<(String, String, i64)> {
    // Where a base repeats the one before, so that there is more than one place for it.
    let twice = (1300..1900).find(|&at1| bundle.base("chr1", at1) == bundle.base("chr1", at1 + 1)).unwrap();
    let bases =
        |from1: i64, to1: i64| bundle.sequence("chr1", from1 - 1, usize::try_from(to1 - from1 + 1).unwrap());
    let stretches = [(-1, 0), (-3, 0), (-1, 4), (0, 1), (-2, 2), (1, 3)];
    stretches
        .map(|(before, after)| {
            let (from1, to1) = (twice + before, twice + after);
            let reference = bases(from1, to1);
            let mut alternate = reference.clone();
            // Either of the two bases: they are the same.
            alternate.remove(usize::try_from(twice.max(from1) - from1).unwrap());
            (reference, alternate, from1)
        })
        .to_vec()
}

#[test]
fn six_spellings_on_two_contig_styles_split_and_joined_score_alike() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let score_of = |rows: &[String]| -> Vec<(Vec<String>, Vec<String>)> {
        let input = bundle.file("in.vcf", vcf(rows));
        let output = bundle.folder().join("out.vcf");
        run(&mut score(&input, &bundle.directory(), &server.url, &output)).succeeded();
        let fields = |record: &Vec<String>| (info(record, "POLARIS_DELTA"), info(record, "POLARIS_MODEL"));
        records(&text(&output)).iter().map(fields).collect()
    };
    let mut split = Vec::new();
    for contig in ["chr1", "1"] {
        for (reference, alternate, at1) in spellings(&bundle) {
            split.push(format!("{contig}\t{at1}\t.\t{reference}\t{alternate}"));
        }
    }
    let scores = score_of(&split);
    assert_eq!(scores.len(), 12);
    assert_ne!(scores[0].0, ["."]);
    assert!(scores.iter().all(|score| *score == scores[0]), "{scores:?}");
    // Joined with another allele of the same record.
    let joined: Vec<String> = split
        .iter()
        .map(|row| {
            let columns: Vec<&str> = row.split('\t').collect();
            let wrong = "<DUP>";
            [&columns[..4].join("\t"), "\t", wrong, ",", columns[4]].concat()
        })
        .collect();
    for (deltas, models) in score_of(&joined) {
        assert_eq!((&deltas[1..], &models[1..]), (&scores[0].0[..], &scores[0].1[..]));
        assert_eq!(deltas[0], ".");
    }
}

#[test]
fn bcftools_splits_and_joins_our_fields() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let row = bundle.substitution("chr1", 2700);
    let other = ["A", "C", "G", "T"].into_iter().find(|base| !row[row.len() - 3..].contains(base)).unwrap();
    let input = bundle.file("in.vcf", vcf(&[format!("{row},{other}")]));
    let output = bundle.folder().join("out.vcf");
    let mut command = score(&input, &bundle.directory(), &server.url, &output);
    run(command.args(["--models", "QKI.K562"])).succeeded();
    let norm = |how: &str, from: &Path, to: &Path| {
        let command =
            Command::new("bcftools").args(["norm", "--no-version", how]).arg("-o").arg(to).arg(from).output();
        command
            .ok()
            .map(|output| assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)))
    };
    let (split, joined) = (bundle.folder().join("split.vcf"), bundle.folder().join("joined.vcf"));
    if norm("-m-", &output, &split).and_then(|()| norm("-m+", &split, &joined)).is_none() {
        return eprintln!("skipped: bcftools is not installed");
    }
    let (before, after) = (records(&text(&output)), records(&text(&joined)));
    assert_eq!(records(&text(&split)).len(), 2);
    for id in
        ["DELTA", "MODEL", "REF", "ALT", "STRAND", "QUANTILE", "SKIPPED", "DELTA_QKI.K562", "STRAND_QKI.K562"]
    {
        let id = format!("POLARIS_{id}");
        assert_eq!(info(&after[0], &id), info(&before[0], &id), "{id}");
    }
}
