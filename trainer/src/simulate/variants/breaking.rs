//! Alleles that destroy a motif copy of a bound site.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::alleles::{Allele, Effect};
use super::super::genes::Span;
use super::super::motifs::RBPS;
use super::super::sites::Site;
use super::super::streams::pick;
use super::{KnownAllele, Stage, models_of, spares_others};

/// Only sites with few copies: where there are many, the loss of one hardly matters to the protein.
const MOST_COPIES: usize = 2;

/// Attempts at a clean allele of one kind in one copy.
const ATTEMPTS: usize = 60;

/// Draws a bound site of the protein and an allele that breaks one of its copies; the site is then marked as used.
pub(super) fn draw(
    rng: &mut ChaCha8Rng,
    stage: &Stage<'_>,
    used: &mut [bool],
    rbp: usize,
) -> Option<KnownAllele> {
    let index = rng.random_range(0..stage.sites.len().max(1));
    let site = stage.sites.get(index)?;
    let suits = site.rbp == rbp && site.copies.len() <= MOST_COPIES && !site.cell_lines.is_empty();
    if !suits || *used.get(index)? {
        return None;
    }
    let copy = *pick(rng, &site.copies)?;
    let shape = Shape::draw(rng);
    let mut proposals = (0..ATTEMPTS).filter_map(|_| shape.propose(rng, stage, site.contig, copy));
    let allele = proposals.find(|allele| is_clean(stage, site, copy, allele))?;
    *used.get_mut(index)? = true;
    Some(KnownAllele { allele, effect: Effect::Break, models: models_of(site), gene: site.gene })
}

/// How many bases an allele removes and adds.
struct Shape {
    removed: u64,
    added: usize,
}

impl Shape {
    /// A substitution (mostly of one base), insertion or deletion.
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let (removed, added) = match rng.random_range(0..100) {
            0..72 => (1, 1),
            72..80 => (2, 2),
            80..89 => (0, rng.random_range(1..=4)),
            _ => (rng.random_range(1..=4), 0),
        };
        Self { removed, added }
    }

    /// An allele of this shape within the copy.
    fn propose(&self, rng: &mut ChaCha8Rng, stage: &Stage<'_>, contig: usize, copy: Span) -> Option<Allele> {
        let sequence = &stage.contigs.get(contig)?.sequence;
        let first = copy.0 + u64::from(self.removed == 0);
        let start0 = rng.random_range(first..=copy.1.checked_sub(self.removed.max(1))?);
        let replacement: Vec<u8> = (0..self.added).map(|_| b"ACGT"[rng.random_range(0..4)]).collect();
        Allele::trimmed(contig, sequence, (start0, start0 + self.removed), &replacement)
    }
}

/// Whether the allele destroys the copy without leaving a weaker version, and changes no other protein's motif.
pub(super) fn is_clean(stage: &Stage<'_>, site: &Site, copy: Span, allele: &Allele) -> bool {
    let (Some(contig), Some(rbp)) = (stage.contigs.get(allele.contig), RBPS.get(site.rbp)) else {
        return false;
    };
    let sequence = &contig.sequence;
    allele.effect(sequence, rbp, site.strand) == Some(Effect::Break)
        && !allele.leaves_trace(sequence, rbp, site.strand, copy)
        && spares_others(stage, allele, site.rbp)
}
