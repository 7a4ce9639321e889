//! Nothing lost: every record comes out, every allele has a score or a reason.

use crate::bundle::{Bundle, COLUMNS, vcf};
use crate::fake_server::{Behavior, Running};
use crate::program::{info, records, run, score, text};

#[test]
fn every_hostile_allele_has_its_reason() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let base = |position1| bundle.base("chr1", position1);
    let (a, other) = (base(1700), bundle.other("chr1", 1700));
    let long = bundle.sequence("chr1", 1699, 77);
    let dark = bundle.base("chr3", 3030);
    let cases: Vec<(String, &str)> = vec![
        (format!("chr1\t1700\t.\t{a}\t{other}"), "."),
        (format!("1\t1700\t.\t{}\t{}", a.to_lowercase(), other.to_lowercase()), "."),
        (format!("chr1\t1700\t.\t{a}\t{other},*,<DEL>"), ".,spanning_deletion,symbolic"),
        (format!("chr1\t1700\t.\t{a}\t<NON_REF>"), "symbolic"),
        (format!("chr1\t1700\t.\t{a}\t."), "missing"),
        (format!("chr1\t1700\t.\t{a}\t{other},"), ".,missing"),
        (format!("chr1\t1700\t.\t{a}\t{a}]chr1:90],.{a}"), "breakend,breakend"),
        (format!("chr1\t1700\t.\t{a}\tR,{other}"), "non_acgt,."),
        (format!("chr1\t1700\t.\tM\t{other}"), "non_acgt"),
        (format!("chr1\t1700\t.\t{a}\t\u{e9}"), "non_acgt"),
        (format!("chr1\t1700\t.\t{a}\t{a}"), "no_change"),
        (format!("chr7\t1700\t.\t{a}\t{other}"), "contig_unknown"),
        (format!("\t1700\t.\t{a}\t{other}"), "contig_unknown"),
        (format!("chr1\t0\t.\t{a}\t{other}"), "off_contig"),
        (format!("chr1\t6001\t.\t{a}\t{other}"), "off_contig"),
        (format!("chr1\t6000\t.\t{}A\t{}", base(6000), base(6000)), "off_contig"),
        (format!("chr1\t18446744073709551615\t.\t{a}\t{other}"), "off_contig"),
        (format!("chr1\t1700\t.\t{other}\t{a}"), "ref_mismatch"),
        (format!("chr1\t1700\t.\t{long}\t{a}"), "too_long"),
        (bundle.substitution("chr2", 500), "no_transcript"),
        ("chr3\t2000\t.\tN\tA".to_owned(), "unsequenced"),
        (format!("chr3\t3030\t.\t{dark}\t{}", bundle.other("chr3", 3030)), "."),
        (bundle.substitution("chr3", 3010), "."),
        (format!("chr1\t1700\t.\t{a}\tN"), "non_acgt"),
        (format!("chr1\t1\t.\t{}\tT{}", base(1), base(1)), "."),
        (format!("chr1\t5999\t.\t{}\t{}GG", base(5999), base(5999)), "."),
        // Stands before base 6001: 75 of the window's 151 bases are on the contig.
        (format!("chr1\t6000\t.\t{}\t{}GG", base(6000), base(6000)), "unsequenced"),
    ];
    let rows: Vec<String> = cases.iter().map(|(row, _)| row.clone()).collect();
    let input = bundle.file("in.vcf", vcf(&rows));
    let output = bundle.folder().join("out.vcf");
    let ended = run(&mut score(&input, &bundle.directory(), &server.url, &output)).succeeded();
    let scored = records(&text(&output));
    assert_eq!(scored.len(), cases.len());
    for (record, (row, expected)) in scored.iter().zip(&cases) {
        assert_eq!(record[..5].join("\t"), *row);
        assert_eq!(info(record, "POLARIS_SKIPPED").join(","), *expected, "{row}");
        let alleles = record[4].split(',').count();
        for id in ["DELTA", "MODEL", "REF", "ALT", "STRAND", "QUANTILE", "SKIPPED"] {
            assert_eq!(info(record, &format!("POLARIS_{id}")).len(), alleles, "{id} of {row}");
        }
        for (delta, reason) in info(record, "POLARIS_DELTA").iter().zip(info(record, "POLARIS_SKIPPED")) {
            assert_eq!(delta == ".", reason != ".", "{row}");
        }
    }
    let reasons: Vec<&str> = cases.iter().flat_map(|(_, reasons)| reasons.split(',')).collect();
    let done = reasons.iter().filter(|reason| **reason == ".").count();
    let total = format!(
        "{} records, {} alleles: {done} scored, {} skipped",
        cases.len(),
        reasons.len(),
        reasons.len() - done
    );
    assert!(ended.stderr.contains(&total), "{total}\n{}", ended.stderr);
    assert!(ended.stderr.contains("skipped, off_contig: 4"), "{}", ended.stderr);
}

#[test]
fn what_came_in_comes_out() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let snv = bundle.substitution("chr1", 1700);
    let head = "##fileformat=VCFv4.2\r\n##odd header, kept\r\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\tS 2\r\n";
    let body =
        format!("{snv}\t1e3\tq10;s50\tDP=3;FLAG;AF=0.50\tGT:AD\t0/1:3,4\t./.\r\n{snv}\t.\t.\t.\tGT\t.\t.");
    let input = bundle.file("in.vcf", head.to_owned() + &body);
    let output = bundle.folder().join("out.vcf");
    run(&mut score(&input, &bundle.directory(), &server.url, &output)).succeeded();
    let written = text(&output);
    let ours = |line: &str| line.starts_with("##INFO=<ID=POLARIS_") || line.starts_with("##POLARIS_");
    let stripped: String = written
        .split_inclusive('\n')
        .filter(|line| !ours(line))
        .map(|line| match (line.find("POLARIS_DELTA"), line.find("\tGT")) {
            (Some(start), Some(end)) => format!("{}{}", &line[..start], &line[end..]),
            _ => line.to_owned(),
        })
        .collect();
    let expected =
        (head.to_owned() + &body).replace("AF=0.50", "AF=0.50;").replace("\t.\t.\t.\tGT", "\t.\t.\t\tGT");
    assert_eq!(stripped, expected);
    assert!(written.lines().take(14).all(|line| written.contains(&format!("{line}\r\n"))));
}

#[test]
fn annotating_again_changes_nothing() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let rows = [bundle.substitution("chr1", 1700), format!("{},<DEL>", bundle.substitution("chr1", 2700))];
    let input = bundle.file("in.vcf", vcf(&rows));
    let (once, twice) = (bundle.folder().join("once.vcf"), bundle.folder().join("twice.vcf"));
    run(&mut score(&input, &bundle.directory(), &server.url, &once)).succeeded();
    run(&mut score(&once, &bundle.directory(), &server.url, &twice)).succeeded();
    let lines = |path| {
        let text = text(path);
        text.lines()
            .filter(|line| !line.starts_with("##POLARIS_command"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(&twice), lines(&once));
    assert_eq!(text(&twice).matches("##POLARIS_command=").count(), 1);
}

#[test]
fn a_vcf_without_records_has_its_header() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let output = bundle.folder().join("out.vcf");
    for ending in ["\n", ""] {
        let input = bundle.file("in.vcf", format!("##fileformat=VCFv4.2\n{}{ending}", COLUMNS.trim_end()));
        let ended = run(&mut score(&input, &bundle.directory(), &server.url, &output)).succeeded();
        assert!(ended.stderr.contains("0 records, 0 alleles: 0 scored, 0 skipped"), "{}", ended.stderr);
        assert!(text(&output).starts_with("##fileformat=VCFv4.2\n##INFO=<ID=POLARIS_DELTA,"));
        assert!(
            text(&output).ends_with(&format!(
                "##POLARIS_device=not told by the server\n{}{ending}",
                COLUMNS.trim_end()
            ))
        );
    }
}
