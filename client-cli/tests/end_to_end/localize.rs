//! Which bases drive predictions: right windows, right bases, right strand, in every kind of input and output.

mod records;
mod refusals;
mod regions;
mod variants;

use std::path::Path;
use std::process::Command;

use crate::bundle::Bundle;
use crate::program::{client, text};

/// `localize INPUT --reference BUNDLE --server URL -o out`.
fn localize(bundle: &Bundle, url: &str, input: &str) -> Command {
    let mut command = without_reference(bundle, url, input);
    command.arg("--reference").arg(bundle.directory());
    command
}

/// `localize INPUT --server URL -o out`.
fn without_reference(bundle: &Bundle, url: &str, input: &str) -> Command {
    let mut command = client();
    command.args(["localize", input, "--server", url, "-o"]).arg(bundle.folder().join("out"));
    command
}

fn out(bundle: &Bundle, name: &str) -> String {
    text(&bundle.folder().join("out").join(name))
}

/// Rows of a table below its header, in columns.
fn rows(table: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
    table.lines().skip(1).map(cells).collect()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Runs of three A or more: start, end.
fn runs(sequence: &str) -> Vec<(usize, usize)> {
    let mut runs = Vec::new();
    let mut start = 0;
    for part in sequence.split_inclusive(|base| base != 'A') {
        let length = part.bytes().filter(|&base| base == b'A').count();
        if length >= 3 {
            runs.push((start, start + length));
        }
        start += part.len();
    }
    runs
}
