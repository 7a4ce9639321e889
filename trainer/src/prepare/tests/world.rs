//! A reference bundle of a few hundred kilobases for tests.

use std::fs;
use std::path::{Path, PathBuf};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Length of each contig.
pub(super) const CONTIG: usize = 100_000;

/// A folder with `reference/` (chr1 to chr6) and room for peaks.
///
/// Each contig has a gene on the forward strand at 5,000 to 45,000 and one on the reverse strand at 55,000 to 95,000.
/// GC content goes up and down along the contigs; the last 10 kb of chr6 are unsequenced.
pub(super) struct World {
    pub(super) folder: tempfile::TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        let reference = world.path("reference");
        fs::create_dir(&reference).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(11);
        let (mut fasta, mut index) = (Vec::new(), String::new());
        let mut annotation = String::new();
        for contig in 1..=6 {
            let name = format!("chr{contig}");
            fasta.extend_from_slice(format!(">{name}\n").as_bytes());
            index.push_str(&format!("{name}\t{CONTIG}\t{}\t{CONTIG}\t{}\n", fasta.len(), CONTIG + 1));
            fasta.extend((0..CONTIG).map(|position| base(contig, position, &mut random)));
            fasta.push(b'\n');
            for (strand, start, end) in [('+', 5_001, 45_000), ('-', 55_001, 95_000)] {
                let id = format!("gene_id \"G{contig}{strand}\"; gene_name \"N{contig}{strand}\";");
                let transcript = format!("{id} transcript_id \"T{contig}{strand}\";");
                for (feature, attributes) in
                    [("gene", &id), ("transcript", &transcript), ("exon", &transcript)]
                {
                    annotation.push_str(&format!(
                        "{name}\ttest\t{feature}\t{start}\t{end}\t.\t{strand}\t.\t{attributes}\n"
                    ));
                }
            }
        }
        fs::write(reference.join("genome.fa"), fasta).unwrap();
        fs::write(reference.join("genome.fa.fai"), index).unwrap();
        fs::write(reference.join("annotation.gtf"), annotation).unwrap();
        fs::write(reference.join("K562.tsv"), "gene_id\tgene_name\tTPM\nG1+\tN1+\t9\nG1-\tN1-\t0\n").unwrap();
        let settings = "format = 1\nassembly = \"small-1\"\nfasta = \"genome.fa\"\nannotation = \"annotation.gtf\"\n\
                        [expression]\nK562 = \"K562.tsv\"\n";
        fs::write(reference.join("reference.toml"), settings).unwrap();
        world
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, content: &str) -> String {
        fs::write(self.path(name), content).unwrap();
        self.text(name)
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}

fn base(contig: usize, position: usize, random: &mut ChaCha8Rng) -> u8 {
    if contig == 6 && position >= CONTIG - 10_000 {
        return b'N';
    }
    let gc = 0.5 + 0.15 * (position as f64 / 4_000.0 + contig as f64).sin();
    let letters = if random.random_bool(gc) { b"GC" } else { b"AT" };
    letters[usize::from(random.random_bool(0.5))]
}

/// narrowPeak lines: four peaks in each gene of each contig, of odd lengths, strong enough to look reproducible.
pub(super) fn peaks() -> String {
    let mut lines = String::new();
    for contig in 1..=6 {
        for (strand, start) in [('+', 9_000), ('-', 60_000)] {
            for number in 0..4 {
                let start0 = start + number * 7_000;
                let (end0, signal) = (start0 + 61, 4 + number);
                lines.push_str(&format!(
                    "chr{contig}\t{start0}\t{end0}\tp\t1000\t{strand}\t{signal}\t5\t-1\t-1\n"
                ));
            }
        }
    }
    lines
}

pub(super) fn read(path: &Path) -> Vec<crate::windows_file::LabelledWindow> {
    crate::windows_file::read_windows(&path.join("windows.bed")).unwrap()
}
