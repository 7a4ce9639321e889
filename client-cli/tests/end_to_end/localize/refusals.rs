//! What goes wrong says so, with exit code 1, and leaves no output.

use std::process::Stdio;

use super::{files, localize, without_reference};
use crate::bundle::{Bundle, vcf};
use crate::embedded::{signal, until};
use crate::fake_server::{Behavior, Failure, Running};
use crate::program::{client, outputs, run};

#[test]
fn inputs_and_options_that_do_not_fit() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let path = |name: &str, content: &str| bundle.file(name, content).to_str().unwrap().to_owned();
    let fasta = path("in.fa", ">x\nACGT\n");
    let variants = path("in.vcf", &vcf(&[bundle.substitution("chr1", 1700)]));
    let broken = path("broken.fa", ">x\nACGT\nRYK\n");
    let bed = path("in.bed", "chr1\t5\t9\nchr1\t5990\t6001\n");
    let cases: Vec<(&str, &[&str], &str)> = vec![
        ("chr1:5000-6001", &[], "bases 5000 to 6001 are not all on chr1, which has 6000"),
        ("chr9:1-5", &[], "no contig `chr9`"),
        ("chr2:1-5", &[], "choose with --strand"),
        ("chr3:1500-1600", &[], "chr3:1500-1600 (+) cannot be explained: all of it is mostly_n"),
        ("nothing.bed", &[], "`nothing.bed` is no file, and no region"),
        (&bed, &[], "in.bed:2: bases 5991 to 6001 are not all on chr1, which has 6000"),
        (&broken, &[], "broken.fa:3: letter 'R' at offset 0"),
        (&variants, &["--strand", "+"], "--strand is for regions"),
        (&variants, &["--format", "bigwig"], "bedgraph or bigwig is for regions"),
        (&variants, &["--expression", "3"], "--expression or --region is for a FASTA"),
        (&fasta, &["--format", "bedgraph"], "bedgraph or bigwig is for regions"),
        ("chr1:1200-1210", &["--models", "X.K562"], "no model `X.K562`"),
    ];
    for (input, options, words) in cases {
        run(localize(&bundle, &server.url, input).args(options)).failed(&[words]);
        assert!(outputs(bundle.folder()).is_empty(), "{words}");
    }
    run(&mut without_reference(&bundle, &server.url, "chr1:1-5")).failed(&["--reference"]);
    run(&mut without_reference(&bundle, &server.url, &variants)).failed(&["variants lie on a genome"]);
    for wrong in [&["--alpha", "1.5"][..], &["--format", "pdf"], &["--strand", "x"], &["-o", "-"]] {
        assert_eq!(run(localize(&bundle, &server.url, "chr1:1-5").args(wrong)).code, Some(2), "{wrong:?}");
    }
    assert_eq!(run(client().args(["localize", "--help"])).code, Some(0));
}

#[test]
fn servers_that_fail_in_the_middle() {
    let bundle = Bundle::new();
    let input = bundle.file("in.bed", "chr1\t1000\t3000\nchr1\t1200\t1300\n");
    let cases: [(Failure, &str); 3] = [
        (Failure::Status, "the device has gone"),
        (Failure::Short, "150 values, 151 were expected"),
        (Failure::Silence, "has not answered for 1 s"),
    ];
    for (failure, words) in cases {
        let server = Running::start(Behavior { after: Some((3, failure)), ..Behavior::default() });
        let mut command = localize(&bundle, &server.url, input.to_str().unwrap());
        run(command.args(["--timeout-s", "1", "--batch-windows", "5", "--format", "tsv,bigwig,svg,bed"]))
            .failed(&[words]);
        assert!(outputs(bundle.folder()).is_empty(), "{words}");
    }
    // What the server says to a request that it does not take is passed on.
    let server = Running::start(Behavior { response_bytes: Some(600), ..Behavior::default() });
    run(&mut localize(&bundle, &server.url, "chr1:1200-1210")).failed(&["the responses would be too large"]);
}

#[test]
fn mutagenesis_is_asked_one_window_at_a_time() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior { after: Some((3, Failure::Silence)), ..Behavior::default() });
    let mut command = localize(&bundle, &server.url, "chr1:1001-3000:+");
    run(command.args(["--timeout-s", "1", "--method", "mutagenesis"])).failed(&[
        "has not answered for 1 s",
        "--models",
        "--timeout-s",
    ]);
    // Three answers, and the one that never came: no other request was on its way.
    assert_eq!(server.answered(), 4);
}

#[test]
fn ctrl_c_leaves_no_half_file() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior { after: Some((3, Failure::Silence)), ..Behavior::default() });
    std::fs::create_dir(bundle.folder().join("out")).unwrap();
    let mut command = localize(&bundle, &server.url, "chr1:1001-3000:+");
    let child = command.args(["--batch-windows", "3"]).stderr(Stdio::piped()).spawn().unwrap();
    until("the server hangs", || server.answered() > 3);
    signal(&child, "-INT");
    let ended = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{words}");
    assert!(words.contains("interrupted"), "{words}");
    assert_eq!(files(&bundle.folder().join("out")), [""; 0]);
}
