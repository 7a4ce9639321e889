//! Variants that break a motif in a bound site, make one beside it, or do neither.

mod breaking;
mod making;
mod neutral;
mod record;

pub(super) use record::Record;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use self::record::Draft;
use super::alleles::{Allele, Effect};
use super::genes::{Gene, Span};
use super::genome::Contig;
use super::motifs::{Model, RBPS, models};
use super::occupancy::Occupancy;
use super::sites::Site;
use super::streams::{Part, stream};

/// An alternate allele whose effect is known.
#[derive(Clone, Debug)]
pub(super) struct KnownAllele {
    pub(super) allele: Allele,
    pub(super) effect: Effect,
    /// Models that the effect is stated for.
    pub(super) models: Vec<Model>,
    /// Index of the gene whose transcript carries it.
    pub(super) gene: usize,
}

/// What variants are drawn on.
pub(super) struct Stage<'a> {
    pub(super) contigs: &'a [Contig],
    pub(super) genes: &'a [Gene],
    pub(super) sites: &'a [Site],
    pub(super) occupancy: &'a Occupancy,
}

/// Shares of breaking and making alleles; the rest are neutral.
const BREAKING: f64 = 0.42;
const MAKING: f64 = 0.25;
/// Records that get a second alternate allele of the same effect.
const MULTI_ALLELIC: f64 = 0.08;
/// Attempts at one allele of one protein.
const ATTEMPTS: usize = 2_000;
/// Rounds over the proteins, in multiples of the alleles wanted.
const PASSES: usize = 4;

/// About `count` alternate alleles in records sorted by contig and position.
pub(super) fn draw(seed: u64, stage: &Stage<'_>, count: usize) -> Vec<Record> {
    let mut rng = stream(seed, Part::Variants);
    let mut drafts: Vec<Draft> = Vec::new();
    let mut used = vec![false; stage.sites.len()];
    let breaking = (count as f64 * BREAKING).round() as usize;
    let making = (count as f64 * MAKING).round() as usize;
    let all_models = models();
    let goals =
        [(Effect::Break, breaking), (Effect::Make, making), (Effect::Neutral, count - breaking - making)];
    for (effect, goal) in goals {
        let mut alleles = 0;
        // Proteins take turns; one that has no site left to offer is passed over after so many attempts in vain.
        for turn in 0..PASSES * goal {
            if alleles >= goal {
                break;
            }
            let rbp = turn % RBPS.len();
            let attempt = |_| match effect {
                Effect::Break => breaking::draw(&mut rng, stage, &mut used, rbp),
                Effect::Make => making::draw(&mut rng, stage, &mut used, rbp),
                Effect::Neutral => neutral::draw(&mut rng, stage, &all_models, turn),
            };
            let apart = |known: &KnownAllele| !drafts.iter().any(|draft| draft.is_near(&known.allele));
            let Some(first) = (0..ATTEMPTS).filter_map(attempt).find(apart) else { continue };
            let second = if alleles + 1 < goal && rng.random_bool(MULTI_ALLELIC) {
                (0..ATTEMPTS).find_map(|_| second(&mut rng, stage, &first))
            } else {
                None
            };
            alleles += 1 + usize::from(second.is_some());
            drafts.push(Draft { alleles: std::iter::once(first).chain(second).collect() });
        }
    }
    record::spell(&mut rng, stage.contigs, drafts)
}

/// Another substitution of the same base, or a deletion of it, with the same effect.
fn second(rng: &mut ChaCha8Rng, stage: &Stage<'_>, first: &KnownAllele) -> Option<KnownAllele> {
    let Allele { contig, span, alternate } = &first.allele;
    let sequence = &stage.contigs.get(*contig)?.sequence;
    if first.allele.kind() != "snv" || first.effect == Effect::Make {
        return None;
    }
    let replacement: &[u8] = match rng.random_range(0..5) {
        0 => b"",
        letter => b"ACGT".get(letter - 1..letter)?,
    };
    let allele = Allele::trimmed(*contig, sequence, *span, replacement)?;
    let fits = alternate != replacement
        && match first.effect {
            Effect::Break => {
                let site =
                    stage.sites.iter().find(|site| site.contig == *contig && covers(site.span, *span))?;
                let copy = site.copies.iter().find(|copy| covers(**copy, *span))?;
                breaking::is_clean(stage, site, *copy, &allele)
            }
            Effect::Make => false,
            Effect::Neutral => neutral::is_clean(stage, &allele),
        };
    fits.then(|| KnownAllele { allele, ..first.clone() })
}

fn covers(outer: Span, inner: Span) -> bool {
    outer.0 <= inner.0 && inner.1 <= outer.1
}

/// Whether the allele leaves the copies of every protein but one as they are, on both strands.
fn spares_others(stage: &Stage<'_>, allele: &Allele, rbp: usize) -> bool {
    let Some(contig) = stage.contigs.get(allele.contig) else { return false };
    let strands = [polaris_genomics::Strand::Forward, polaris_genomics::Strand::Reverse];
    RBPS.iter().enumerate().filter(|(other, _)| *other != rbp).all(|(_, other)| {
        strands.iter().all(|&strand| allele.effect(&contig.sequence, other, strand) == Some(Effect::Neutral))
    })
}

/// The models in which the site is bound.
fn models_of(site: &Site) -> Vec<Model> {
    site.cell_lines.iter().map(|&cell_line| Model { rbp: site.rbp, cell_line }).collect()
}
