//! A small reference bundle: two strands transcribed, a contig without genes, one that is mostly N.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Length of the windows of the fake models.
pub(crate) const LENGTH: usize = 151;

/// A folder with a bundle in it and room for a test's files.
pub(crate) struct Bundle {
    folder: TempDir,
    contigs: Vec<(&'static str, Vec<u8>)>,
}

const GENES: &str = "\
chr1\tx\tgene\t1001\t3000\t.\t+\t.\tgene_id \"G1\"; gene_name \"FORWARD\";
chr1\tx\ttranscript\t1001\t3000\t.\t+\t.\tgene_id \"G1\"; gene_name \"FORWARD\"; transcript_id \"T1\";
chr1\tx\texon\t1001\t1500\t.\t+\t.\tgene_id \"G1\"; gene_name \"FORWARD\"; transcript_id \"T1\";
chr1\tx\texon\t2501\t3000\t.\t+\t.\tgene_id \"G1\"; gene_name \"FORWARD\"; transcript_id \"T1\";
chr1\tx\tgene\t2501\t4500\t.\t-\t.\tgene_id \"G2\"; gene_name \"REVERSE\";
chr1\tx\ttranscript\t2501\t4500\t.\t-\t.\tgene_id \"G2\"; gene_name \"REVERSE\"; transcript_id \"T2\";
chr1\tx\texon\t2501\t4500\t.\t-\t.\tgene_id \"G2\"; gene_name \"REVERSE\"; transcript_id \"T2\";
chr3\tx\tgene\t1\t4000\t.\t+\t.\tgene_id \"G3\"; gene_name \"DARK\";
chr3\tx\ttranscript\t1\t4000\t.\t+\t.\tgene_id \"G3\"; gene_name \"DARK\"; transcript_id \"T3\";
chr3\tx\texon\t1\t4000\t.\t+\t.\tgene_id \"G3\"; gene_name \"DARK\"; transcript_id \"T3\";
";

impl Bundle {
    /// Writes it.
    pub(crate) fn new() -> Self {
        let mut dark = bases(3, 4000);
        dark[1000..3000].fill(b'N');
        let contigs = vec![("chr1", bases(1, 6000)), ("chr2", bases(2, 2000)), ("chr3", dark)];
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("reference");
        std::fs::create_dir(&directory).unwrap();
        let (mut fasta, mut index) = (Vec::new(), String::new());
        for (name, sequence) in &contigs {
            fasta.extend_from_slice(format!(">{name}\n").as_bytes());
            let (length, offset) = (sequence.len(), fasta.len());
            index += &format!("{name}\t{length}\t{offset}\t{length}\t{}\n", length + 1);
            fasta.extend_from_slice(sequence);
            fasta.push(b'\n');
        }
        std::fs::write(directory.join("genome.fa"), fasta).unwrap();
        std::fs::write(directory.join("genome.fa.fai"), index).unwrap();
        std::fs::write(directory.join("genes.gtf"), GENES).unwrap();
        let tpm = "gene_id\tgene_name\tTPM\nG1\tFORWARD\t10\nG2\tREVERSE\t0.5\nG3\tDARK\t0\n";
        std::fs::write(directory.join("K562.tsv"), tpm).unwrap();
        std::fs::write(
            directory.join("reference.toml"),
            "format = 1\nassembly = \"test-1\"\nfasta = \"genome.fa\"\nannotation = \"genes.gtf\"\n\n\
             [expression]\nK562 = \"K562.tsv\"\n",
        )
        .unwrap();
        Self { folder, contigs }
    }

    /// The bundle itself.
    pub(crate) fn directory(&self) -> PathBuf {
        self.folder.path().join("reference")
    }

    /// Folder of the test's own files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file of the test's own.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Forward bases of `[start0, start0 + length)`, N off the contig.
    pub(crate) fn sequence(&self, contig: &str, start0: i64, length: usize) -> String {
        let (_, sequence) = self.contigs.iter().find(|(name, _)| *name == contig).unwrap();
        (start0..)
            .take(length)
            .map(|at0| {
                usize::try_from(at0)
                    .ok()
                    .and_then(|at0| sequence.get(at0))
                    .map_or('N', |&base| char::from(base))
            })
            .collect()
    }

    /// The base at a 1-based position.
    pub(crate) fn base(&self, contig: &str, position1: i64) -> String {
        self.sequence(contig, position1 - 1, 1)
    }

    /// A base that differs from it.
    pub(crate) fn other(&self, contig: &str, position1: i64) -> &'static str {
        match self.base(contig, position1).as_str() {
            "A" => "C",
            "C" => "G",
            "G" => "T",
            _ => "A",
        }
    }

    /// A substitution as the first five columns of a record.
    pub(crate) fn substitution(&self, contig: &str, position1: i64) -> String {
        let (reference, alternate) = (self.base(contig, position1), self.other(contig, position1));
        format!("{contig}\t{position1}\t{contig}_{position1}\t{reference}\t{alternate}")
    }
}

/// A VCF of records given by their first five columns.
pub(crate) fn vcf(records: &[String]) -> String {
    let contigs =
        "##contig=<ID=chr1,length=6000>\n##contig=<ID=chr2,length=2000>\n##contig=<ID=chr3,length=4000>\n";
    let mut text = format!("##fileformat=VCFv4.2\n{contigs}{COLUMNS}");
    for record in records {
        text += &format!("{record}\t.\tPASS\t.\n");
    }
    text
}

/// The header line of the columns.
pub(crate) const COLUMNS: &str = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";

fn bases(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        b"ACGT"[usize::try_from(state >> 62).unwrap()]
    };
    std::iter::repeat_with(next).take(length).collect()
}
