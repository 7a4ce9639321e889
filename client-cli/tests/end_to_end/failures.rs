//! What goes wrong says so, with exit code 1, and leaves no output.

use std::path::Path;
use std::process::Stdio;

use crate::bundle::{Bundle, COLUMNS, vcf};
use crate::fake_server::{Behavior, Failure, Running};
use crate::program::{bgzip, client, outputs, run, score};

fn many(bundle: &Bundle) -> String {
    vcf(&(200..5800).step_by(4).map(|position1| bundle.substitution("chr1", position1)).collect::<Vec<_>>())
}

#[test]
fn inputs_that_cannot_be_read() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let whole = bgzip(&many(&bundle));
    let snv = bundle.substitution("chr1", 1700);
    let header = format!("##fileformat=VCFv4.2\n{COLUMNS}");
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (whole[..whole.len() - 28].to_vec(), "the end marker of bgzip is missing"),
        (whole[..whole.len() - 40].to_vec(), "in.vcf:"),
        (whole[..300].to_vec(), "in.vcf:"),
        (b"".to_vec(), "is empty"),
        (b"##fileformat=VCFv4.2\n".to_vec(), "in.vcf:2: no #CHROM"),
        (b"chr1\t1\t.\tA\tC\t.\t.\t.\n".to_vec(), "in.vcf:1: no #CHROM"),
        (format!("{header}{snv}\t.\t.\n").into_bytes(), "in.vcf:3: 7 columns"),
        (format!("{header}{snv}\t.\t.\t.\n").replace('\t', " ").into_bytes(), "spaces"),
        (format!("{header}{}\t.\t.\t.\n", snv.replace('\t', " ")).into_bytes(), "in.vcf:3: "),
        (format!("{header}chr1\tseven\t.\tA\tC\t.\t.\t.\n").into_bytes(), "in.vcf:3:POS: `seven`"),
        (format!("{header}{snv}\t.\t.\t.\n{header}").into_bytes(), "in.vcf:4: a header line among"),
        (b"BCF\x02\x02".to_vec(), "cannot read"),
    ];
    for (content, words) in cases {
        let input = bundle.file("in.vcf", &content);
        for name in ["out.vcf", "out.vcf.gz"] {
            let mut command = score(&input, &bundle.directory(), &server.url, &bundle.folder().join(name));
            run(command.arg("--tsv").arg(bundle.folder().join("out.tsv"))).failed(&[words]);
            assert!(outputs(bundle.folder()).is_empty(), "{words}");
        }
    }
}

#[test]
fn places_that_are_not_there() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let input = bundle.file("in.vcf", vcf(&[]));
    let output = bundle.folder().join("out.vcf");
    let missing = bundle.folder().join("missing");
    run(&mut score(&missing, &bundle.directory(), &server.url, &output)).failed(&["cannot open", "missing"]);
    run(&mut score(&input, &missing, &server.url, &output)).failed(&["missing"]);
    run(&mut score(&input, &bundle.directory(), &server.url, &missing.join("out.vcf"))).failed(&["missing"]);
    run(&mut score(&input, &bundle.directory(), "unix:/nonexistent/s", &output))
        .failed(&["unix:/nonexistent/s"]);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    run(&mut score(&input, &bundle.directory(), &format!("http://{closed}"), &output))
        .failed(&["cannot connect"]);
    assert!(outputs(bundle.folder()).is_empty());
}

#[test]
fn models_that_do_not_fit_stop_the_run_before_it_begins() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior { cell_line: Some("HeLa"), ..Behavior::default() });
    let input = bundle.file("in.vcf", vcf(&[bundle.substitution("chr1", 1700)]));
    let output = bundle.folder().join("out.vcf");
    let command = || score(&input, &bundle.directory(), &server.url, &output);
    run(&mut command()).failed(&["model QKI.HeLa needs expression in HeLa", "bundle has K562", "--models"]);
    run(command().args(["--models", "RBFOX2.K562"]))
        .failed(&["no model `RBFOX2.K562`", "QKI.HeLa, TARDBP.HepG2"]);

    let manifest = bundle.directory().join("reference.toml");
    let renamed = std::fs::read_to_string(&manifest).unwrap().replace("test-1", "test-2");
    std::fs::write(&manifest, renamed).unwrap();
    let models = ["--models", "TARDBP.HepG2"];
    run(command().args(models)).failed(&[
        "trained on assembly test-1",
        "bundle is test-2",
        "--allow-assembly-mismatch",
    ]);
    assert!(outputs(bundle.folder()).is_empty());
    run(command().args(models).arg("--allow-assembly-mismatch")).succeeded();
}

#[test]
fn servers_that_fail_in_the_middle() {
    let bundle = Bundle::new();
    let input = bundle.file("in.vcf", many(&bundle));
    let output = bundle.folder().join("out.vcf.gz");
    let cases: [(Failure, &[&str]); 3] = [
        (Failure::Status, &["the device has gone"]),
        (Failure::Short, &["1 values, 2 were asked"]),
        (Failure::Silence, &["has not answered for 1 s"]),
    ];
    for (failure, words) in cases {
        let server = Running::start(Behavior { after: Some((20, failure)), ..Behavior::default() });
        let mut command = score(&input, &bundle.directory(), &server.url, &output);
        run(command
            .args(["--timeout-s", "1", "--retry-s", "0"])
            .arg("--tsv")
            .arg(bundle.folder().join("out.tsv")))
        .failed(words);
        assert!(outputs(bundle.folder()).is_empty());
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let input = bundle.file("in.vcf", many(&bundle));
    let table = bundle.folder().join("out.tsv");
    for with_table in [false, true] {
        let mut command = score(&input, &bundle.directory(), &server.url, Path::new("-"));
        if with_table {
            command.arg("--tsv").arg(&table);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    // The table is still whole: 1400 records on one strand or two, two models.
    let rows = std::fs::read_to_string(&table).unwrap().lines().count();
    assert!(rows > 1 + 2 * 1400, "{rows}");
}

#[test]
fn standard_streams() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let input = bundle.file("in.vcf", bgzip(&many(&bundle)));
    let mut command = client();
    command.args(["score", "-", "--quiet", "--server", &server.url, "--reference"]).arg(bundle.directory());
    let ended = run(command.stdin(std::fs::File::open(input).unwrap())).succeeded();
    assert!(ended.stdout.starts_with(b"##fileformat=VCFv4.2\n"));
    assert_eq!(
        ended.stdout.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"chr1\t")).count(),
        1400
    );
    assert_eq!(ended.stderr, "");
}

#[test]
fn exit_code_of_a_wrong_command_line() {
    for arguments in [&["score"][..], &["score", "a.vcf", "--reference", "r"], &["models"], &["nothing"]] {
        assert_eq!(run(client().args(arguments)).code, Some(2), "{arguments:?}");
    }
    assert_eq!(run(client().arg("--help")).code, Some(0));
}

#[test]
fn shells_and_manuals_know_the_command_line() {
    let bundle = Bundle::new();
    let script = String::from_utf8(run(client().args(["completions", "bash"])).succeeded().stdout).unwrap();
    assert!(script.contains("--max-skipped"), "{script}");
    let pages = bundle.folder().join("man");
    run(client().arg("man").arg(&pages)).succeeded();
    let page = std::fs::read_to_string(pages.join("polaris-client-score.1")).unwrap();
    assert!(page.contains("max\\-skipped"), "{page}");
}
