//! The narrowPeak files.

use std::collections::BTreeMap;

use polaris_genomics::{ReferenceBundle, reverse_complement};

use super::*;

/// A motif written out, without patterns: an independent look at what was planted.
const MOTIFS: [(&str, &[&str]); 6] = [
    ("QKI", &["ACTAAC"]),
    ("RBFOX2", &["TGCATG"]),
    ("PUM2", &["TGTAAATA", "TGTACATA", "TGTAGATA", "TGTATATA"]),
    ("HNRNPC", &["TTTTT"]),
    ("TARDBP", &["GTGTG"]),
    ("SRSF1", &["GGAGGA"]),
];

pub(super) fn motif_count(rbp: &str, sequence: &[u8]) -> usize {
    let (_, motifs) = MOTIFS.iter().find(|(name, _)| *name == rbp).unwrap();
    let starts =
        |motif: &&str| (0..sequence.len()).filter(|&at| sequence[at..].starts_with(motif.as_bytes())).count();
    motifs.iter().map(starts).sum()
}

/// rbp, cell line, rows of every file that the table lists.
fn tables() -> Vec<(String, String, Vec<Vec<String>>)> {
    let index = rows("peaks.tsv", true);
    index.into_iter().map(|row| (row[0].clone(), row[1].clone(), rows(&row[2], false))).collect()
}

#[test]
fn peaks_lie_on_their_contig_in_genes_expressed_in_their_line() {
    let genome = genome();
    let bundle = ReferenceBundle::open(&shared().directory.path().join("reference")).unwrap();
    for (rbp, line, peaks) in tables() {
        let tpm: BTreeMap<String, f64> = rows(&format!("reference/expression/{line}.tsv.gz"), true)
            .into_iter()
            .map(|row| (row[0].clone(), row[2].parse().unwrap()))
            .collect();
        for peak in &peaks {
            assert_eq!(peak.len(), 10);
            let (start0, end0): (u64, u64) = (peak[1].parse().unwrap(), peak[2].parse().unwrap());
            assert!(start0 < end0 && end0 <= genome[&peak[0]].len() as u64);
            assert!((25..=150).contains(&(end0 - start0)), "{peak:?}");
            let middle0 = start0.midpoint(end0);
            let expressed = bundle.genes().genes().iter().any(|gene| {
                gene.contig == peak[0]
                    && (gene.start0..gene.end0).contains(&middle0)
                    && gene.strand.to_string() == peak[5]
                    && tpm[&gene.id] >= 1.0
            });
            assert!(expressed, "{rbp} {line} {peak:?}");
        }
        let place = |peak: &Vec<String>| (peak[0].clone(), peak[1].parse::<u64>().unwrap());
        assert!(peaks.windows(2).all(|pair| place(&pair[0]) <= place(&pair[1])));
    }
}

#[test]
fn most_peaks_are_as_reproducible_ones_and_some_are_for_the_filter() {
    let all: Vec<Vec<String>> = tables().into_iter().flat_map(|(_, _, peaks)| peaks).collect();
    let value = |peak: &Vec<String>, column: usize| peak[column].parse::<f64>().unwrap();
    let reproducible = all.iter().filter(|peak| value(peak, 6) >= 3.0 && value(peak, 7) >= 3.0).count();
    let removed = all.iter().filter(|peak| value(peak, 7) < 2.0).count();
    assert!(100 * reproducible > 91 * all.len(), "{reproducible} of {}", all.len());
    assert!(removed > 0 && reproducible + removed == all.len());
}

#[test]
fn some_peaks_stand_alone_and_some_do_not() {
    for (rbp, line, peaks) in tables() {
        let middle = |peak: &Vec<String>| {
            (peak[0].clone(), (peak[1].parse::<u64>().unwrap() + peak[2].parse::<u64>().unwrap()) / 2)
        };
        let middles: Vec<(String, u64)> = peaks.iter().map(middle).collect();
        let alone = |one: usize| {
            let near =
                |other: &(String, u64)| other.0 == middles[one].0 && other.1.abs_diff(middles[one].1) <= 500;
            middles.iter().filter(|other| near(other)).count() == 1
        };
        let alone = (0..middles.len()).filter(|&one| alone(one)).count();
        assert!(2 * alone > middles.len() && alone + 5 < middles.len(), "{rbp} {line} {alone}");
    }
}

#[test]
fn motif_copies_near_the_middle_tell_peaks_from_random_transcribed_places() {
    let (genome, world) = (genome(), &shared().world);
    for (rbp, line, peaks) in tables() {
        let count = |contig: &str, middle0: usize, strand: &str| {
            let bases = &genome[contig][middle0 - 50..middle0 + 50];
            motif_count(&rbp, &if strand == "+" { bases.to_vec() } else { reverse_complement(bases) })
        };
        let peaks: Vec<usize> = peaks
            .iter()
            .filter(|peak| peak[7].parse::<f64>().unwrap() >= 2.0)
            .map(|peak| {
                let ends: [usize; 2] = [peak[1].parse().unwrap(), peak[2].parse().unwrap()];
                count(&peak[0], ends[0].midpoint(ends[1]), &peak[5])
            })
            .collect();
        let background: Vec<usize> = world
            .genes
            .iter()
            .flat_map(|gene| {
                (gene.span().0 + 100..gene.span().1 - 100).step_by(331).map(move |at| (gene, at))
            })
            .map(|(gene, at)| count(&world.contigs[gene.contig].name, at as usize, &gene.strand.to_string()))
            .collect();
        let pairs = peaks.iter().flat_map(|one| background.iter().map(move |other| one.cmp(other)));
        let score = pairs.map(|order| (order as i8 + 1) as f64 / 2.0).sum::<f64>();
        let auroc = score / (peaks.len() * background.len()) as f64;
        assert!(auroc > 0.90, "{rbp} {line} {auroc:.3}");
        assert!(peaks.contains(&0), "{rbp} {line}: some peaks are noise");
    }
}
