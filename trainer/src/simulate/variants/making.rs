//! Alleles that make a full motif copy in a bound context: they complete a near miss beside the copies of a site, or
//! insert a copy there.

use polaris_genomics::{Strand, reverse_complement};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::alleles::{Allele, Effect};
use super::super::motifs::RBPS;
use super::super::sites::Site;
use super::super::streams::pick;
use super::{KnownAllele, Stage, models_of, spares_others};

/// Sites with more copies than this are bound without another one.
const MOST_COPIES: usize = 2;
/// Making alleles that insert a whole copy.
const INSERTED: f64 = 0.03;

/// One attempt; a site that serves is marked as used.
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
    let allele =
        if rng.random_bool(INSERTED) { insert(rng, stage, site)? } else { complete(rng, stage, site)? };
    let sequence = &stage.contigs.get(site.contig)?.sequence;
    let makes = allele.effect(sequence, RBPS.get(rbp)?, site.strand) == Some(Effect::Make);
    if !makes || !spares_others(stage, &allele, rbp) {
        return None;
    }
    *used.get_mut(index)? = true;
    Some(KnownAllele { allele, effect: Effect::Make, models: models_of(site), gene: site.gene })
}

fn complete(rng: &mut ChaCha8Rng, stage: &Stage<'_>, site: &Site) -> Option<Allele> {
    let near_miss = pick(rng, &site.near_misses)?;
    let full = on_contig(&near_miss.full, site.strand);
    Allele::trimmed(site.contig, &stage.contigs.get(site.contig)?.sequence, near_miss.span, &full)
}

/// A copy inserted a few bases before or after the site's own.
fn insert(rng: &mut ChaCha8Rng, stage: &Stage<'_>, site: &Site) -> Option<Allele> {
    let unit = on_contig(pick(rng, RBPS.get(site.rbp)?.units)?.as_bytes(), site.strand);
    let distance = rng.random_range(3..9);
    let at0 = if rng.random_bool(0.5) { site.span.0 - distance } else { site.span.1 + distance };
    Allele::trimmed(site.contig, &stage.contigs.get(site.contig)?.sequence, (at0, at0), &unit)
}

fn on_contig(bases: &[u8], strand: Strand) -> Vec<u8> {
    match strand {
        Strand::Forward => bases.to_vec(),
        Strand::Reverse => reverse_complement(bases),
    }
}
