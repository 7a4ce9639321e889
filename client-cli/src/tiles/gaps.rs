//! Bases that no window speaks for, and why.

use std::fmt;

use polaris_genomics::{Interval, IntervalSet, Strand};

/// Why a window is not asked about.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub(crate) enum GapReason {
    /// More than half of it is N or off the contig.
    MostlyN,
    /// None of it is in the bundle's sequenced regions.
    NotSequenced,
    /// Not a window's: the base itself is N.
    UnknownBase,
}

impl GapReason {
    /// Those of windows, the one that is told where both hold first.
    const OF_WINDOWS: [Self; 2] = [Self::NotSequenced, Self::MostlyN];
}

impl fmt::Display for GapReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::MostlyN => "mostly_n",
            Self::NotSequenced => "not_sequenced",
            Self::UnknownBase => "unknown_base",
        })
    }
}

/// A stretch without values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Gap {
    /// As the reference names it.
    pub(crate) contig: String,
    /// First base.
    pub(crate) start0: u64,
    /// The base after the last.
    pub(crate) end0: u64,
    /// The strand without values.
    pub(crate) strand: Strand,
    /// Why.
    pub(crate) reason: GapReason,
}

/// What windows of one strand covered and what was left out, told as they come.
#[derive(Clone, Debug)]
pub(crate) struct Gaps {
    strand: Strand,
    covered: Vec<Interval>,
    left_out: Vec<(GapReason, Vec<Interval>)>,
}

impl Gaps {
    /// Of a strand, nothing covered yet.
    pub(crate) fn new(strand: Strand) -> Self {
        Self {
            strand,
            covered: Vec::new(),
            left_out: GapReason::OF_WINDOWS.map(|reason| (reason, Vec::new())).into(),
        }
    }

    /// A stretch that has values, or why it has none. Several may cover a base: one with values is enough.
    pub(crate) fn add(&mut self, contig: &str, start0: u64, end0: u64, outcome: Result<(), GapReason>) {
        let list = match outcome {
            Ok(()) => Some(&mut self.covered),
            Err(reason) => self.left_out.iter_mut().find(|(of, _)| *of == reason).map(|(_, list)| list),
        };
        let Some(list) = list else { return };
        match list.last_mut() {
            // Windows come in order, so that the list stays as short as what it says.
            Some(last) if last.contig == contig && (last.start0..=last.end0).contains(&start0) => {
                last.end0 = last.end0.max(end0);
            }
            _ => list.push(Interval { contig: contig.to_owned(), start0, end0 }),
        }
    }

    /// The stretches of `regions` without values, sorted by contig and start.
    pub(crate) fn within(self, regions: &IntervalSet) -> Vec<Gap> {
        let mut taken = self.covered;
        let mut gaps = Vec::new();
        for (reason, left_out) in self.left_out {
            let covered = IntervalSet::from_intervals(taken.iter().cloned());
            let left_out = IntervalSet::from_intervals(left_out);
            for (contig, wanted) in regions.iter() {
                let gap = |(start0, end0)| Gap {
                    contig: contig.to_owned(),
                    start0,
                    end0,
                    strand: self.strand,
                    reason,
                };
                let lacking = intersection(wanted, left_out.intervals(contig));
                gaps.extend(difference(&lacking, covered.intervals(contig)).into_iter().map(gap));
            }
            taken.extend(left_out.iter().flat_map(|(contig, intervals)| {
                intervals.iter().map(|&(start0, end0)| Interval { contig: contig.to_owned(), start0, end0 })
            }));
        }
        gaps.sort_by(|left, right| (&left.contig, left.start0).cmp(&(&right.contig, right.start0)));
        gaps
    }
}

/// What of `[start0, end0)` lies in merged, sorted intervals.
pub(crate) fn clip(merged: &[(u64, u64)], start0: u64, end0: u64) -> impl Iterator<Item = (u64, u64)> {
    let first = merged.partition_point(|&(_, end)| end <= start0);
    let over = merged.iter().skip(first).take_while(move |&&(start, _)| start < end0);
    over.map(move |&(start, end)| (start.max(start0), end.min(end0))).filter(|(start, end)| start < end)
}

fn intersection(left: &[(u64, u64)], right: &[(u64, u64)]) -> Vec<(u64, u64)> {
    left.iter().flat_map(|&(start0, end0)| clip(right, start0, end0)).collect()
}

/// What of `left` is not in `right`, both merged and sorted.
fn difference(left: &[(u64, u64)], right: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut rest = Vec::new();
    for &(mut start0, end0) in left {
        for (taken_start0, taken_end0) in clip(right, start0, end0) {
            rest.push((start0, taken_start0));
            start0 = taken_end0;
        }
        rest.push((start0, end0));
    }
    rest.retain(|(start0, end0)| start0 < end0);
    rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(intervals: &[(&str, u64, u64)]) -> IntervalSet {
        let interval =
            |&(contig, start0, end0): &(&str, u64, u64)| Interval { contig: contig.to_owned(), start0, end0 };
        IntervalSet::from_intervals(intervals.iter().map(interval))
    }

    #[test]
    fn a_base_is_in_a_gap_if_no_window_has_it() {
        let mut gaps = Gaps::new(Strand::Reverse);
        gaps.add("chr1", 0, 100, Ok(()));
        gaps.add("chr1", 50, 150, Err(GapReason::MostlyN));
        gaps.add("chr1", 100, 200, Err(GapReason::MostlyN));
        gaps.add("chr1", 150, 250, Err(GapReason::NotSequenced));
        gaps.add("chr1", 240, 300, Ok(()));
        gaps.add("chr10", 0, 100, Err(GapReason::MostlyN));
        let found = gaps.within(&set(&[("chr10", 40, 50), ("chr1", 20, 120), ("chr1", 130, 290)]));
        let gap = |contig: &str, start0, end0, reason| Gap {
            contig: contig.to_owned(),
            start0,
            end0,
            strand: Strand::Reverse,
            reason,
        };
        assert_eq!(
            found,
            [
                gap("chr1", 100, 120, GapReason::MostlyN),
                gap("chr1", 130, 150, GapReason::MostlyN),
                gap("chr1", 150, 240, GapReason::NotSequenced),
                gap("chr10", 40, 50, GapReason::MostlyN),
            ]
        );
    }

    proptest! {
        #[test]
        fn difference_is_that_of_bases(
            left in proptest::collection::vec((0_u64..60, 1_u64..12), 0..8),
            right in proptest::collection::vec((0_u64..60, 1_u64..12), 0..8),
        ) {
            let merged = |list: &[(u64, u64)]| {
                let list: Vec<_> = list.iter().map(|&(start, length)| ("chr1", start, start + length)).collect();
                set(&list).intervals("chr1").to_vec()
            };
            let (left, right) = (merged(&left), merged(&right));
            let has = |list: &[(u64, u64)], base: u64| list.iter().any(|&(start, end)| (start..end).contains(&base));
            let rest = difference(&left, &right);
            for base in 0..80 {
                prop_assert_eq!(has(&rest, base), has(&left, base) && !has(&right, base));
            }
        }
    }
}
