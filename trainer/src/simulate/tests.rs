//! Whole simulations, read back from their files.

mod bundle;
mod files;
mod peaks;
mod planted;
mod truth;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use tempfile::TempDir;

use super::world::{self, Plan, World};
use super::write;

/// A simulation on disk and what it was written from.
struct Simulated {
    world: World,
    directory: TempDir,
}

/// Small enough for tests; the options of the command do not go below 2 Mb.
fn plan() -> Plan {
    Plan { seed: 11, bases: 900_000, contigs: 5, sites_per_rbp: 60, variants: 120 }
}

fn simulated(plan: &Plan) -> Simulated {
    let world = world::draw(plan).unwrap();
    let directory = tempfile::tempdir().unwrap();
    write::write(plan, &world, directory.path()).unwrap();
    Simulated { world, directory }
}

/// One simulation for all tests that only look.
fn shared() -> &'static Simulated {
    static SHARED: OnceLock<Simulated> = OnceLock::new();
    SHARED.get_or_init(|| simulated(&plan()))
}

/// Every file below the directory by its relative path.
fn contents(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![directory.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

/// Text of a file of the shared simulation, unpacked if its name says so.
fn text(name: &str) -> String {
    let bytes = fs::read(shared().directory.path().join(name)).unwrap();
    if !name.ends_with(".gz") {
        return String::from_utf8(bytes).unwrap();
    }
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    text
}

/// Fields of the lines that are no comments, without the first line if it is a header.
fn rows(name: &str, header: bool) -> Vec<Vec<String>> {
    let fields = |line: &str| line.split('\t').map(str::to_owned).collect();
    let text = text(name);
    let lines = text.lines().filter(|line| !line.starts_with('#')).skip(usize::from(header));
    lines.map(fields).collect()
}

/// The genome as the FASTA holds it, read without its index.
fn genome() -> BTreeMap<String, Vec<u8>> {
    let text = text("reference/genome.fa");
    let records = text.split('>').skip(1).map(|record| record.split_once('\n').unwrap());
    records.map(|(name, lines)| (name.to_owned(), lines.replace('\n', "").into_bytes())).collect()
}
