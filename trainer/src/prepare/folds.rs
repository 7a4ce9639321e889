//! The folds of cross-validation: by chromosome, and at random.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rand::Rng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::windows_file::FOLDS;

/// The windows of a contig, or of a fold.
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClassCounts {
    /// Positive windows.
    pub(crate) positives: usize,
    /// Negative windows.
    pub(crate) negatives: usize,
}

impl ClassCounts {
    /// Counts one window.
    pub(super) fn count(&mut self, positive: bool) {
        *(if positive { &mut self.positives } else { &mut self.negatives }) += 1;
    }

    fn has_both(self) -> bool {
        self.positives > 0 && self.negatives > 0
    }
}

/// A fold for each contig, so that windows which overlap or resemble each other as neighbors do stay on one side.
///
/// The contigs are dealt out from the largest to the smallest, each to the fold where it makes both classes least uneven
/// (the sum over folds of the squared shares of positives and of negatives). Those with both classes go first, so that
/// every fold has both. There are five folds, or as many as contigs with both classes if these are fewer.
///
/// Returns the folds by contig and their number; None if fewer than two contigs have both classes.
pub(super) fn folds_by_chromosome(
    contigs: &BTreeMap<String, ClassCounts>,
) -> Option<(BTreeMap<String, u8>, u8)> {
    let complete = contigs.values().filter(|counts| counts.has_both()).count();
    let folds = u8::try_from(complete).unwrap_or(FOLDS).min(FOLDS);
    if folds < 2 {
        return None;
    }
    let positives = contigs.values().map(|counts| counts.positives as u128).sum::<u128>();
    let negatives = contigs.values().map(|counts| counts.negatives as u128).sum::<u128>();
    // Products of shares over their common denominator: in whole numbers no rounding decides.
    let product = |left: &ClassCounts, right: &ClassCounts| {
        left.positives as u128 * right.positives as u128 * negatives.pow(2)
            + left.negatives as u128 * right.negatives as u128 * positives.pow(2)
    };
    let mut order: Vec<(&String, &ClassCounts)> = contigs.iter().collect();
    order.sort_by_key(|(_, counts)| (Reverse(counts.has_both()), Reverse(product(counts, counts))));
    let mut loads = vec![ClassCounts::default(); usize::from(folds)];
    let mut assigned = BTreeMap::new();
    for (contig, counts) in order {
        let unevenness =
            |(fold, load): &(u8, &mut ClassCounts)| (product(load, counts), product(load, load), *fold);
        if let Some((fold, load)) = (0..).zip(&mut loads).min_by_key(unevenness) {
            load.positives += counts.positives;
            load.negatives += counts.negatives;
            assigned.insert(contig.clone(), fold);
        }
    }
    Some((assigned, folds))
}

/// A fold for each window, each class shuffled and dealt out in turn.
pub(super) fn folds_at_random(labels: &[bool], random: &mut impl Rng) -> Vec<u8> {
    let mut folds = vec![0; labels.len()];
    for class in [true, false] {
        let mut members: Vec<usize> = (0..labels.len()).filter(|index| labels[*index] == class).collect();
        members.shuffle(random);
        for (fold, index) in (0..FOLDS).cycle().zip(members) {
            folds[index] = fold;
        }
    }
    folds
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;

    use super::*;

    fn contigs(counts: &[(&str, usize, usize)]) -> BTreeMap<String, ClassCounts> {
        let entry = |(name, positives, negatives): &(&str, usize, usize)| {
            ((*name).to_owned(), ClassCounts { positives: *positives, negatives: *negatives })
        };
        counts.iter().map(entry).collect()
    }

    #[test]
    fn large_contigs_are_spread_and_small_ones_fill_up() {
        let counts = contigs(&[
            ("a", 50, 50),
            ("b", 40, 40),
            ("c", 30, 30),
            ("d", 20, 20),
            ("e", 15, 15),
            ("f", 10, 10),
        ]);
        let (folds, number) = folds_by_chromosome(&counts).unwrap();
        assert_eq!(number, 5);
        assert_eq!(folds.values().copied().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 4]);
    }

    #[test]
    fn few_contigs_make_few_folds_and_each_has_both_classes() {
        let counts = contigs(&[("a", 5, 9), ("b", 0, 500), ("c", 9, 5), ("d", 5, 0)]);
        let (folds, number) = folds_by_chromosome(&counts).unwrap();
        assert_eq!(number, 2);
        assert_ne!(folds["a"], folds["c"]);
        assert_eq!(folds_by_chromosome(&contigs(&[("a", 5, 9), ("b", 0, 5)])), None);
    }

    proptest! {
        #[test]
        fn every_fold_by_chromosome_has_both_classes(
            sizes in proptest::collection::vec((0_usize..50, 0_usize..50), 2..30)
        ) {
            let counts: BTreeMap<String, ClassCounts> = sizes
                .iter()
                .enumerate()
                .map(|(index, (positives, negatives))| {
                    (format!("chr{index}"), ClassCounts { positives: *positives, negatives: *negatives })
                })
                .collect();
            let complete = sizes.iter().filter(|(positives, negatives)| *positives > 0 && *negatives > 0).count();
            let Some((folds, number)) = folds_by_chromosome(&counts) else {
                prop_assert!(complete < 2);
                return Ok(());
            };
            prop_assert_eq!(usize::from(number), complete.min(5));
            prop_assert_eq!(folds.len(), counts.len());
            for fold in 0..number {
                let has_both = folds.iter().any(|(name, of)| *of == fold && counts[name].has_both());
                prop_assert!(has_both, "fold {} lacks a class", fold);
            }
        }

        #[test]
        fn folds_at_random_are_stratified(labels in proptest::collection::vec(any::<bool>(), 0..200), seed: u64) {
            let folds = folds_at_random(&labels, &mut rand_chacha::ChaCha8Rng::seed_from_u64(seed));
            for class in [true, false] {
                let counts: Vec<usize> = (0..FOLDS)
                    .map(|fold| (0..labels.len()).filter(|i| labels[*i] == class && folds[*i] == fold).count())
                    .collect();
                prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
            }
        }
    }
}
