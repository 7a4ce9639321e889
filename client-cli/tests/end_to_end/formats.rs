//! Any form in, any form out, and an index beside it.

use std::path::Path;
use std::process::Command;

use crate::bundle::{Bundle, vcf};
use crate::fake_server::{Behavior, Running};
use crate::program::{bgzip, outputs, records, run, score, text};

/// A VCF with everything that BCF has a form for.
fn rich(bundle: &Bundle) -> String {
    let mut text = "##fileformat=VCFv4.2\n##FILTER=<ID=PASS,Description=\"All filters passed\">\n\
        ##FILTER=<ID=q10,Description=\"Low\">\n##INFO=<ID=DP,Number=1,Type=Integer,Description=\"x\">\n\
        ##INFO=<ID=AF,Number=A,Type=Float,Description=\"x\">\n##INFO=<ID=DB,Number=0,Type=Flag,Description=\"x\">\n\
        ##FORMAT=<ID=GT,Number=1,Type=String,Description=\"x\">\n##FORMAT=<ID=AD,Number=R,Type=Integer,Description=\"x\">\n\
        ##contig=<ID=chr1,length=6000>\n##contig=<ID=chr2,length=2000>\n\
        #CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\tS2\n"
        .to_owned();
    for position1 in (1200..1800).step_by(7) {
        let row = bundle.substitution("chr1", position1);
        text +=
            &format!("{row},<DEL>\t1.5\tq10\tDP={position1};AF=0.25,1e-08;DB\tGT:AD\t0|1:300,2,.\t./.:.\n");
    }
    text + &format!("{}\t.\tPASS\t.\tGT\t0\t.\n", bundle.substitution("chr2", 500))
}

/// Whether bcftools is there; a test without it checks less.
fn bcftools(arguments: &[&str], file: &Path) -> Option<String> {
    let output = Command::new("bcftools").args(arguments).arg(file).output();
    let Ok(output) = output else {
        eprintln!("skipped: bcftools is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn body(vcf: &str) -> Vec<&str> {
    vcf.lines().filter(|line| !line.starts_with('#')).collect()
}

#[test]
fn every_form_says_the_same_and_is_read_again() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let input = bundle.file("in.vcf", rich(&bundle));
    let place = |name: &str| bundle.folder().join(name);
    run(&mut score(&input, &bundle.directory(), &server.url, &place("out.vcf"))).succeeded();
    let plain = text(&place("out.vcf"));
    for (name, typed) in [("out.vcf.gz", None), ("out.bcf", None), ("out.u", Some("u")), ("out.b", Some("b"))]
    {
        let mut command = score(&input, &bundle.directory(), &server.url, &place(name));
        command.args(typed.iter().flat_map(|typed| ["-O", typed]));
        run(&mut command).succeeded();
        if let Some(viewed) = bcftools(&["view"], &place(name)) {
            // bcftools writes floats with six digits, as we do, but for those of the input.
            assert_eq!(body(&viewed), body(&plain), "{name}");
        }
        // What we wrote we read, whatever its form and name, and find our fields as they were.
        let again = place("again.vcf");
        std::fs::copy(place(name), place("in.any")).unwrap();
        run(&mut score(&place("in.any"), &bundle.directory(), &server.url, &again)).succeeded();
        assert_eq!(body(&text(&again)), body(&plain), "{name}");
    }
}

#[test]
fn bcf_of_bcftools_is_read_plain_or_compressed_and_from_standard_input() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let input = bundle.file("in.vcf", rich(&bundle));
    let place = |name: &str| bundle.folder().join(name);
    run(&mut score(&input, &bundle.directory(), &server.url, &place("out.vcf"))).succeeded();
    for form in ["-Ou", "-Ob"] {
        let name = place("in.any");
        if bcftools(&["view", form, "--no-version", "-o", name.to_str().unwrap()], &input).is_none() {
            return;
        }
        let mut command = score(Path::new("-"), &bundle.directory(), &server.url, &place("again.vcf"));
        run(command.stdin(std::fs::File::open(&name).unwrap())).succeeded();
        assert_eq!(body(&text(&place("again.vcf"))), body(&text(&place("out.vcf"))), "{form}");
        let whole = std::fs::read(&name).unwrap();
        std::fs::write(&name, &whole[..whole.len() - 30]).unwrap();
        run(&mut score(&name, &bundle.directory(), &server.url, &place("out.cut.vcf")))
            .failed(&["cannot read"]);
        assert!(!outputs(bundle.folder()).contains(&"out.cut.vcf".to_owned()));
    }
}

#[test]
fn what_bcf_cannot_say_is_said() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let row = bundle.substitution("chr1", 1700);
    let input = bundle.file("in.vcf", vcf(&[]) + &format!("{row}\t.\tPASS\tXX=1\n"));
    let output = bundle.folder().join("out.bcf");
    run(&mut score(&input, &bundle.directory(), &server.url, &output)).failed(&[
        "line 6",
        "INFO XX is not declared",
        "-O z",
    ]);
    assert!(outputs(bundle.folder()).is_empty());
}

#[test]
fn an_index_finds_what_bcftools_finds() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let input = bundle.file("in.vcf", rich(&bundle));
    for (name, kind) in [("a.vcf.gz", "tbi"), ("b.vcf.gz", "csi"), ("c.bcf", "csi")] {
        let output = bundle.folder().join(name);
        let mut command = score(&input, &bundle.directory(), &server.url, &output);
        run(command.args(["--write-index", kind])).succeeded();
        assert!(bundle.folder().join(format!("{name}.{kind}")).exists());
        // A run over part of it, by that index.
        let part = bundle.folder().join("part.vcf");
        let mut command = score(&output, &bundle.directory(), &server.url, &part);
        run(command.args(["-r", "1:1300-1399,chr2"])).succeeded();
        let positions: Vec<String> =
            records(&text(&part)).into_iter().map(|record| record[1].clone()).collect();
        let expected: Vec<String> = (1200..1800)
            .step_by(7)
            .filter(|position1| (1300..=1399).contains(position1))
            .chain([500])
            .map(|position1: i32| position1.to_string())
            .collect();
        assert_eq!(positions, expected, "{name}");
        if let Some(viewed) = bcftools(&["view", "-H", "-r", "chr1:1300-1399,chr2"], &output) {
            assert_eq!(viewed.lines().count(), expected.len());
        }
    }
    // Contigs in another order than the header's.
    let swapped = vcf(&[bundle.substitution("chr2", 500), bundle.substitution("chr1", 1600)]);
    let input = bundle.file("in.vcf", swapped);
    let output = bundle.folder().join("e.bcf");
    run(score(&input, &bundle.directory(), &server.url, &output).args(["--write-index", "csi"])).succeeded();
    let part = bundle.folder().join("part.vcf");
    for region in ["chr1:1600-", "chr2"] {
        run(score(&output, &bundle.directory(), &server.url, &part).args(["-r", region])).succeeded();
        assert_eq!(records(&text(&part)).len(), 1, "{region}");
        if let Some(viewed) = bcftools(&["view", "-H", "-r", region], &output) {
            assert_eq!(viewed.lines().count(), 1, "{region}");
        }
    }
    let unsorted = vcf(&[bundle.substitution("chr1", 1700), bundle.substitution("chr1", 1600)]);
    let input = bundle.file("in.vcf", unsorted);
    let output = bundle.folder().join("d.vcf.gz");
    let mut command = score(&input, &bundle.directory(), &server.url, &output);
    run(command.args(["--write-index", "tbi"]))
        .failed(&["is written, but cannot be indexed: chr1:1600", "bcftools sort"]);
    assert!(output.exists());
}

#[test]
fn regions_need_an_index_and_targets_do_not() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let input = bundle.file("in.vcf.gz", bgzip(&rich(&bundle)));
    let output = bundle.folder().join("out.vcf");
    let command = || score(&input, &bundle.directory(), &server.url, &output);
    run(command().args(["-r", "chr1"])).failed(&["has no index", "bcftools index", "-t"]);
    let bed = bundle.file("part.bed", "1\t1299\t1399\n");
    run(command().arg("-T").arg(bed)).succeeded();
    assert_eq!(records(&text(&output)).len(), 14);
    run(command().args(["-t", "chr2"])).succeeded();
    assert_eq!(records(&text(&output)).len(), 1);
    run(command().args(["-t", "chr9"])).succeeded();
    assert!(records(&text(&output)).is_empty());
}
