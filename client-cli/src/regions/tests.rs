use std::path::Path;

use super::*;

const GENES: &str = "\
chr1\tx\tgene\t11\t30\t.\t-\t.\tgene_id \"G1.2\"; gene_name \"REVERSE\";
chr1\tx\ttranscript\t11\t30\t.\t-\t.\tgene_id \"G1.2\"; transcript_id \"T1\";
chr1\tx\tgene\t21\t40\t.\t+\t.\tgene_id \"G2.1\"; gene_name \"FORWARD\";
chr1\tx\ttranscript\t21\t40\t.\t+\t.\tgene_id \"G2.1\"; transcript_id \"T2\";
chr9\tx\tgene\t1\t5\t.\t+\t.\tgene_id \"G3\"; gene_name \"ELSEWHERE\";
chr9\tx\ttranscript\t1\t5\t.\t+\t.\tgene_id \"G3\"; transcript_id \"T3\";
";

/// chr1 of 60 bases with two genes that overlap, chr2 of 8 with none.
fn bundle(folder: &Path) -> ReferenceBundle {
    let one = "ACGT".repeat(15);
    std::fs::write(folder.join("genome.fa"), format!(">chr1\n{one}\n>chr2\nACGTACGT\n")).unwrap();
    std::fs::write(folder.join("genome.fa.fai"), "chr1\t60\t6\t60\t61\nchr2\t8\t73\t8\t9\n").unwrap();
    std::fs::write(folder.join("genes.gtf"), GENES).unwrap();
    let manifest = "format = 1\nassembly = \"test\"\nfasta = \"genome.fa\"\nannotation = \"genes.gtf\"\n";
    std::fs::write(folder.join("reference.toml"), manifest).unwrap();
    ReferenceBundle::open(folder).unwrap()
}

fn resolved(sources: &[RegionSource], choice: StrandChoice) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().unwrap();
    let bed = folder.path().join("set.bed");
    std::fs::write(&bed, "1\t0\t5\tpeak\t0\t-\nchr1\t22\t25\nchr2\t0\t9\n").unwrap();
    let sources: Vec<RegionSource> = sources
        .iter()
        .map(|source| match source {
            RegionSource::Bed(_) => RegionSource::Bed(bed.clone()),
            other => other.clone(),
        })
        .collect();
    let shown = |region: &StrandedRegion| {
        let StrandedRegion { name, contig, start0, end0, strand } = region;
        format!("{name} {contig} {start0} {end0} {strand}")
    };
    match resolve(&sources, choice, &bundle(folder.path())) {
        Ok(regions) => Ok(regions.iter().map(shown).collect()),
        Err(error) => Err(error.to_string()),
    }
}

fn text(text: &str) -> RegionSource {
    RegionSource::Text(text.to_owned())
}

#[test]
fn strands_are_those_said_then_those_transcribed_then_the_nearest_genes() {
    let auto = |typed: &str| resolved(&[text(typed)], StrandChoice::Auto).unwrap();
    assert_eq!(auto("1:1-5:+"), ["chr1:1-5 chr1 0 5 +"]);
    assert_eq!(auto("chr1:21-22"), ["chr1:21-22 chr1 20 22 +", "chr1:21-22 chr1 20 22 -"]);
    assert_eq!(auto("chr1:15"), ["chr1:15-15 chr1 14 15 -"]);
    assert_eq!(auto("chr1:1-5"), ["chr1:1-5 chr1 0 5 -"]);
    assert_eq!(auto("gene:FORWARD"), ["FORWARD chr1 20 40 +"]);
    let minus = StrandChoice::One(Strand::Reverse);
    assert_eq!(resolved(&[text("gene:FORWARD")], minus).unwrap(), ["FORWARD chr1 20 40 -"]);
    let both = resolved(&[text("chr2"), RegionSource::Gene("G1".into())], StrandChoice::Both).unwrap();
    assert_eq!(
        both,
        ["chr2:1-8 chr2 0 8 +", "chr2:1-8 chr2 0 8 -", "REVERSE chr1 10 30 +", "REVERSE chr1 10 30 -"]
    );
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let refused = |source: RegionSource| resolved(&[source], StrandChoice::Auto).unwrap_err();
    let refused_text = |typed: &str| refused(text(typed));
    assert!(
        refused_text("chr1:50-61").contains("chr1:50-61: bases 50 to 61 are not all on chr1, which has 60")
    );
    assert!(refused_text("chr1:61-61").contains("which has 60"));
    assert!(refused_text("chr1:9-5").contains("no base lies from 9 to 5"));
    assert!(refused_text("chr5:1-5").contains("no contig `chr5`: it has chr1, chr2"));
    assert!(
        refused_text("chr2:1-5").contains("no gene on chr2 says which strand to read: choose with --strand")
    );
    assert!(refused_text("gene:ELSEWHERE").contains("gene ELSEWHERE: the reference has no contig `chr9`"));
    assert!(refused_text("gene:FORWARDS").contains("is it one of FORWARD?"));
    assert!(refused_text("here").contains("`here` is no region"));
    let bed = refused(RegionSource::Bed(PathBuf::new()));
    assert!(bed.contains("set.bed:3: bases 1 to 9 are not all on chr2, which has 8"), "{bed}");
}

#[test]
fn strand_choices() {
    assert_eq!("auto".parse(), Ok(StrandChoice::Auto));
    assert_eq!("-".parse(), Ok(StrandChoice::One(Strand::Reverse)));
    assert_eq!("both".parse(), Ok(StrandChoice::Both));
    assert!("plus".parse::<StrandChoice>().is_err());
}
