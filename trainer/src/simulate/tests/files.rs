//! Which files there are, and that options and seed decide their bytes.

use super::*;

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let (first, second) = (contents(shared().directory.path()), simulated(&plan()));
    let second = contents(second.directory.path());
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for (name, bytes) in &first {
        assert!(second[name] == *bytes, "{name} differs");
    }
}

#[test]
fn all_files_are_there_and_no_other() {
    let files = contents(shared().directory.path());
    let expected = [
        "motifs.meme",
        "peaks.tsv",
        "peaks/HNRNPC.K562.bed.gz",
        "peaks/PUM2.K562.bed.gz",
        "peaks/QKI.HepG2.bed.gz",
        "peaks/QKI.K562.bed.gz",
        "peaks/RBFOX2.HepG2.bed.gz",
        "peaks/RBFOX2.K562.bed.gz",
        "peaks/SRSF1.K562.bed.gz",
        "peaks/TARDBP.K562.bed.gz",
        "reference/annotation.gtf.gz",
        "reference/expression/HepG2.tsv.gz",
        "reference/expression/K562.tsv.gz",
        "reference/genome.fa",
        "reference/genome.fa.fai",
        "reference/reference.toml",
        "sites.tsv",
        "truth.tsv",
        "variants.vcf.gz",
    ];
    assert_eq!(files.keys().map(String::as_str).collect::<Vec<_>>(), expected);
    assert!(files.values().all(|bytes| !bytes.is_empty()));
}

#[test]
fn another_seed_gives_another_genome() {
    let other = simulated(&Plan { seed: 12, ..plan() });
    let genome = "reference/genome.fa";
    assert!(contents(other.directory.path())[genome] != contents(shared().directory.path())[genome]);
}

#[test]
fn the_number_of_variants_changes_nothing_but_variants() {
    let other = simulated(&Plan { variants: 40, ..plan() });
    let (first, second) = (contents(shared().directory.path()), contents(other.directory.path()));
    let differing: Vec<&str> = first
        .iter()
        .filter(|(name, bytes)| second[*name] != **bytes)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(differing, ["truth.tsv", "variants.vcf.gz"]);
}

#[test]
fn the_number_of_sites_leaves_genes_and_expression() {
    let other = simulated(&Plan { sites_per_rbp: 30, ..plan() });
    let (first, second) = (contents(shared().directory.path()), contents(other.directory.path()));
    for name in ["reference/annotation.gtf.gz", "reference/expression/K562.tsv.gz", "reference/genome.fa.fai"]
    {
        assert!(first[name] == second[name], "{name} differs");
    }
    assert!(first["reference/genome.fa"] != second["reference/genome.fa"]);
}

#[test]
fn the_vcf_is_blocked_and_ends_with_the_empty_block() {
    let files = contents(shared().directory.path());
    let bytes = &files["variants.vcf.gz"];
    assert_eq!(&bytes[..4], [0x1f, 0x8b, 8, 4]);
    assert_eq!(&bytes[4..8], [0; 4], "no time in the header");
    assert_eq!(&bytes[12..14], b"BC");
    assert_eq!(&bytes[bytes.len() - 10..], [3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn too_many_sites_for_the_genome_are_refused_with_a_remedy() {
    let error = world::draw(&Plan { bases: 100_000, ..plan() }).unwrap_err().to_string();
    assert!(error.contains("--megabases") && error.contains("60 sites"), "{error}");
}
