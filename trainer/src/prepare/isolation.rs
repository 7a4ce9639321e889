//! Peaks that stand alone, and whether they should count.

use std::collections::HashMap;

use polaris_genomics::{Strand, contig_key};

use super::peaks::{Peak, PeakFile, PeakFormat};

/// The thresholds of fold change (log2) and p (-log10) that ENCODE's reproducible peaks have passed.
const REPRODUCIBLE: f64 = 3.0;

/// Peaks are raw if fewer than this share of them pass both thresholds.
const REPRODUCIBLE_SHARE: f64 = 0.9;

/// Whether a file's peaks look as the caller left them. Peaks filtered for reproducibility have log2 fold change and
/// -log10 p of 3 and more throughout, raw ones in a few percent: below 90% they are raw. BED without p values comes
/// from a further step (CTK) and is not raw.
pub(super) fn looks_raw(file: &PeakFile) -> bool {
    let passes =
        |peak: &&Peak| peak.signal >= REPRODUCIBLE && peak.minus_log10_p.is_some_and(|p| p >= REPRODUCIBLE);
    let passed = file.peaks.iter().filter(passes).count();
    file.format == PeakFormat::NarrowPeak
        && file.has_p_values()
        && (passed as f64) < REPRODUCIBLE_SHARE * file.peaks.len() as f64
}

/// For each peak, whether no other peak of its strand lies within `distance` bases, counted between their ends.
pub(super) fn isolated(peaks: &[Peak], distance: u64) -> Vec<bool> {
    let mut groups: HashMap<(&str, Option<Strand>), Vec<usize>> = HashMap::new();
    for (index, peak) in peaks.iter().enumerate() {
        groups.entry((contig_key(&peak.contig), peak.strand)).or_default().push(index);
    }
    let mut alone = vec![true; peaks.len()];
    for members in groups.values_mut() {
        members.sort_by_key(|index| (peaks[*index].start0, *index));
        // The one among the peaks so far that reaches furthest.
        let mut furthest: Option<usize> = None;
        for index in members.iter().copied() {
            if let Some(before) = furthest
                && peaks[index].start0 <= peaks[before].end0.saturating_add(distance)
            {
                alone[index] = false;
                alone[before] = false;
            }
            if furthest.is_none_or(|before| peaks[index].end0 >= peaks[before].end0) {
                furthest = Some(index);
            }
        }
    }
    alone
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn peak(start0: u64, end0: u64, strand: Option<Strand>) -> Peak {
        Peak { contig: "chr1".into(), start0, end0, strand, signal: 4.0, minus_log10_p: Some(5.0) }
    }

    #[test]
    fn the_distance_is_between_ends_on_one_strand() {
        let forward = Some(Strand::Forward);
        let peaks = [peak(1000, 1050, forward), peak(1550, 1600, forward), peak(2101, 2150, forward)];
        assert_eq!(isolated(&peaks, 500), [false, false, true]);
        let other = peak(2160, 2200, Some(Strand::Reverse));
        assert_eq!(isolated(&[peaks[2].clone(), other], 500), [true, true]);
        assert_eq!(isolated(&peaks, u64::MAX), [false; 3]);
        let alias = Peak { contig: "1".into(), ..peaks[0].clone() };
        assert_eq!(isolated(&[peaks[0].clone(), alias], 0), [false, false]);
    }

    #[test]
    fn raw_peaks_are_told_by_their_strength() {
        let file = |weak: usize, format| {
            let mut peaks = vec![peak(0, 10, None); 100];
            peaks.iter_mut().take(weak).for_each(|peak| peak.signal = 1.0);
            PeakFile { format, peaks }
        };
        assert!(!looks_raw(&file(10, PeakFormat::NarrowPeak)));
        assert!(looks_raw(&file(11, PeakFormat::NarrowPeak)));
        assert!(!looks_raw(&file(100, PeakFormat::Bed)));
    }

    proptest! {
        #[test]
        fn equal_to_comparing_every_pair(
            places in proptest::collection::vec((0_u64..3000, 1_u64..400), 1..30),
            distance in 0_u64..300,
        ) {
            let peaks: Vec<Peak> = places.iter().map(|(start, length)| peak(*start, start + length, None)).collect();
            let near = |left: &Peak, right: &Peak| {
                left.start0 <= right.end0 + distance && right.start0 <= left.end0 + distance
            };
            let expected: Vec<bool> = (0..peaks.len())
                .map(|index| {
                    (0..peaks.len()).all(|other| other == index || !near(&peaks[index], &peaks[other]))
                })
                .collect();
            prop_assert_eq!(isolated(&peaks, distance), expected);
        }
    }
}
