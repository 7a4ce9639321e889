//! Alleles in transcribed places that touch no motif of any protein and keep off those that are planted.

use polaris_genomics::Strand;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::alleles::{Allele, Effect};
use super::super::motifs::{Model, RBPS};
use super::super::streams::pick;
use super::{KnownAllele, Stage, models_of};

/// Neutral alleles keep this far from planted copies, in bases.
const CLEARANCE: u64 = 30;
/// Beyond this distance from every bound site an allele counts as far, in bases.
const FAR: u64 = 600;

/// One attempt: every other allele lies within 300 bases of a bound site (the truth speaks of the models that bind
/// it), the others far from all sites (the truth speaks of one model in turn).
pub(super) fn draw(
    rng: &mut ChaCha8Rng,
    stage: &Stage<'_>,
    models: &[Model],
    turn: usize,
) -> Option<KnownAllele> {
    let (contig, gene, at0, models) =
        if turn.is_multiple_of(2) { near(rng, stage)? } else { far(rng, stage, models, turn)? };
    let entry = stage.genes.get(gene)?;
    let (start0, end0) = entry.span();
    if at0 < start0 || at0 + 4 > end0 {
        return None;
    }
    let allele = propose(rng, stage, contig, at0)?;
    is_clean(stage, &allele).then_some(KnownAllele { allele, effect: Effect::Neutral, models, gene })
}

type Place = (usize, usize, u64, Vec<Model>);

fn near(rng: &mut ChaCha8Rng, stage: &Stage<'_>) -> Option<Place> {
    let site = pick(rng, stage.sites).filter(|site| !site.cell_lines.is_empty())?;
    let distance = rng.random_range(40..300);
    let at0 = if rng.random_bool(0.5) {
        site.center0() + distance
    } else {
        site.center0().checked_sub(distance)?
    };
    Some((site.contig, site.gene, at0, models_of(site)))
}

fn far(rng: &mut ChaCha8Rng, stage: &Stage<'_>, models: &[Model], turn: usize) -> Option<Place> {
    let gene = rng.random_range(0..stage.genes.len().max(1));
    let entry = stage.genes.get(gene)?;
    let (start0, end0) = entry.span();
    let at0 = rng.random_range(start0..end0);
    let model = *models.get(turn / 2 % models.len().max(1))?;
    let mut own = stage.sites.iter().filter(|site| site.rbp == model.rbp && site.contig == entry.contig);
    own.all(|site| site.center0().abs_diff(at0) > FAR).then_some((entry.contig, gene, at0, vec![model]))
}

fn propose(rng: &mut ChaCha8Rng, stage: &Stage<'_>, contig: usize, at0: u64) -> Option<Allele> {
    let (removed, added) = match rng.random_range(0..100) {
        0..78 => (1, 1),
        78..84 => (2, 2),
        84..92 => (0, rng.random_range(1..=3)),
        _ => (rng.random_range(1..=3), 0),
    };
    let replacement: Vec<u8> = (0..added).map(|_| b"ACGT"[rng.random_range(0..4)]).collect();
    Allele::trimmed(contig, &stage.contigs.get(contig)?.sequence, (at0, at0 + removed), &replacement)
}

/// Whether the allele keeps off planted copies and touches no motif, nor a weaker version, on either strand.
pub(super) fn is_clean(stage: &Stage<'_>, allele: &Allele) -> bool {
    let Some(contig) = stage.contigs.get(allele.contig) else { return false };
    let touches = |strand| RBPS.iter().any(|rbp| allele.touches(&contig.sequence, rbp, strand));
    stage.occupancy.is_clear(allele.contig, allele.span, CLEARANCE)
        && !touches(Strand::Forward)
        && !touches(Strand::Reverse)
}
