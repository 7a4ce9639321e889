//! Negative windows: random transcribed ones, away from the peaks, with the positives' GC content and strands.

use std::collections::HashSet;

use polaris_genomics::{IntervalSet, ReferenceBundle, ReferenceError, Strand, Window};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::gc::sequenced_gc;
use super::options::Options;
use super::quota::{Quota, Relaxation};
use super::terrain::Terrain;

/// So many draws in a row without a window taken end a round; the next accepts one GC bin more to either side.
const PATIENCE: u64 = 100_000;

/// A round ends too after so many draws for each negative wanted.
const DRAWS_PER_NEGATIVE: u64 = 2_000;

/// A negative window.
#[derive(Clone, Debug)]
pub(super) struct NegativeWindow {
    /// Where it lies.
    pub(super) window: Window,
    /// GC fraction.
    pub(super) gc: f64,
}

/// What became of the draws. Each is taken or counted under the first reason that applies, in this order.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DrawCounts {
    /// Windows wanted.
    pub(crate) wanted: usize,
    /// Windows taken.
    pub(crate) taken: usize,
    /// Windows that could not be found.
    pub(crate) missing: usize,
    /// Draws.
    pub(crate) draws: u64,
    /// Refused: the window leaves its contig.
    pub(crate) off_contig: u64,
    /// Refused: too much is unsequenced.
    pub(crate) unsequenced: u64,
    /// Refused: no negative of that GC content and strand is wanted (any more).
    pub(crate) gc: u64,
    /// Refused: too much lies outside genes of the strand.
    pub(crate) untranscribed: u64,
    /// Refused: too much lies on windows around peaks of the protein.
    pub(crate) on_peaks: u64,
    /// Refused: drawn before.
    pub(crate) duplicate: u64,
    /// GC bins that neighbors helped to fill.
    pub(crate) relaxations: Vec<Relaxation>,
}

/// Draws negatives until the quota is filled or nothing more is found.
pub(super) struct Drawing<'a> {
    /// The genome.
    pub(super) bundle: &'a ReferenceBundle,
    /// What can be drawn.
    pub(super) terrain: &'a Terrain,
    /// The rules.
    pub(super) options: &'a Options,
    /// Where the protein's peaks are.
    pub(super) occupied: &'a IntervalSet,
}

enum Verdict {
    Taken(NegativeWindow),
    OffContig,
    Unsequenced,
    Gc,
    Untranscribed,
    OnPeaks,
    Duplicate,
}

impl Drawing<'_> {
    /// Draws as many as `quota` wants.
    ///
    /// # Errors
    /// Those of reading the FASTA.
    pub(super) fn draw(
        &self,
        mut quota: Quota,
        random: &mut impl Rng,
    ) -> Result<(Vec<NegativeWindow>, DrawCounts), ReferenceError> {
        let mut counts = DrawCounts { wanted: quota.left(), ..DrawCounts::default() };
        let mut seen = HashSet::new();
        let mut windows = Vec::new();
        for tolerance in 0..self.options.gc_bins {
            let limit = DRAWS_PER_NEGATIVE.saturating_mul(quota.left() as u64).saturating_add(PATIENCE);
            let (mut in_round, mut in_vain) = (0, 0);
            while quota.left() > 0 && in_round < limit && in_vain < PATIENCE {
                let strand = draw_strand(&quota, random);
                let Some((contig, position0)) = self.terrain.on(strand).draw(random) else {
                    counts.missing += quota.give_up(strand);
                    continue;
                };
                counts.draws += 1;
                in_round += 1;
                in_vain += 1;
                match self.judge(contig, position0, strand, tolerance, &mut quota, &mut seen)? {
                    Verdict::Taken(window) => {
                        windows.push(window);
                        in_vain = 0;
                    }
                    Verdict::OffContig => counts.off_contig += 1,
                    Verdict::Unsequenced => counts.unsequenced += 1,
                    Verdict::Gc => counts.gc += 1,
                    Verdict::Untranscribed => counts.untranscribed += 1,
                    Verdict::OnPeaks => counts.on_peaks += 1,
                    Verdict::Duplicate => counts.duplicate += 1,
                }
            }
        }
        counts.missing += quota.left();
        counts.taken = windows.len();
        counts.relaxations = quota.into_relaxations();
        Ok((windows, counts))
    }

    /// The cheap questions come first; the bases are read last, of few candidates.
    fn judge(
        &self,
        contig_index: usize,
        position0: u64,
        strand: Strand,
        tolerance: usize,
        quota: &mut Quota,
        seen: &mut HashSet<(usize, i64, Strand)>,
    ) -> Result<Verdict, ReferenceError> {
        let Options { length, max_n, max_overlap, max_untranscribed, .. } = *self.options;
        let Some(contig) = self.bundle.reference().contigs().get(contig_index) else {
            return Ok(Verdict::OffContig);
        };
        let before = (length / 2) as u64;
        let (Some(start0), end0) =
            (position0.checked_sub(before), position0 - before.min(position0) + length as u64)
        else {
            return Ok(Verdict::OffContig);
        };
        if end0 > contig.length {
            return Ok(Verdict::OffContig);
        }
        let Some(estimate) = self.terrain.bases.estimate(contig_index, start0, end0) else {
            return Ok(Verdict::Unsequenced);
        };
        if estimate.sequenced + 2.0 * estimate.error < 1.0 - max_n {
            return Ok(Verdict::Unsequenced);
        }
        if !quota.may_take(strand, estimate.gc - estimate.error, estimate.gc + estimate.error, tolerance) {
            return Ok(Verdict::Gc);
        }
        let transcribed = self.terrain.on(strand).transcribed.overlap_bases(&contig.name, start0, end0);
        if transcribed.saturating_add(max_untranscribed) < length as u64 {
            return Ok(Verdict::Untranscribed);
        }
        if self.occupied.overlap_bases(&contig.name, start0, end0) > max_overlap {
            return Ok(Verdict::OnPeaks);
        }
        let window = Window::centered(&contig.name, position0, length, strand);
        let key = (contig_index, window.start0, strand);
        if seen.contains(&key) {
            return Ok(Verdict::Duplicate);
        }
        let Some(gc) = sequenced_gc(self.bundle, &window, max_n)? else { return Ok(Verdict::Unsequenced) };
        if !quota.take(strand, gc, tolerance) {
            return Ok(Verdict::Gc);
        }
        seen.insert(key);
        Ok(Verdict::Taken(NegativeWindow { window, gc }))
    }
}

/// A strand, as likely as negatives are still wanted on it.
fn draw_strand(quota: &Quota, random: &mut impl Rng) -> Strand {
    let forward = quota.left_on(Strand::Forward);
    if random.random_range(0..quota.left().max(1)) < forward { Strand::Forward } else { Strand::Reverse }
}
