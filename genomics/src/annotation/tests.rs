use std::{io::Write, time::Instant};

use proptest::prelude::*;

use super::*;
use crate::testing::real_data;

fn open(bytes: &[u8]) -> Result<GeneIndex, TextFileError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("genes.gtf");
    std::fs::write(&path, bytes).unwrap();
    GeneIndex::open(&path)
}

/// One gene on each strand, 1,000 bases apart at positions that are easy to count, 0-based in the comments.
const GTF: &str = "\
#!genome-build made by hand\r
chr1\tx\tgene\t10001\t20000\t.\t+\t.\tgene_id \"G1\"; gene_name \"ALPHA\"; gene_type \"protein_coding\";\r
chr1\tx\ttranscript\t10001\t20000\t.\t+\t.\tgene_id \"G1\"; transcript_id \"T1\"; gene_name \"ALPHA\";
chr1\tx\texon\t10001\t11000\t.\t+\t.\tgene_id \"G1\"; transcript_id \"T1\";
chr1\tx\tCDS\t10501\t11000\t.\t+\t0\tgene_id \"G1\"; transcript_id \"T1\";
chr1\tx\texon\t15001\t20000\t.\t+\t.\tgene_id \"G1\"; transcript_id \"T1\";
chr1\tx\tCDS\t15001\t16000\t.\t+\t0\tgene_id \"G1\"; transcript_id \"T1\";
chr1\tx\tstop_codon\t16001\t16003\t.\t+\t0\tgene_id \"G1\"; transcript_id \"T1\";

chr1\tx\ttranscript\t12001\t13000\t.\t+\t.\tgene_id \"G1\"; transcript_id \"T2\"; gene_name \"ALPHA\";
chr1\tx\texon\t12001\t13000\t.\t+\t.\tgene_id \"G1\"; transcript_id \"T2\";
chr1\tx\tgene\t19001\t30000\t.\t-\t.\tgene_id \"G2\";
chr1\tx\ttranscript\t19001\t30000\t.\t-\t.\tgene_id \"G2\"; transcript_id \"T3\";
chr1\tx\texon\t19001\t21000\t.\t-\t.\tgene_id \"G2\"; transcript_id \"T3\";
chr1\tx\tthree_prime_UTR\t19001\t20500\t.\t-\t.\tgene_id \"G2\"; transcript_id \"T3\";
chr1\tx\texon\t29001\t30000\t.\t-\t.\tgene_id \"G2\"; transcript_id \"T3\";
chr1\tx\tfive_prime_UTR\t29501\t30000\t.\t-\t.\tgene_id \"G2\"; transcript_id \"T3\";
chrM\tx\texon\t101\t200\t.\t+\t.\tgene_id \"G3\"; transcript_id \"T4\"; gene \"MITO\";
chr1\tx\texon\t5\t6\t.\t.\t.\tgene_id \"G4\"; transcript_id \"T5\";
";

/// The same genes, in an order that no parser should mind.
const GFF3: &str = "\
##gff-version 3
##sequence-region chr1 1 100000
chr1\tx\tchromosome\t1\t100000\t.\t.\t.\tID=chromosome:1
chr1\tx\texon\t10001\t11000\t.\t+\t.\tParent=transcript:T1
chr1\tx\tCDS\t10501\t11000\t.\t+\t0\tID=CDS:P1;Parent=transcript:T1
chr1\tx\texon\t15001\t20000\t.\t+\t.\tParent=transcript:T1
chr1\tx\tCDS\t15001\t16003\t.\t+\t0\tID=CDS:P1;Parent=transcript:T1
chr1\tx\tmRNA\t10001\t20000\t.\t+\t.\tID=transcript:T1;Parent=gene:G1;transcript_id=T1
chr1\tx\tgene\t10001\t20000\t.\t+\t.\tID=gene:G1;Name=ALPHA;gene_id=G1\r
chr1\tx\tlnc_RNA\t12001\t13000\t.\t+\t.\tID=T2;Parent=gene:G1
chr1\tx\texon\t12001\t13000\t.\t+\t.\tID=e;Parent=T2
###
chr1\tx\tncRNA_gene\t19001\t30000\t.\t-\t.\tID=G2
chr1\tx\tmRNA\t19001\t30000\t.\t-\t.\tID=T3;Parent=G2
chr1\tx\texon\t19001\t21000\t.\t-\t.\tParent=T3
chr1\tx\tthree_prime_UTR\t19001\t20500\t.\t-\t.\tParent=T3
chr1\tx\texon\t29001\t30000\t.\t-\t.\tParent=T3
chr1\tx\tfive_prime_UTR\t29501\t30000\t.\t-\t.\tParent=T3
chrM\tx\tgene\t101\t200\t.\t+\t.\tID=gene-G3;gene_name=MI%54O
chrM\tx\ttRNA\t101\t200\t.\t+\t.\tID=rna-T4;Parent=gene-G3
chrM\tx\texon\t101\t200\t.\t+\t.\tParent=rna-T4
chr1\tx\tmRNA\t5\t6\t.\t?\t.\tID=T5
chr1\tx\texon\t5\t6\t.\t?\t.\tParent=T5
##FASTA
>chr1
ACGT
";

/// GFF3 writes `.` for a column without a value.
#[test]
fn lines_without_attributes_do_not_decide_the_format() {
    let whole = "chr1\tx\tregion\t1\t100000\t.\t+\t.\t.\n";
    let (first, rest) = GFF3.split_at(GFF3.find("chr1\tx\tchromosome").unwrap());
    let (middle, last) = rest.split_at(rest.find("###").unwrap());
    let text = [first, whole, middle, whole, last].concat();
    assert_eq!(open(text.as_bytes()).unwrap().genes(), open(GFF3.as_bytes()).unwrap().genes());
    let message = open("chr1\tx\texon\t1\t9\t.\t+\t.\t.\n".as_bytes()).err().unwrap().to_string();
    assert!(message.contains("no gene in it"), "{message}");
}

/// A file cut out of a larger one has lines of transcripts whose exons lie elsewhere.
#[test]
fn a_transcript_whose_exons_were_cut_off_is_no_exon() {
    let long = "chr1\tx\ttranscript\t9001\t90000\t.\t+\t.\tgene_id \"G9\"; transcript_id \"T9\";\n";
    let genes = open((GTF.to_owned() + long).as_bytes()).unwrap();
    assert_eq!(genes.region_class("chr1", 50_000), Some(RegionClass::Intron));
    let alone = open(long.as_bytes()).unwrap();
    assert_eq!(alone.region_class("chr1", 50_000), Some(RegionClass::Exon));
}

#[test]
fn gtf_and_gff3_give_the_same_genes() {
    let gtf = open(GTF.as_bytes()).unwrap();
    let gff3 = open(GFF3.as_bytes()).unwrap();
    assert_eq!(gtf.genes(), gff3.genes());
    assert_eq!((gtf.unstranded(), gff3.unstranded()), (1, 1));
    let genes = gtf.genes();
    assert_eq!(genes.len(), 3);
    let first = &genes[0];
    assert_eq!((first.id.as_str(), first.name.as_str(), first.contig.as_str()), ("G1", "ALPHA", "chr1"));
    assert_eq!((first.strand, first.start0, first.end0), (Strand::Forward, 10_000, 20_000));
    let transcript = &first.transcripts[0];
    assert_eq!(transcript.id, "T1");
    assert_eq!(transcript.exons, [(10_000, 11_000), (15_000, 20_000)]);
    assert_eq!(transcript.five_prime_utr, [(10_000, 10_500)]);
    assert_eq!(transcript.three_prime_utr, [(16_003, 20_000)]);
    assert_eq!((genes[1].name.as_str(), genes[1].strand), ("G2", Strand::Reverse));
    assert_eq!((genes[2].id.as_str(), genes[2].name.as_str()), ("G3", "MITO"));
}

#[test]
fn every_region_class_on_both_strands() {
    use RegionClass::{Exon, FivePrimeUtr, Intron, OneToFiveKb, Promoter, ThreePrimeUtr};
    for index in [open(GTF.as_bytes()).unwrap(), open(GFF3.as_bytes()).unwrap()] {
        for (position0, expected) in [
            (4_999, None),
            (5_000, Some(OneToFiveKb)),
            (8_999, Some(OneToFiveKb)),
            (9_000, Some(Promoter)),
            (9_999, Some(Promoter)),
            (10_000, Some(FivePrimeUtr)),
            (10_499, Some(FivePrimeUtr)),
            (10_500, Some(Exon)),
            (11_000, Some(Intron)),
            // T1 is longer than T2, which has an exon here.
            (12_500, Some(Intron)),
            (15_000, Some(Exon)),
            (16_002, Some(Exon)),
            (16_003, Some(ThreePrimeUtr)),
            (18_999, Some(ThreePrimeUtr)),
            // From here on T3, which is longer than T1.
            (19_000, Some(ThreePrimeUtr)),
            (20_500, Some(Exon)),
            (21_000, Some(Intron)),
            (29_000, Some(Exon)),
            (29_500, Some(FivePrimeUtr)),
            (29_999, Some(FivePrimeUtr)),
            (30_000, Some(Promoter)),
            (30_999, Some(Promoter)),
            (31_000, Some(OneToFiveKb)),
            (34_999, Some(OneToFiveKb)),
            (35_000, None),
            (u64::MAX, None),
        ] {
            assert_eq!(index.region_class("1", position0), expected, "at {position0}");
        }
        assert_eq!(index.region_class("MT", 150), Some(Exon));
        assert_eq!(index.region_class("M", 50), Some(Promoter));
        assert_eq!(index.region_class("chr2", 150), None);
    }
}

#[test]
fn strands_are_those_over_the_variant_or_else_the_nearest_genes() {
    let index = open(GTF.as_bytes()).unwrap();
    let scoring = |start0, end0| {
        let ScoringStrands { strands, transcribed } = index.scoring_strands("1", start0, end0);
        (strands, transcribed)
    };
    assert_eq!(scoring(15_000, 15_001), (vec![Strand::Forward], true));
    assert_eq!(scoring(25_000, 25_001), (vec![Strand::Reverse], true));
    assert_eq!(scoring(19_500, 19_500), (vec![Strand::Forward, Strand::Reverse], true));
    assert_eq!(scoring(18_999, 19_001), (vec![Strand::Forward, Strand::Reverse], true));
    assert_eq!(scoring(18_998, 19_000), (vec![Strand::Forward], true));
    assert_eq!(scoring(9_998, 10_000), (vec![Strand::Forward], false));
    assert_eq!(scoring(90_000, 90_001), (vec![Strand::Reverse], false));
    assert_eq!(index.scoring_strands("chr9", 1, 2), ScoringStrands { strands: vec![], transcribed: false });
    assert_eq!(index.transcribed_strands("chrMT", 0, 101), [Strand::Forward]);
    assert_eq!(index.transcribed_strands("chrMT", 0, 100), []);
    assert_eq!(index.nearest_gene("chr1", 0).unwrap().id, "G1");
    assert_eq!(index.nearest_gene("chr1", 19_500).unwrap().id, "G1", "of two over it the nearer midpoint");
    assert_eq!(index.nearest_gene("chr1", 20_000).unwrap().id, "G2");
}

#[test]
fn transcribed_regions_are_the_union_of_genes() {
    let index = open(GTF.as_bytes()).unwrap();
    assert_eq!(index.transcribed().intervals("chr1"), [(10_000, 30_000)]);
    assert_eq!(index.transcribed_on(Strand::Reverse).intervals("1"), [(19_000, 30_000)]);
    assert_eq!(index.transcribed_on(Strand::Reverse).intervals("MT"), []);
}

#[test]
fn of_transcripts_as_long_the_first_identifier_decides() {
    let exon = |id: &str, start: u64, end: u64| {
        format!("1\tx\texon\t{start}\t{end}\t.\t+\t.\tgene_id \"G\"; transcript_id \"{id}\";\n")
    };
    let parts = [exon("B", 1, 40), exon("B", 91, 100), exon("A", 1, 10), exon("A", 61, 100)];
    let forward = open(parts.concat().as_bytes()).unwrap();
    let backward = open(parts.iter().rev().cloned().collect::<String>().as_bytes()).unwrap();
    for index in [forward, backward] {
        assert_eq!(index.region_class("chr1", 20), Some(RegionClass::Intron));
        assert_eq!(index.region_class("chr1", 70), Some(RegionClass::Exon));
    }
}

#[test]
fn an_identifier_may_name_genes_at_several_places() {
    let line = |contig: &str, kind: &str, start: u64, end: u64, strand: char, more: &str| {
        format!("{contig}\tx\t{kind}\t{start}\t{end}\t.\t{strand}\t.\tgene_id \"G\";{more}\n")
    };
    let text = [
        line("chrX", "gene", 1, 100, '+', ""),
        line("chrX", "transcript", 1, 100, '+', "transcript_id \"T\""),
        line("chrX", "exon", 1, 20, '+', "transcript_id \"T\""),
        line("chrY", "gene", 1, 100, '+', ""),
        line("chrY", "transcript", 1, 100, '+', "transcript_id \"T\""),
        line("chrY", "exon", 1, 100, '+', "transcript_id \"T\""),
        line("chrX", "gene", 5001, 5100, '+', ""),
        line("chrX", "transcript", 5001, 5100, '+', "transcript_id \"T\""),
        line("chrX", "exon", 5001, 5020, '+', "transcript_id \"T\""),
        line("chrX", "exon", 8001, 8020, '-', "transcript_id \"U\""),
        line("chrX", "exon", 8101, 8120, '-', "transcript_id \"U\""),
    ];
    let index = open(text.concat().as_bytes()).unwrap();
    let spans: Vec<_> = index
        .genes()
        .iter()
        .map(|gene| (gene.contig.as_str(), gene.start0, gene.end0, gene.transcripts[0].exons.clone()))
        .collect();
    let expected = [
        ("chrX", 0, 100, vec![(0, 20)]),
        ("chrX", 5000, 5100, vec![(5000, 5020)]),
        ("chrX", 8000, 8120, vec![(8000, 8020), (8100, 8120)]),
        ("chrY", 0, 100, vec![(0, 100)]),
    ];
    assert_eq!(spans, expected);
}

#[test]
fn gff3_parents_may_be_several_nested_or_the_gene_itself() {
    let text = b"\
1\tx\tgene\t1\t900\t.\t-\t.\tID=gene-MIR;Name=MIR1
1\tx\tprimary_transcript\t1\t900\t.\t-\t.\tID=rna-P;Parent=gene-MIR
1\tx\tmiRNA\t11\t30\t.\t-\t.\tID=rna-M;Parent=rna-P
1\tx\texon\t11\t30\t.\t-\t.\tParent=rna-M,rna-P
1\tx\tgene\t2001\t2100\t.\t+\t.\tID=gene-B
1\tx\texon\t2001\t2050\t.\t+\t.\tParent=gene-B
1\tx\tmRNA\t4001\t4100\t.\t+\t.\tID=lone;gene=SYM
1\tx\texon\t4001\t4050\t.\t+\t.\tParent=lone
";
    let index = open(text).unwrap();
    let summary: Vec<_> = index
        .genes()
        .iter()
        .map(|gene| {
            let ids: Vec<_> = gene.transcripts.iter().map(|transcript| transcript.id.as_str()).collect();
            (gene.id.as_str(), gene.name.as_str(), gene.end0, ids)
        })
        .collect();
    let expected = [
        ("MIR", "MIR1", 900, vec!["P", "M"]),
        ("B", "B", 2100, vec!["B"]),
        ("lone", "SYM", 4100, vec!["lone"]),
    ];
    assert_eq!(summary, expected);
}

#[test]
fn malformed_lines_are_named_with_their_place() {
    let good = "1\tx\texon\t1\t2\t.\t+\t.\tgene_id \"G\"; transcript_id \"T\"\n";
    let gff3 = "1\tx\tgene\t1\t2\t.\t+\t.\tID=G\n";
    for (text, place) in [
        ("1\tx\texon\t0\t2\t.\t+\t.\t\n".to_owned(), ":1:start: found \"0\""),
        (
            format!("#c\n{good}1\tx\texon\t5\t4\t.\t+\t.\t\n"),
            ":3:end: found \"4\", expected at least the start",
        ),
        (format!("{good}1\tx\texon\t5\t9999999999\t.\t+\t.\t\n"), ":2:end: found \"9999999999\""),
        (format!("{good}1\tx\texon\t5\t6\t.\tplus\t.\t\n"), ":2:strand: found \"plus\""),
        (format!("{good}1\tx\texon\t5\t6\n"), ":2:score: found \"\", expected nine columns"),
        (format!("{good}1\tx\texon\t5\t6\t.\t+\t.\ttranscript_id \"T\"\n"), ":2:gene_id: found"),
        (format!("{good}1\tx\texon\t5\t6\t.\t+\t.\tgene_id \"G\"\n"), ":2:transcript_id: found"),
        (format!("{good}1\tx\texon\t5\t6\t.\t+\t.\tgene_id \"G\n"), ":2:attributes: found \"gene_id \\\"G\""),
        (format!("{good}\tx\texon\t5\t6\t.\t+\t.\tgene_id \"G\"\n"), ":2:seqname: found \"\""),
        (format!("{gff3}1\tx\texon\t1\t2\t.\t+\t.\tID=e\n"), ":2:Parent: found \"ID=e\""),
        (
            format!("{gff3}1\tx\texon\t1\t2\t.\t+\t.\tParent=H\n"),
            ":2:Parent: found \"H\", expected the ID of",
        ),
        (format!("{gff3}1\tx\texon\t1\t2\t.\t-\t.\tParent=G\n"), ":2:Parent: found \"G\""),
        (format!("{gff3}1\tx\tmRNA\t1\t2\t.\t+\t.\tParent=G\n"), ":2:ID: found \"Parent=G\""),
        (format!("{gff3}1\tx\tmRNA\t1\t2\t.\t+\t.\tID\n"), ":2:attributes: found \"ID\", expected key=value"),
    ] {
        let message = open(text.as_bytes()).err().unwrap().to_string();
        assert!(message.contains(&format!("genes.gtf{place}")), "{message}");
    }
}

#[test]
fn files_without_genes_or_cut_short_are_refused() {
    for text in ["", "#only a comment\n", "1\tx\tgene\t1\t2\t.\t.\t.\tgene_id \"G\"\n"] {
        let message = open(text.as_bytes()).err().unwrap().to_string();
        assert!(message.contains("genes.gtf: no gene in it"), "{message}");
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(GTF.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    assert_eq!(open(&packed).unwrap().genes().len(), 3);
    assert!(matches!(open(&packed[..packed.len() / 2]), Err(TextFileError::Read { .. })));
}

#[test]
fn real_annotation_loads() {
    let Some(folder) = real_data() else { return };
    let start = Instant::now();
    let index = GeneIndex::open(&folder.join("annotation.gtf.gz")).unwrap();
    let elapsed = start.elapsed();
    let transcripts: usize = index.genes().iter().map(|gene| gene.transcripts.len()).sum();
    eprintln!("{} genes and {transcripts} transcripts in {elapsed:.2?}", index.genes().len());
    assert_eq!((index.genes().len(), transcripts), (2_827, 17_059));
    let brca2 = index.nearest_gene("13", 32_340_000).unwrap();
    assert_eq!((brca2.name.as_str(), brca2.strand), ("BRCA2", Strand::Forward));
    let brca1 = index.nearest_gene("chr17", 43_090_000).unwrap();
    assert_eq!((brca1.name.as_str(), brca1.strand), ("BRCA1", Strand::Reverse));
    assert_eq!(index.region_class("chr13", 32_340_000), Some(RegionClass::Exon), "BRCA2's longest exon");
    assert_eq!(
        index.region_class("chr13", 32_350_000),
        Some(RegionClass::Intron),
        "between two of its exons"
    );
    let mut seen = [0_usize; RegionClass::COUNT];
    for position0 in (20_000_000..21_000_000).step_by(50) {
        if let Some(class) = index.region_class("chr22", position0) {
            seen[class.index()] += 1;
        }
    }
    eprintln!("classes on chr22:20-21 Mb: {seen:?} of 20000");
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
    assert!(seen[RegionClass::Intron.index()] > 4 * seen[RegionClass::Exon.index()], "{seen:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Bytes of a good file replaced by others: an answer or an error, never a panic.
    #[test]
    fn damaged_files_do_no_harm(
        gff3 in any::<bool>(),
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), any::<bool>()), 1..12),
        position0 in 0_u64..40_000,
    ) {
        let mut bytes = if gff3 { GFF3 } else { GTF }.as_bytes().to_vec();
        for (place, value, special) in damage {
            let index = place.index(bytes.len());
            bytes[index] = if special { b"\t\n;=\" 09-%,"[usize::from(value) % 11] } else { value };
        }
        match open(&bytes) {
            Ok(index) => {
                for gene in index.genes() {
                    prop_assert!(gene.start0 < gene.end0);
                    for transcript in &gene.transcripts {
                        prop_assert!(gene.start0 <= transcript.start0 && transcript.end0 <= gene.end0);
                    }
                }
                let class = index.region_class("chr1", position0);
                let strands = index.scoring_strands("chr1", position0, position0 + 1);
                let upstream = [None, Some(RegionClass::Promoter), Some(RegionClass::OneToFiveKb)];
                prop_assert_eq!(strands.transcribed, !upstream.contains(&class));
            }
            Err(error) => prop_assert!(error.to_string().contains("genes.gtf")),
        }
    }
}
