//! What the tests of several modules share.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::reference::Reference;

/// Bases on a line of a test's FASTA: short, so that small genomes have many lines.
const LINE_BASES: usize = 7;

/// Writes a FASTA with its `.fai`, lines ending in `line_end`.
pub(crate) fn write_fasta(path: &Path, contigs: &[(&str, &[u8])], line_end: &str) {
    let (mut fasta, mut index) = (Vec::new(), String::new());
    for (name, sequence) in contigs {
        fasta.extend_from_slice(format!(">{name} made for a test{line_end}").as_bytes());
        let (length, width) = (sequence.len(), LINE_BASES + line_end.len());
        writeln!(index, "{name}\t{length}\t{}\t{LINE_BASES}\t{width}", fasta.len()).unwrap();
        for line in sequence.chunks(LINE_BASES) {
            fasta.extend_from_slice(line);
            fasta.extend_from_slice(line_end.as_bytes());
        }
    }
    std::fs::write(path, fasta).unwrap();
    std::fs::write(path.with_extension("fa.fai"), index).unwrap();
}

/// A reference of these contigs, in a folder that goes with the first value.
pub(crate) fn reference_of(contigs: &[(&str, &[u8])]) -> (TempDir, Reference) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("genome.fa");
    write_fasta(&path, contigs, "\n");
    let reference = Reference::open(&path).unwrap();
    (directory, reference)
}

/// The real data's GRCh38 folder, or `None` with a word about it.
pub(crate) fn real_data() -> Option<PathBuf> {
    let root = std::env::var_os("POLARIS_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    let folder = root.join("hg38");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no real data at {} (set POLARIS_DATA)", folder.display());
    None
}
