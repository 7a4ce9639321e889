//! Words that are more frequent where a model looks than elsewhere: where the search for a motif begins.

use std::collections::{BTreeMap, BTreeSet};

/// The `count` words of `length` bases that seqlets hold most beyond what is expected by their frequency in `elsewhere`,
/// best first; words that are not enriched are left out.
///
/// The measure is n ln(n / expected) for n seqlets with the word: their number and their enrichment both count.
pub(super) fn enriched_words(
    seqlets: &[Vec<usize>],
    elsewhere: &[Vec<usize>],
    length: usize,
    count: usize,
) -> Vec<Vec<usize>> {
    let mut background: BTreeMap<&[usize], usize> = BTreeMap::new();
    let mut places = 0;
    for word in elsewhere.iter().flat_map(|stretch| stretch.windows(length)) {
        *background.entry(word).or_default() += 1;
        places += 1;
    }
    let mut holders: BTreeMap<&[usize], usize> = BTreeMap::new();
    for seqlet in seqlets {
        for word in seqlet.windows(length).collect::<BTreeSet<_>>() {
            *holders.entry(word).or_default() += 1;
        }
    }
    let longest = seqlets.iter().map(Vec::len).max().unwrap_or(0);
    let starts = (longest + 1).saturating_sub(length) as i32;
    // A word that is never elsewhere counts as if it were there once.
    let frequency =
        |word: &[usize]| (background.get(word).copied().unwrap_or(0) + 1) as f64 / (places + 1) as f64;
    let excess = |word: &[usize], holders: usize| {
        let expected = seqlets.len() as f64 * (1.0 - (1.0 - frequency(word)).powi(starts));
        holders as f64 * (holders as f64 / expected.max(f64::MIN_POSITIVE)).ln()
    };
    let mut words: Vec<(f64, &[usize])> =
        holders.iter().map(|(word, holders)| (excess(word, *holders), *word)).collect();
    words.retain(|(excess, _)| *excess > 0.0);
    // Stable, so that words of equal excess stay in alphabetical order.
    words.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    words.into_iter().take(count).map(|(_, word)| word.to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_here_and_rare_elsewhere() {
        let seqlets = [vec![0, 3, 2, 3], vec![3, 2, 3, 0], vec![0, 0, 0, 0]];
        let elsewhere = [vec![0; 40], vec![1, 2, 3, 1, 2, 0]];
        let words = enriched_words(&seqlets, &elsewhere, 3, 2);
        assert_eq!(words[0], [3, 2, 3]);
        assert!(!words.contains(&vec![0, 0, 0]), "{words:?}");
        assert_eq!(enriched_words(&seqlets, &elsewhere, 5, 2), Vec::<Vec<usize>>::new());
        assert_eq!(enriched_words(&[], &[], 3, 2), Vec::<Vec<usize>>::new());
    }
}
