//! Readers that go away, as in `polaris-trainer evaluate ... | head`.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::process::{Command, Stdio};

/// An output that nobody reads any more.
fn closed() -> Stdio {
    let (_, writer) = std::io::pipe().unwrap();
    writer.into()
}

fn trainer() -> Command {
    Command::new(env!("CARGO_BIN_EXE_polaris-trainer"))
}

#[test]
fn a_table_that_nobody_reads_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let (truth, scores) = (folder.path().join("truth.tsv"), folder.path().join("scores.tsv"));
    fs::write(
        &truth,
        "id\tcontig\tposition1\treference\talternate\trbp\tcell_line\teffect\tkind\tstrand\n\
         v1\tchr1\t7\tA\tC\tQKI\tK562\tbreak\tsnv\t+\n",
    )
    .unwrap();
    fs::write(
        &scores,
        "contig\tposition1\tid\treference\talternate\tallele_index\tstrand\ttranscribed\tgene\tregion\tmodel\t\
         ref_probability\talt_probability\tdelta\tlogit_delta\tspread\tdelta_quantile\tskipped\n\
         chr1\t7\tv1\tA\tC\t1\t+\t+\tG\tintron\tQKI.K562\t0.9\t0.1\t-0.8\t-4\t0\t0.9\t.\n",
    )
    .unwrap();
    let mut command = trainer();
    command.arg("evaluate").arg("--truth").arg(&truth).arg("--scores").arg(&scores);
    command.arg("--registry").arg(folder.path());
    let read = command.output().unwrap();
    assert!(String::from_utf8_lossy(&read.stdout).contains("breaks a motif"), "{read:?}");
    assert_eq!(command.stdout(closed()).output().unwrap().status.code(), Some(0));
}

#[test]
fn an_error_that_nobody_reads_keeps_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let mut command = trainer();
    command.arg("evaluate").arg("--truth").arg(&nowhere).arg("--scores").arg(&nowhere);
    command.arg("--registry").arg(&nowhere);
    assert_eq!(command.stderr(closed()).status().unwrap().code(), Some(1));
}
