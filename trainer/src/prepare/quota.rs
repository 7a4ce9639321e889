//! How many negatives of each strand and GC bin are still wanted.

use polaris_genomics::Strand;
use serde::{Deserialize, Serialize};

use super::gc::gc_bin;

/// Negatives that stand in for a bin of their strand which could not be filled.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Relaxation {
    /// The strand.
    pub(crate) strand: Strand,
    /// The bin that lacks negatives, from 0.
    pub(crate) wanted_bin: usize,
    /// The neighboring bin that they are of.
    pub(crate) given_bin: usize,
    /// How many.
    pub(crate) count: usize,
}

/// What is wanted, by strand and GC bin. As many are wanted in each as there are positives, times the ratio: so the
/// negatives have the positives' GC distribution and their strands' proportion.
pub(super) struct Quota {
    wanted: [Vec<usize>; 2],
    relaxations: Vec<Relaxation>,
}

impl Quota {
    /// The quota that positives of these strands and GC fractions set.
    pub(super) fn new(positives: impl Iterator<Item = (Strand, f64)>, bins: usize, ratio: u32) -> Self {
        let mut wanted = [vec![0; bins], vec![0; bins]];
        for (strand, gc) in positives {
            wanted[strand.index()][gc_bin(gc, bins)] += ratio as usize;
        }
        Self { wanted, relaxations: Vec::new() }
    }

    /// Negatives still wanted on a strand.
    pub(super) fn left_on(&self, strand: Strand) -> usize {
        self.wanted[strand.index()].iter().sum()
    }

    /// Negatives still wanted.
    pub(super) fn left(&self) -> usize {
        Strand::ALL.into_iter().map(|strand| self.left_on(strand)).sum()
    }

    /// Gives up a strand on which nothing can be drawn.
    pub(super) fn give_up(&mut self, strand: Strand) -> usize {
        self.wanted[strand.index()].iter_mut().map(std::mem::take).sum()
    }

    /// Whether a window with a GC fraction from `low` to `high` might be taken.
    pub(super) fn may_take(&self, strand: Strand, low: f64, high: f64, tolerance: usize) -> bool {
        let wanted = &self.wanted[strand.index()];
        let first = gc_bin(low, wanted.len()).saturating_sub(tolerance);
        let last = (gc_bin(high, wanted.len()) + tolerance).min(wanted.len() - 1);
        wanted[first..=last].iter().any(|count| *count > 0)
    }

    /// Takes a window of this GC fraction for the nearest bin that wants one, at most `tolerance` bins away, the lower of
    /// two; says whether there was one.
    pub(super) fn take(&mut self, strand: Strand, gc: f64, tolerance: usize) -> bool {
        let wanted = &mut self.wanted[strand.index()];
        let given_bin = gc_bin(gc, wanted.len());
        let candidates = (0..=tolerance)
            .flat_map(|distance| [given_bin.checked_sub(distance), Some(given_bin + distance)])
            .flatten();
        for wanted_bin in candidates {
            if let Some(count) = wanted.get_mut(wanted_bin).filter(|count| **count > 0) {
                *count -= 1;
                if wanted_bin != given_bin {
                    self.count_relaxation(strand, wanted_bin, given_bin);
                }
                return true;
            }
        }
        false
    }

    fn count_relaxation(&mut self, strand: Strand, wanted_bin: usize, given_bin: usize) {
        let same = |known: &&mut Relaxation| {
            (known.strand, known.wanted_bin, known.given_bin) == (strand, wanted_bin, given_bin)
        };
        match self.relaxations.iter_mut().find(same) {
            Some(known) => known.count += 1,
            None => self.relaxations.push(Relaxation { strand, wanted_bin, given_bin, count: 1 }),
        }
    }

    /// The relaxations, sorted.
    pub(super) fn into_relaxations(mut self) -> Vec<Relaxation> {
        self.relaxations.sort_by_key(|known| (known.strand, known.wanted_bin, known.given_bin));
        self.relaxations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_filled_once_and_then_by_their_neighbors() {
        let positives = [(Strand::Forward, 0.42), (Strand::Forward, 0.44), (Strand::Reverse, 0.61)];
        let mut quota = Quota::new(positives.into_iter(), 20, 1);
        assert_eq!((quota.left(), quota.left_on(Strand::Forward)), (3, 2));
        assert!(quota.take(Strand::Forward, 0.40, 0));
        assert!(!quota.take(Strand::Reverse, 0.40, 0));
        assert!(!quota.may_take(Strand::Forward, 0.30, 0.39, 0));
        assert!(quota.may_take(Strand::Forward, 0.30, 0.39, 1));
        assert!(!quota.take(Strand::Forward, 0.36, 0));
        assert!(quota.take(Strand::Forward, 0.36, 1));
        assert!(!quota.take(Strand::Forward, 0.42, 19));
        assert_eq!(quota.give_up(Strand::Reverse), 1);
        assert_eq!(quota.left(), 0);
        let relaxed = Relaxation { strand: Strand::Forward, wanted_bin: 8, given_bin: 7, count: 1 };
        assert_eq!(quota.into_relaxations(), [relaxed]);
    }

    #[test]
    fn the_ratio_multiplies() {
        assert_eq!(Quota::new([(Strand::Reverse, 1.0)].into_iter(), 5, 3).left_on(Strand::Reverse), 3);
    }
}
