//! The examples of the documentation, where the tools that they need are there.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bundle::{Bundle, LENGTH, vcf};
use crate::fake_server::{Behavior, Running, probability};
use crate::program::{outputs, records, run, text};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples").join(name)
}

/// Whether a command is there and succeeds; says so if not.
fn is_there(program: &str, arguments: &[&str], what: &str) -> bool {
    let there = Command::new(program).args(arguments).output().is_ok_and(|ended| ended.status.success());
    if !there {
        eprintln!("skipped: there is no {what}");
    }
    there
}

#[test]
fn python_predicts() {
    if !is_there("python3", &["-c", "import grpc, grpc_tools"], "Python with grpcio and grpcio-tools") {
        return;
    }
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let sequences = [bundle.sequence("chr1", 1200, LENGTH), bundle.sequence("chr1", 1300, LENGTH)];
    let fasta = bundle.file("in.fa", format!(">one\n{}\n>two x\n{}\n", sequences[0], sequences[1]));
    let asked = |fasta: &Path, more: &[&str]| {
        let mut command = Command::new("python3");
        command.arg(example("predict.py")).arg(server.url.strip_prefix("http://").unwrap()).arg(fasta);
        run(command.args(more))
    };
    let ended = asked(&fasta, &["--models", "QKI.K562", "--region", "5utr", "--tpm", "10"]).succeeded();
    let rows: Vec<(String, f32)> = records(&String::from_utf8(ended.stdout).unwrap())
        .into_iter()
        .skip(1)
        .map(|row| (row[..2].join(" "), row[2].parse().unwrap()))
        .collect();
    assert_eq!(rows.len(), 2);
    for ((name, sequence), row) in ["one", "two"].iter().zip(&sequences).zip(&rows) {
        assert_eq!(row.0, format!("{name} QKI.K562"));
        assert!((row.1 - probability(sequence, "QKI.K562")).abs() < 1e-5, "{row:?}");
    }
    let short = bundle.file("short.fa", ">short\nACGT\n");
    asked(&short, &[]).failed(&["short has 4 bases, the models take 151"]);
}

#[test]
fn grpcurl_predicts() {
    if !is_there("grpcurl", &["-version"], "grpcurl") {
        return;
    }
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let sequence = bundle.sequence("chr1", 1200, LENGTH);
    let mut command = Command::new("sh");
    command.arg(example("grpcurl.sh")).arg(server.url.strip_prefix("http://").unwrap());
    let ended = run(command.arg(&sequence).arg("10")).succeeded();
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(said.contains("\"id\": \"QKI.K562\""), "{said}");
    let values = said.rsplit_once("\"probabilities\"").unwrap().1;
    let first: f32 = values.split(['[', ',', ']']).nth(1).unwrap().trim().parse().unwrap();
    assert!((first - probability(&sequence, "QKI.K562")).abs() < 1e-5, "{said}");
}

#[test]
fn snakemake_scores_in_parts() {
    if !is_there("snakemake", &["--version"], "snakemake") {
        return;
    }
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let rows: Vec<String> = (1200..1500).map(|position1| bundle.substitution("chr1", position1)).collect();
    let input = bundle.file("in.vcf", vcf(&rows));
    let client = Path::new(env!("CARGO_BIN_EXE_polaris-client"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        std::iter::once(client.parent().unwrap().to_owned()).chain(std::env::split_paths(&path)),
    );
    let mut command = Command::new("snakemake");
    command.current_dir(bundle.folder()).env("PATH", path.unwrap()).env("XDG_CACHE_HOME", bundle.folder());
    command.arg("--snakefile").arg(example("Snakefile")).args(["--cores", "1", "--config", "shards=2"]);
    command
        .arg(format!("vcf={}", input.display()))
        .arg(format!("reference={}", bundle.directory().display()));
    run(command.arg(format!("server={}", server.url))).succeeded();
    let table = text(&bundle.folder().join("scored.tsv.gz"));
    let position = |line: &str| line.split('\t').nth(1).unwrap().parse::<u32>().unwrap();
    let positions: Vec<u32> = table.lines().skip(1).map(position).collect();
    assert!(positions.len() == 600 && positions.is_sorted(), "{}", positions.len());
    assert!(bundle.folder().join("scored.bcf.csi").exists(), "{:?}", outputs(bundle.folder()));
}
