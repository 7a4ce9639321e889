//! The motif that seqlets share.

use std::ops::RangeInclusive;

use super::background::Background;
use super::expectation_maximization::{Fit, Scored, fit};
use super::seeds::enriched_words;
use crate::position_matrix::{Column, PositionMatrix};

/// Words that each width is begun from.
const SEEDS: usize = 8;
/// Length of these words, unless the motif is shorter.
const SEED_BASES: usize = 6;
/// Probability of a word's own base in the matrix that is begun with.
const SEED_PROBABILITY: f64 = 0.7;
/// Sites that are added to each column of a finished matrix, evenly.
const PSEUDOCOUNT: f64 = 1.0;
/// Ends with less information than this are cut off.
const LEAST_BITS: f64 = 0.5;
/// The narrowest motif.
const LEAST_WIDTH: usize = 4;

/// A motif found in seqlets.
#[derive(Clone, Debug)]
pub(super) struct Discovery {
    pub(super) matrix: PositionMatrix,
    /// Occurrences, at most one in a seqlet.
    pub(super) sites: usize,
}

/// Finds the motif of one of these widths for which the log likelihood ratio less 3/2 w ln n is largest (the Bayesian
/// information criterion with 3 free probabilities in each of w columns, over n seqlets); its ends without information
/// are cut off. `None` if no word is enriched in the seqlets or no motif beats the background.
pub(super) fn discover(
    seqlets: &[Vec<usize>],
    elsewhere: &[Vec<usize>],
    background: &Background,
    widths: RangeInclusive<usize>,
) -> Option<Discovery> {
    let scored: Vec<Scored> = seqlets.iter().map(|bases| Scored::new(bases.clone(), background)).collect();
    let mut best: Option<(f64, Fit)> = None;
    for width in widths {
        let words = enriched_words(seqlets, elsewhere, width.min(SEED_BASES), SEEDS);
        for word in words {
            let found = fit(&scored, &start(&word, width, background), background);
            let cost = 1.5 * width as f64 * (seqlets.len() as f64).ln();
            let criterion = found.log_likelihood_ratio - cost;
            if best.as_ref().map_or(0.0, |(best, _)| *best) < criterion {
                best = Some((criterion, found));
            }
        }
    }
    let (_, Fit { counts, sites, .. }) = best?;
    let whole = PositionMatrix::from_counts(&counts, PSEUDOCOUNT);
    let kept = counts.get(whole.informative(LEAST_BITS, LEAST_WIDTH))?;
    Some(Discovery { matrix: PositionMatrix::from_counts(kept, PSEUDOCOUNT), sites: sites.round() as usize })
}

/// A matrix with a word in its middle.
fn start(word: &[usize], width: usize, background: &Background) -> Vec<Column> {
    let mut columns = vec![background.frequencies(); width];
    let before = width.saturating_sub(word.len()) / 2;
    for (column, &base) in columns.iter_mut().skip(before).zip(word) {
        *column = [(1.0 - SEED_PROBABILITY) / 3.0; 4];
        column[base] = SEED_PROBABILITY;
    }
    columns
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn random(rng: &mut ChaCha8Rng, length: usize) -> Vec<usize> {
        (0..length).map(|_| rng.random_range(0..4)).collect()
    }

    #[test]
    fn width_and_letters_come_from_the_seqlets() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let elsewhere = vec![random(&mut rng, 20_000)];
        // UGUANAUA: the base in the middle is any.
        let mut seqlet = || {
            let mut bases = random(&mut rng, 21);
            let start = rng.random_range(0..=13);
            for (offset, base) in [(0, 3), (1, 2), (2, 3), (3, 0), (5, 0), (6, 3), (7, 0)] {
                bases[start + offset] = base;
            }
            bases
        };
        let seqlets: Vec<Vec<usize>> = (0..80).map(|_| seqlet()).collect();
        let background = Background::of(elsewhere.iter().map(Vec::as_slice));
        let found = discover(&seqlets, &elsewhere, &background, 4..=12).unwrap();
        assert_eq!(found.matrix.consensus(), "UGUANAUA");
        assert!((70..=80).contains(&found.sites), "{}", found.sites);
        let narrow = discover(&seqlets, &elsewhere, &background, 5..=5).unwrap();
        assert_eq!(narrow.matrix.width(), 5);
    }

    #[test]
    fn random_seqlets_share_nothing() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let elsewhere = vec![random(&mut rng, 20_000)];
        let seqlets: Vec<Vec<usize>> = (0..60).map(|_| random(&mut rng, 15)).collect();
        let background = Background::of(elsewhere.iter().map(Vec::as_slice));
        assert!(discover(&seqlets, &elsewhere, &background, 4..=8).is_none());
        assert!(discover(&[], &elsewhere, &background, 4..=8).is_none());
    }
}
