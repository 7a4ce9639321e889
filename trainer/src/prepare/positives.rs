//! From peaks to positive windows, with the reason for each peak that gives none.

use std::collections::HashSet;

use polaris_genomics::{Interval, IntervalSet, ReferenceBundle, Strand, Window};
use serde::{Deserialize, Serialize};

use super::gc::sequenced_gc;
use super::isolation::{isolated, looks_raw};
use super::options::{Isolated, Options};
use super::peaks::{Peak, PeakFile};

/// A window around a peak.
#[derive(Clone, Debug)]
pub(super) struct PositiveWindow {
    /// Where it lies.
    pub(super) window: Window,
    /// The peak's signal.
    pub(super) signal: f64,
    /// GC fraction.
    pub(super) gc: f64,
}

/// What became of the peaks: each is kept or counted under the first reason that applies, in this order.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeakCounts {
    /// Peaks in the file.
    pub(crate) read: usize,
    /// Dropped: p above the limit or absent, in a file that has p values.
    pub(crate) p_value: usize,
    /// Dropped: no other peak of the protein near by.
    pub(crate) isolated: usize,
    /// Dropped: on a contig that the FASTA lacks.
    pub(crate) unknown_contig: usize,
    /// Dropped: no strand in the file, and no transcript there.
    pub(crate) no_strand: usize,
    /// Dropped: no strand in the file, and transcripts on both.
    pub(crate) two_strands: usize,
    /// Dropped: the window leaves its contig.
    pub(crate) off_contig: usize,
    /// Dropped: too much of the window is unsequenced.
    pub(crate) unsequenced: usize,
    /// Dropped: the same window and strand as an earlier peak's.
    pub(crate) duplicate: usize,
    /// Windows.
    pub(crate) kept: usize,
    /// Of these, how many share a base with another.
    pub(crate) overlapping: usize,
}

impl PeakCounts {
    /// The reasons that applied, with their counts.
    pub(crate) fn dropped(&self) -> Vec<(&'static str, usize)> {
        let all = [
            ("p value", self.p_value),
            ("isolated", self.isolated),
            ("unknown contig", self.unknown_contig),
            ("no strand", self.no_strand),
            ("two strands", self.two_strands),
            ("off contig", self.off_contig),
            ("unsequenced", self.unsequenced),
            ("duplicate", self.duplicate),
        ];
        all.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

/// The windows of a peak file.
#[derive(Debug)]
pub(super) struct Positives {
    /// In the order of the peaks.
    pub(super) windows: Vec<PositiveWindow>,
    /// What became of the peaks.
    pub(super) counts: PeakCounts,
    /// The windows around all peaks, also those without a window of their own, and the peaks themselves: where no
    /// negative belongs.
    pub(super) occupied: IntervalSet,
    /// Whether isolated peaks were dropped.
    pub(super) isolated_dropped: bool,
}

/// Cuts the windows of `file`.
///
/// # Errors
/// Those of reading the FASTA.
pub(super) fn cut_positives(
    bundle: &ReferenceBundle,
    file: &PeakFile,
    options: &Options,
) -> Result<Positives, polaris_genomics::ReferenceError> {
    let isolated_dropped = match options.isolated {
        Isolated::Drop => true,
        Isolated::Keep => false,
        Isolated::Auto => looks_raw(file),
    };
    let mut counts = PeakCounts { read: file.peaks.len(), ..PeakCounts::default() };
    let significant = file.significant(options.max_p);
    counts.p_value = counts.read - significant.len();
    let alone = if isolated_dropped {
        isolated(&significant, options.isolation_distance)
    } else {
        vec![false; significant.len()]
    };
    let mut seen = HashSet::new();
    let mut windows = Vec::new();
    for (peak, alone) in significant.iter().zip(alone) {
        if alone {
            counts.isolated += 1;
            continue;
        }
        let Some(window) = window_around(bundle, peak, options.length, &mut counts) else { continue };
        let Some(gc) = sequenced_gc(bundle, &window, options.max_n)? else {
            counts.unsequenced += 1;
            continue;
        };
        if !seen.insert((window.contig.clone(), window.start0, window.strand)) {
            counts.duplicate += 1;
            continue;
        }
        windows.push(PositiveWindow { window, signal: peak.signal, gc });
    }
    counts.kept = windows.len();
    counts.overlapping = count_overlapping(&windows);
    Ok(Positives { windows, counts, occupied: occupied(&file.peaks, options.length), isolated_dropped })
}

/// The window around a peak's midpoint, if it has a strand and lies on a contig of the reference, whole.
fn window_around(
    bundle: &ReferenceBundle,
    peak: &Peak,
    length: usize,
    counts: &mut PeakCounts,
) -> Option<Window> {
    let Some(contig) = bundle.reference().contig(&peak.contig) else {
        counts.unknown_contig += 1;
        return None;
    };
    let strand = match (peak.strand, transcribed_strands(bundle, peak).as_slice()) {
        (Some(strand), _) => strand,
        (None, [strand]) => *strand,
        (None, []) => {
            counts.no_strand += 1;
            return None;
        }
        (None, _) => {
            counts.two_strands += 1;
            return None;
        }
    };
    let window = Window::centered(&contig.name, peak.midpoint0(), length, strand);
    let inside = window.start0 >= 0 && window.end0().unsigned_abs() <= contig.length;
    if !inside {
        counts.off_contig += 1;
    }
    inside.then_some(window)
}

fn transcribed_strands(bundle: &ReferenceBundle, peak: &Peak) -> Vec<Strand> {
    if peak.strand.is_some() {
        return Vec::new();
    }
    bundle.genes().transcribed_strands(&peak.contig, peak.start0, peak.end0)
}

fn occupied(peaks: &[Peak], length: usize) -> IntervalSet {
    IntervalSet::from_intervals(peaks.iter().map(|peak| {
        let window = Window::centered(&peak.contig, peak.midpoint0(), length, Strand::Forward);
        Interval {
            contig: peak.contig.clone(),
            start0: peak.start0.min(window.start0.max(0).unsigned_abs()),
            end0: peak.end0.max(window.end0().max(0).unsigned_abs()),
        }
    }))
}

/// How many windows share at least a base with another, strands ignored.
fn count_overlapping(windows: &[PositiveWindow]) -> usize {
    let mut sorted: Vec<&Window> = windows.iter().map(|positive| &positive.window).collect();
    sorted.sort_by(|left, right| (&left.contig, left.start0).cmp(&(&right.contig, right.start0)));
    let touches = |left: &Window, right: &Window| left.contig == right.contig && right.start0 < left.end0();
    (0..sorted.len())
        .filter(|index| {
            let before = index.checked_sub(1).is_some_and(|before| touches(sorted[before], sorted[*index]));
            before || sorted.get(index + 1).is_some_and(|next| touches(sorted[*index], next))
        })
        .count()
}
