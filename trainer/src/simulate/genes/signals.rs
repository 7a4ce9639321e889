//! What gene models leave in the sequence: splice sites, start and stop codons, richer coding exons.

use polaris_genomics::{Strand, reverse_complement};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::genome::Contig;
use super::{Gene, Span};

/// Writes `bases` (on the gene's strand) so that they fill `span`.
pub(in super::super) fn write(sequence: &mut [u8], start0: u64, bases: &[u8], strand: Strand) {
    let oriented = match strand {
        Strand::Forward => bases.to_vec(),
        Strand::Reverse => reverse_complement(bases),
    };
    let start = start0 as usize;
    if let Some(target) = sequence.get_mut(start..start + oriented.len()) {
        target.copy_from_slice(&oriented);
    }
}

/// Imprints the signals of every gene's primary transcript on the genome.
pub(in super::super) fn imprint(rng: &mut ChaCha8Rng, contigs: &mut [Contig], genes: &[Gene]) {
    for gene in genes {
        let (Some(transcript), Some(contig)) = (gene.primary(), contigs.get_mut(gene.contig)) else {
            continue;
        };
        let sequence = &mut contig.sequence;
        for part in transcript.coding_parts() {
            enrich(rng, sequence, part);
        }
        for intron in transcript.introns() {
            splice_sites(rng, sequence, intron, gene.strand);
        }
        if let Some((start0, end0)) = transcript.coding {
            let (first, last) = match gene.strand {
                Strand::Forward => (start0, end0 - 3),
                Strand::Reverse => (end0 - 3, start0),
            };
            write(sequence, first, b"ATG", gene.strand);
            write(sequence, last, b"TAA", gene.strand);
        }
        let (start0, end0) = transcript.span();
        let polyadenylation0 = if gene.strand == Strand::Forward { end0 - 24 } else { start0 + 18 };
        write(sequence, polyadenylation0, b"AATAAA", gene.strand);
    }
}

/// Coding exons are richer in G and C than what surrounds them.
fn enrich(rng: &mut ChaCha8Rng, sequence: &mut [u8], (start0, end0): Span) {
    for base in sequence.iter_mut().take(end0 as usize).skip(start0 as usize) {
        if matches!(base, b'A' | b'T') && rng.random_bool(0.12) {
            *base = if rng.random_bool(0.5) { b'G' } else { b'C' };
        }
    }
}

/// GTAAGT at the 5' end, a loose pyrimidine tract and CAG at the 3' end.
fn splice_sites(rng: &mut ChaCha8Rng, sequence: &mut [u8], (start0, end0): Span, strand: Strand) {
    let donor = [b'G', b'T', if rng.random_bool(0.6) { b'A' } else { b'G' }, b'A', b'G'];
    let mut acceptor: Vec<u8> = (0..14).map(|_| b"TCTCTCAG"[rng.random_range(0..8)]).collect();
    acceptor.extend_from_slice(b"CAG");
    let (donor0, acceptor0) = match strand {
        Strand::Forward => (start0, end0 - acceptor.len() as u64),
        Strand::Reverse => (end0 - donor.len() as u64, start0),
    };
    write(sequence, donor0, &donor, strand);
    write(sequence, acceptor0, &acceptor, strand);
}

#[cfg(test)]
mod tests {
    use super::super::super::genome::background;
    use super::super::super::streams::{Part, stream};
    use super::super::draw;
    use super::*;

    #[test]
    fn introns_begin_with_gt_and_end_with_ag_and_coding_parts_with_atg_and_taa() {
        let mut contigs = background(&mut stream(3, Part::Background), 300_000, 2);
        let genes = draw(&mut stream(3, Part::Genes), &contigs);
        imprint(&mut stream(3, Part::Signals), &mut contigs, &genes);
        for gene in &genes {
            let on_strand = |span: Span| {
                let bases = contigs[gene.contig].sequence[span.0 as usize..span.1 as usize].to_vec();
                if gene.strand == Strand::Forward { bases } else { reverse_complement(&bases) }
            };
            for intron in gene.transcripts[0].introns() {
                let bases = on_strand(intron);
                assert!(bases.starts_with(b"GT") && bases.ends_with(b"CAG"), "{}", gene.id);
            }
            if let Some(coding) = gene.transcripts[0].coding {
                let bases = on_strand(coding);
                assert!(bases.starts_with(b"ATG") && bases.ends_with(b"TAA"), "{}", gene.id);
            }
        }
    }
}
