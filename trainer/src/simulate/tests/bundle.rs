//! The reference bundle, read as the other commands read it.

use polaris_genomics::{ReferenceBundle, RegionClass, Strand};

use super::super::expression::EXPRESSED_TPM;
use super::super::motifs::{Preference, RBPS};
use super::*;

fn bundle() -> ReferenceBundle {
    ReferenceBundle::open(&shared().directory.path().join("reference")).unwrap()
}

#[test]
fn the_bundle_opens_and_holds_what_was_simulated() {
    let (bundle, world) = (bundle(), &shared().world);
    assert_eq!(bundle.assembly(), "simulated-1");
    assert_eq!(bundle.cell_lines().collect::<Vec<_>>(), ["HepG2", "K562"]);
    assert_eq!(bundle.genes().genes().len(), world.genes.len());
    let total: u64 = bundle.reference().contigs().iter().map(|contig| contig.length).sum();
    assert_eq!(total, plan().bases);
    for contig in &world.contigs {
        let length = contig.sequence.len() as i64;
        assert!(bundle.reference().fetch(&contig.name, 0, length).unwrap() == contig.sequence);
    }
}

#[test]
fn genes_come_back_with_their_transcripts() {
    let (bundle, world) = (bundle(), &shared().world);
    for gene in &world.genes {
        let read = bundle.genes().genes().iter().find(|read| read.id == gene.id).unwrap();
        assert_eq!((read.start0, read.end0), gene.span());
        assert_eq!((read.strand, read.transcripts.len()), (gene.strand, gene.transcripts.len()));
        for transcript in &gene.transcripts {
            let read = read.transcripts.iter().find(|read| read.id == transcript.id).unwrap();
            let mut parts = [read.exons.clone(), read.five_prime_utr.clone(), read.three_prime_utr.clone()];
            parts.iter_mut().for_each(|part| part.sort_unstable());
            let (five_prime, three_prime) = transcript.untranslated(gene.strand);
            assert_eq!(parts, [transcript.exons.clone(), five_prime, three_prime], "{}", transcript.id);
        }
    }
}

#[test]
fn sites_lie_in_the_region_class_their_protein_prefers_in_an_expressed_gene() {
    let (bundle, world) = (bundle(), &shared().world);
    assert_eq!(world.sites.len(), RBPS.len() * plan().sites_per_rbp);
    for site in &world.sites {
        let (rbp, contig, center0) = (&RBPS[site.rbp], &world.contigs[site.contig].name, site.center0());
        let expected = match rbp.preference {
            Preference::Intron | Preference::IntronNearExon => RegionClass::Intron,
            Preference::CodingExon => RegionClass::Exon,
            Preference::ThreePrimeUtr => RegionClass::ThreePrimeUtr,
        };
        let place = format!("{} {contig}:{center0}", rbp.name);
        assert_eq!(bundle.genes().region_class(contig, center0), Some(expected), "{place}");
        let strands = bundle.genes().transcribed_strands(contig, center0, center0 + 1);
        assert_eq!(strands, [site.strand], "{place}");
        for line in &site.cell_lines {
            let expression = bundle.expression(line, contig, center0).unwrap();
            assert!(f64::from(expression) >= EXPRESSED_TPM.ln_1p() - 1e-6, "{place} {line}");
        }
    }
}

#[test]
fn every_region_class_and_none_occurs() {
    let (bundle, world) = (bundle(), &shared().world);
    let mut seen = std::collections::BTreeSet::new();
    for contig in &world.contigs {
        for position0 in (0..contig.sequence.len() as u64).step_by(50) {
            seen.insert(bundle.genes().region_class(&contig.name, position0));
        }
    }
    assert!(seen.contains(&None));
    assert!(RegionClass::ALL.iter().all(|class| seen.contains(&Some(*class))), "{seen:?}");
}

#[test]
fn planted_copies_stand_in_the_genome_and_near_misses_are_none() {
    let world = &shared().world;
    let on_strand = |contig: usize, span: (u64, u64), strand| {
        let bases = &world.contigs[contig].sequence[span.0 as usize..span.1 as usize];
        if strand == Strand::Forward { bases.to_vec() } else { polaris_genomics::reverse_complement(bases) }
    };
    let mut near_misses = 0;
    for site in &world.sites {
        for copy in &site.copies {
            let bases = on_strand(site.contig, *copy, site.strand);
            assert!(!RBPS[site.rbp].copies(&bases).is_empty(), "{}", String::from_utf8_lossy(&bases));
        }
        for near_miss in &site.near_misses {
            near_misses += 1;
            let bases = on_strand(site.contig, near_miss.span, site.strand);
            assert!(RBPS[site.rbp].copies(&bases).is_empty() && bases != near_miss.full);
        }
        assert!((1..=5).contains(&site.copies.len()) && site.span.1 - site.span.0 <= 80);
    }
    assert!(near_misses > 30, "{near_misses}");
}
