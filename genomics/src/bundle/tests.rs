use std::{fs, path::PathBuf};

use tempfile::TempDir;

use super::*;
use crate::testing::{real_data, write_fasta};

const MANIFEST: &str = "\
format = 1
assembly = \"tiny-1\"
fasta = \"genome.fa\"
annotation = \"genes.gtf\"
sequenced = \"sequenced.bed\"
[expression]
K562 = \"cells/K562.tsv\"
HepG2 = \"cells/HepG2.tsv\"
";

/// Genes A (0..10) and B (40..50) of 60 bases; HepG2 knows B alone.
fn bundle() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    write_fasta(&path.join("genome.fa"), &[("chr1", &[b'G'; 60]), ("chr2", b"ACGT")], "\n");
    let exon = |id: &str, start: u32| {
        let end = start + 9;
        format!("1\tx\texon\t{start}\t{end}\t.\t+\t.\tgene_id \"{id}.1\"; transcript_id \"{id}t\"\n")
    };
    fs::write(path.join("genes.gtf"), exon("A", 1) + &exon("B", 41)).unwrap();
    fs::write(path.join("sequenced.bed"), "chr1\t0\t55\n").unwrap();
    fs::create_dir(path.join("cells")).unwrap();
    fs::write(path.join("cells/K562.tsv"), "gene_id\tgene_name\tTPM\nA\ta\t0\nB\tb\t99\n").unwrap();
    fs::write(path.join("cells/HepG2.tsv"), "gene_id\tgene_name\tTPM\nB.7\tb\t1\n").unwrap();
    fs::write(path.join("reference.toml"), MANIFEST).unwrap();
    directory
}

fn message(directory: &TempDir) -> String {
    ReferenceBundle::open(directory.path()).err().unwrap().to_string()
}

fn write(directory: &TempDir, file: &str, text: &str) -> PathBuf {
    let path = directory.path().join(file);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_bundle_opens_by_its_folder_or_its_manifest() {
    let directory = bundle();
    for path in [directory.path().to_owned(), directory.path().join("reference.toml")] {
        let bundle = ReferenceBundle::open(&path).unwrap();
        assert_eq!(bundle.assembly(), "tiny-1");
        assert_eq!(bundle.cell_lines().collect::<Vec<_>>(), ["HepG2", "K562"]);
        assert_eq!(bundle.sequenced().unwrap().total_bases(), 55);
        assert_eq!(bundle.genes().genes().len(), 2);
        assert_eq!(bundle.reference().contigs().len(), 2);
    }
    write(&directory, "reference.toml", &MANIFEST.replace("sequenced = \"sequenced.bed\"\n", ""));
    assert!(ReferenceBundle::open(directory.path()).unwrap().sequenced().is_none());
}

#[test]
fn a_bundle_is_shared_by_threads() {
    fn check<T: Send + Sync>(_: &T) {}
    check(&ReferenceBundle::open(bundle().path()).unwrap());
}

#[test]
fn expression_is_that_of_the_nearest_gene_with_a_value() {
    let directory = bundle();
    let bundle = ReferenceBundle::open(directory.path()).unwrap();
    let expression = |cell_line, contig, position0| bundle.expression(cell_line, contig, position0).unwrap();
    assert_eq!(expression("K562", "chr1", 5), 0.0);
    assert_eq!(expression("K562", "1", 45), 100_f32.ln());
    assert_eq!(expression("K562", "chr1", 24), 0.0);
    assert_eq!(expression("K562", "chr1", 25), 100_f32.ln());
    assert_eq!(expression("HepG2", "chr1", 5), 2_f32.ln(), "A has no value there, B has");
    assert_eq!(expression("HepG2", "chr2", 1), 0.0);
    let error = bundle.expression("HeLa", "chr1", 5).unwrap_err();
    let BundleError::UnknownCellLine { cell_line, known, .. } = &error else { panic!("{error}") };
    assert_eq!(
        (cell_line.as_str(), known.as_slice()),
        ("HeLa", &["HepG2".to_owned(), "K562".to_owned()][..])
    );
    assert!(error.to_string().contains("there are HepG2, K562"), "{error}");
}

#[test]
fn a_remembered_digest_is_calculated_anew_when_a_file_has_changed() {
    let directory = bundle();
    let open = || ReferenceBundle::open(directory.path()).unwrap();
    let memory = directory.path().join(".polaris-digest");
    let first = open().remembered_digest().unwrap();
    assert_eq!(first, open().digest().unwrap());
    // It is what is read.
    let text = fs::read_to_string(&memory).unwrap();
    write(&directory, ".polaris-digest", &text.replace(&first, &"0".repeat(64)));
    assert_eq!(open().remembered_digest().unwrap(), "0".repeat(64));
    write(&directory, "sequenced.bed", "chr1\t0\t56\n");
    let second = open().remembered_digest().unwrap();
    assert_eq!(second, open().digest().unwrap());
    assert_ne!(second, first);
    write(&directory, ".polaris-digest", "damaged");
    assert_eq!(open().remembered_digest().unwrap(), second);
}

#[test]
fn the_digest_follows_every_file_and_no_folder() {
    let (first, second) = (bundle(), bundle());
    let digest = |directory: &TempDir| ReferenceBundle::open(directory.path()).unwrap().digest().unwrap();
    let whole = digest(&first);
    assert_eq!(whole.len(), 64);
    assert_eq!(whole, digest(&second));
    let mut seen = vec![whole];
    for (file, text) in [
        ("reference.toml", MANIFEST.replace("tiny-1", "tiny-2")),
        ("reference.toml", MANIFEST.replace("HepG2 =", "HeLa =")),
        ("reference.toml", MANIFEST.replace("sequenced = \"sequenced.bed\"\n", "")),
        ("sequenced.bed", "chr1\t0\t56\n".to_owned()),
        ("cells/HepG2.tsv", "gene_id\tTPM\nB\t1\n".to_owned()),
        ("genes.gtf", fs::read_to_string(first.path().join("genes.gtf")).unwrap() + "#\n"),
        ("genome.fa", fs::read_to_string(first.path().join("genome.fa")).unwrap().replace("GG\n", "GC\n")),
    ] {
        let before = fs::read_to_string(second.path().join(file)).unwrap();
        write(&second, file, &text);
        seen.push(digest(&second));
        write(&second, file, &before);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 8);
}

#[test]
fn a_bad_manifest_is_named_with_its_remedy() {
    for (from, to, expected) in [
        ("format = 1", "format = 2\nnew = 3", "reference.toml: format is 2: this version reads `format = 1`"),
        ("format = 1\n", "", "format is missing"),
        ("assembly =", "genome =", "unknown field `genome`"),
        ("assembly = \"tiny-1\"\n", "", "missing field `assembly`"),
        ("tiny-1", " ", "assembly is empty"),
        ("= \"genome.fa\"", "= genome.fa", "reference.toml: TOML parse error at line 3"),
        ("genome.fa", "other.fa", "reference.toml:fasta: no file"),
        ("genes.gtf", "other.gtf", "reference.toml:annotation: no file"),
        ("sequenced.bed", "other.bed", "other.bed: put it there or correct the path"),
        ("cells/K562.tsv", "K562.tsv", "reference.toml:expression.K562: no file"),
    ] {
        let directory = bundle();
        assert!(MANIFEST.contains(from), "{from}");
        write(&directory, "reference.toml", &MANIFEST.replace(from, to));
        assert!(message(&directory).contains(expected), "{}", message(&directory));
    }
    let empty = tempfile::tempdir().unwrap();
    assert!(message(&empty).contains("reference.toml: No such file"), "{}", message(&empty));
    assert!(message(&empty).contains("a reference bundle is a folder with a reference.toml"));
}

#[test]
fn files_that_are_bad_or_do_not_belong_together_are_named() {
    for (file, text, expected) in [
        ("genes.gtf", "1\tx\texon\t1\t2\n", "genes.gtf:1:score: found \"\""),
        (
            "genes.gtf",
            "chr7\tx\texon\t1\t2\t.\t+\t.\tgene_id \"A\"; transcript_id \"T\"\n",
            "genes.gtf: none of its contigs (the first is \"chr7\")",
        ),
        ("cells/K562.tsv", "gene_id\tTPM\nZ\t1\n", "K562.tsv: none of its genes is in"),
        ("cells/K562.tsv", "gene_id\tTPM\nA\tx\n", "K562.tsv:2:TPM: found \"x\""),
        ("sequenced.bed", "chr1\t0\n", "sequenced.bed:1:chromEnd"),
    ] {
        let directory = bundle();
        write(&directory, file, text);
        assert!(message(&directory).contains(expected), "{}", message(&directory));
    }
    let directory = bundle();
    fs::remove_file(directory.path().join("genome.fa.fai")).unwrap();
    let message = message(&directory);
    assert!(message.contains("genome.fa.fai") && message.contains("samtools faidx"), "{message}");
}

#[test]
fn real_expression_is_found_for_most_genes() {
    let Some(folder) = real_data() else { return };
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.join(name).canonicalize().unwrap().display().to_string();
    let manifest = format!(
        "format = 1\nassembly = \"GRCh38\"\nfasta = {:?}\nannotation = {:?}\nsequenced = {:?}\n[expression]\nK562 = {:?}\n",
        path("genome.fa.gz"),
        path("annotation.gtf.gz"),
        path("sequenced.bed"),
        path("expression/K562.tsv.gz"),
    );
    write(&directory, "reference.toml", &manifest);
    let bundle = ReferenceBundle::open(directory.path()).unwrap();
    let known = bundle.expression["K562"].values.iter().filter(|value| **value > 0.0).count();
    eprintln!("{known} of {} genes are expressed in K562", bundle.genes().genes().len());
    assert!(known > bundle.genes().genes().len() / 4);
    assert_eq!(bundle.digest().unwrap().len(), 64);
    // BRCA2 is expressed in K562, weakly.
    let brca2 = bundle.expression("K562", "13", 32_340_000).unwrap();
    assert!((0.1..5.0).contains(&brca2), "{brca2}");
}
