//! Windows that cover regions.

mod gaps;

use std::num::NonZeroUsize;

use polaris_genomics::{Contig, ReferenceBundle, ReferenceError, Strand, Window};

pub(crate) use self::gaps::{Gap, GapReason, Gaps, clip};
use crate::messages::is_mostly_unknown;
use crate::regions::StrandedRegion;

/// Windows of one length at regular distances.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Tiling {
    length: usize,
    stride: usize,
}

impl Tiling {
    /// Windows of `length` bases, `stride` bases from start to start; at most `length`, so that none is passed over.
    pub(crate) fn new(length: usize, stride: NonZeroUsize) -> Self {
        Self { length, stride: stride.get().min(length).max(1) }
    }

    /// Each base in two windows: what maps are blended from.
    pub(crate) fn half(length: usize) -> Self {
        Self { length, stride: (length / 2).max(1) }
    }

    /// All windows over `[start0, end0)` that start at a multiple of the stride, in order: the same whatever the
    /// region. Each base lies in as many as each other base. The first start before it, the last end after it, and
    /// both maybe off the contig.
    pub(crate) fn on_grid(
        self,
        contig: &str,
        start0: u64,
        end0: u64,
        strand: Strand,
    ) -> impl Iterator<Item = Window> {
        let (length, stride) = (signed(self.length), signed(self.stride));
        let (start0, end0) = (position(start0), position(end0));
        // The first multiple whose window reaches the region.
        let first0 = (start0 - length).div_euclid(stride).saturating_add(1).saturating_mul(stride);
        let starts = (0..).map(move |index: i64| first0.saturating_add(index.saturating_mul(stride)));
        self.windows(contig, strand, starts.take_while(move |&start0| start0 < end0))
    }

    /// As few windows as give each base of a region a place in the middle `stride` bases of one, around the region's
    /// middle: a single one, centred, for a region of up to `stride` bases.
    pub(crate) fn centered(self, region: &StrandedRegion) -> impl Iterator<Item = Window> {
        let (length, stride) = (signed(self.length), signed(self.stride));
        let bases = position(region.end0.saturating_sub(region.start0));
        let count = bases.saturating_add(stride - 1) / stride;
        let spanned = length.saturating_add((count - 1).saturating_mul(stride));
        let first0 = position(region.start0) + (bases - spanned).div_euclid(2);
        let starts = (0..count).map(move |index| first0.saturating_add(index.saturating_mul(stride)));
        self.windows(&region.contig, region.strand, starts)
    }

    fn windows(
        self,
        contig: &str,
        strand: Strand,
        starts: impl Iterator<Item = i64>,
    ) -> impl Iterator<Item = Window> {
        let (contig, length) = (contig.to_owned(), self.length);
        starts.map(move |start0| Window { contig: contig.clone(), start0, length, strand })
    }
}

/// A stretch that one window speaks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Bin {
    /// First base.
    pub(crate) start0: u64,
    /// The base after the last; on the contig.
    pub(crate) end0: u64,
    /// Its midpoint is the middle of the bin.
    pub(crate) window: Window,
}

/// All bins over `[start0, end0)`, in order: from each multiple of the stride to the next, or to the contig's end.
/// The same whatever the region.
pub(crate) fn bins(
    contig: &Contig,
    start0: u64,
    end0: u64,
    strand: Strand,
    length: usize,
    stride: NonZeroUsize,
) -> impl Iterator<Item = Bin> {
    let step = u64::try_from(stride.get()).unwrap_or(u64::MAX);
    let end0 = end0.min(contig.length);
    let (name, contig_end0) = (contig.name.clone(), contig.length);
    let starts = (start0 / step..).map(move |index| index.saturating_mul(step));
    starts.take_while(move |&start0| start0 < end0).map(move |start0| {
        let end0 = start0.saturating_add(step).min(contig_end0);
        let middle0 = start0 + (end0 - start0) / 2;
        Bin { start0, end0, window: Window::centered(&name, middle0, length, strand) }
    })
}

/// The sequence of a window on its strand, or why it is not asked about.
///
/// # Errors
///
/// [`ReferenceError`] if the FASTA cannot be read.
pub(crate) fn cut(
    window: &Window,
    bundle: &ReferenceBundle,
) -> Result<Result<Vec<u8>, GapReason>, ReferenceError> {
    let sequence = window.sequence(bundle.reference())?;
    if is_mostly_unknown(&sequence) {
        return Ok(Err(GapReason::MostlyN));
    }
    let (start0, end0) = (unsigned(window.start0), unsigned(window.end0()));
    let is_sequenced =
        bundle.sequenced().is_none_or(|sequenced| sequenced.overlap_bases(&window.contig, start0, end0) > 0);
    Ok(if is_sequenced { Ok(sequence) } else { Err(GapReason::NotSequenced) })
}

fn signed(bases: usize) -> i64 {
    i64::try_from(bases).unwrap_or(i64::MAX)
}

/// No contig is as long as that, and no sum of a few such numbers overflows.
fn position(position0: u64) -> i64 {
    i64::try_from(position0).unwrap_or(i64::MAX).min(i64::MAX / 4)
}

/// 0 for what lies before the contig.
pub(crate) fn unsigned(position0: i64) -> u64 {
    u64::try_from(position0).unwrap_or(0)
}

#[cfg(test)]
mod tests;
