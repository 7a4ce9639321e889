//! The VCF and the truth table.

use std::collections::{BTreeMap, BTreeSet};

use polaris_genomics::{Reference, Variant, reverse_complement};

use super::peaks::motif_count;
use super::*;

const RBPS: [&str; 6] = ["QKI", "RBFOX2", "PUM2", "HNRNPC", "TARDBP", "SRSF1"];

/// Motif copies within 60 bases of an allele, before and after it, on a strand.
fn counts(genome: &BTreeMap<String, Vec<u8>>, row: &[String], rbp: &str, strand: &str) -> (usize, usize) {
    let (sequence, start) = (&genome[&row[1]], row[2].parse::<usize>().unwrap() - 1);
    let end = start + row[3].len();
    assert_eq!(&sequence[start..end], row[3].as_bytes(), "{row:?}");
    let (left, right) = (&sequence[start - 60..start], &sequence[end..end + 60]);
    let count = |middle: &str| {
        let bases = [left, middle.as_bytes(), right].concat();
        motif_count(rbp, &if strand == "+" { bases } else { reverse_complement(&bases) })
    };
    (count(&row[3]), count(&row[4]))
}

#[test]
fn effects_agree_with_a_scan_of_both_alleles() {
    let genome = genome();
    let mut seen = BTreeMap::new();
    for row in rows("truth.tsv", true) {
        let (before, after) = counts(&genome, &row, &row[5], &row[9]);
        let expected = match before.cmp(&after) {
            std::cmp::Ordering::Greater => "break",
            std::cmp::Ordering::Less => "make",
            std::cmp::Ordering::Equal => "neutral",
        };
        assert_eq!(row[7], expected, "{row:?}");
        *seen.entry(row[7].clone()).or_insert(0) += 1;
        for rbp in RBPS.iter().filter(|rbp| **rbp != row[5] || row[7] == "neutral") {
            for strand in ["+", "-"] {
                let (before, after) = counts(&genome, &row, rbp, strand);
                assert_eq!(before, after, "{row:?} changes {rbp} on {strand}");
            }
        }
    }
    assert!(seen["break"] >= 50 && seen["make"] >= 30 && seen["neutral"] >= 39, "{seen:?}");
}

#[test]
fn breaks_and_makes_lie_at_peaks_of_their_model_and_neutral_ones_off_motif_copies() {
    for row in rows("truth.tsv", true) {
        let position0: u64 = row[2].parse::<u64>().unwrap() - 1;
        if row[7] == "neutral" {
            let copies = shared().world.sites.iter().flat_map(|site| {
                let own = shared().world.contigs[site.contig].name == row[1];
                site.copies.iter().filter(move |_| own)
            });
            let end0 = position0 + row[3].len() as u64;
            for copy in copies {
                // Padding may reach four bases further than what changes.
                assert!(copy.1 + 25 <= position0 || end0 + 25 <= copy.0, "{row:?} {copy:?}");
            }
            continue;
        }
        let peaks = rows(&format!("peaks/{}.{}.bed.gz", row[5], row[6]), false);
        let near = peaks.iter().any(|peak| {
            let ends: [u64; 2] = [peak[1].parse().unwrap(), peak[2].parse().unwrap()];
            peak[0] == row[1] && peak[5] == row[9] && ends[0].midpoint(ends[1]).abs_diff(position0) <= 110
        });
        assert!(near, "{row:?}");
    }
}

#[test]
fn every_reference_allele_agrees_and_normalizes() {
    let reference = Reference::open(&shared().directory.path().join("reference/genome.fa")).unwrap();
    let mut padded = 0;
    for row in rows("variants.vcf.gz", false) {
        for alternate in row[4].split(',') {
            let position0 = row[1].parse::<u64>().unwrap() - 1;
            let variant =
                Variant::new(row[0].as_str(), position0, row[3].as_bytes(), alternate.as_bytes()).unwrap();
            let normalized = variant.normalize(&reference).unwrap();
            assert!(normalized.reference != normalized.alternate);
            let bare = normalized.reference.is_empty() || normalized.alternate.is_empty();
            padded += usize::from(row[3].len() > normalized.reference.len() + usize::from(bare));
        }
    }
    assert!(padded > 5, "{padded}");
}

#[test]
fn records_are_sorted_named_and_of_every_kind() {
    let contigs: Vec<String> = shared().world.contigs.iter().map(|contig| contig.name.clone()).collect();
    let records = rows("variants.vcf.gz", false);
    let key = |row: &Vec<String>| {
        (contigs.iter().position(|name| *name == row[0]).unwrap(), row[1].parse::<u64>().unwrap())
    };
    assert!(records.windows(2).all(|pair| key(&pair[0]) <= key(&pair[1])));
    let ids: BTreeSet<&String> = records.iter().map(|row| &row[2]).collect();
    assert_eq!(ids.len(), records.len());
    assert!(records.iter().filter(|row| row[4].contains(',')).count() >= 3);
    let header = text("variants.vcf.gz");
    assert!(contigs.iter().all(|name| header.contains(&format!("##contig=<ID={name},length="))));

    let truth = rows("truth.tsv", true);
    let kinds: BTreeSet<&str> = truth.iter().map(|row| row[8].as_str()).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["deletion", "insertion", "mnv", "snv"]);
    let strands: BTreeSet<&str> = truth.iter().map(|row| row[9].as_str()).collect();
    assert_eq!(strands.len(), 2);
    let snvs = truth.iter().filter(|row| row[8] == "snv").count();
    assert!(2 * snvs > truth.len());
}

#[test]
fn truth_and_vcf_hold_the_same_alleles() {
    let of_vcf: BTreeSet<[String; 5]> = rows("variants.vcf.gz", false)
        .iter()
        .flat_map(|row| {
            let spelled = |alternate: &str| {
                [row[2].clone(), row[0].clone(), row[1].clone(), row[3].clone(), alternate.to_owned()]
            };
            row[4].split(',').map(spelled).collect::<Vec<_>>()
        })
        .collect();
    let of_truth: BTreeSet<[String; 5]> =
        rows("truth.tsv", true).into_iter().map(|row| row[..5].to_vec().try_into().unwrap()).collect();
    assert_eq!(of_vcf.len(), plan().variants);
    assert!(of_vcf == of_truth);
}
