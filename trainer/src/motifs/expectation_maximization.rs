//! A motif's probabilities from seqlets that hold it once or not at all, by expectation and maximization (Bailey and
//! Elkan 1994, the model of zero or one occurrence).

use super::background::Background;
use crate::position_matrix::Column;

/// The most rounds; few motifs need more than 30.
const ROUNDS: usize = 100;
/// The gain in log likelihood, per seqlet, below which a motif is found.
const GAIN: f64 = 1e-6;
/// Sites that the background adds to each column.
const PSEUDOCOUNT: f64 = 1.0;
/// Share of seqlets with an occurrence, to begin with.
const FIRST_SHARE: f64 = 0.5;

/// Bases of a seqlet (0 to 3) with their background.
#[derive(Clone, Debug)]
pub(super) struct Scored {
    bases: Vec<usize>,
    cumulative: Vec<f64>,
}

impl Scored {
    /// Prepares a seqlet.
    pub(super) fn new(bases: Vec<usize>, background: &Background) -> Self {
        Self { cumulative: background.cumulative(&bases), bases }
    }

    /// How much likelier an occurrence at each start is than the background, as a logarithm.
    fn log_ratios(&self, log_columns: &[Column]) -> Vec<f64> {
        let width = log_columns.len();
        let at = |(start, bases): (usize, &[usize])| {
            let motif: f64 = log_columns.iter().zip(bases).map(|(column, &base)| column[base]).sum();
            motif - (self.cumulative[start + width] - self.cumulative[start])
        };
        self.bases.windows(width).enumerate().map(at).collect()
    }
}

/// A motif as it stands.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    /// Expected count of each base at each position, without pseudocounts.
    pub(super) counts: Vec<Column>,
    /// Expected number of occurrences.
    pub(super) sites: f64,
    /// Logarithm of the likelihood of all seqlets over that by the background alone.
    pub(super) log_likelihood_ratio: f64,
}

/// Improves probabilities until the likelihood stands still. Seqlets shorter than the motif have no occurrence.
pub(super) fn fit(seqlets: &[Scored], start: &[Column], background: &Background) -> Fit {
    let (mut columns, mut share) = (start.to_vec(), FIRST_SHARE);
    let mut best = round(seqlets, &columns, share);
    for _ in 0..ROUNDS {
        columns = best.counts.iter().map(|counts| probabilities(counts, background)).collect();
        // Neither 0 nor 1, from which there is no way back.
        share = ((best.sites + 0.5) / (seqlets.len() as f64 + 1.0)).clamp(0.0, 1.0);
        let next = round(seqlets, &columns, share);
        let gain = next.log_likelihood_ratio - best.log_likelihood_ratio;
        best = next;
        if gain < GAIN * seqlets.len() as f64 {
            break;
        }
    }
    best
}

/// Expectations under a motif and a share of seqlets that hold it, and its likelihood.
fn round(seqlets: &[Scored], columns: &[Column], share: f64) -> Fit {
    let log_columns: Vec<Column> = columns.iter().map(|column| column.map(f64::ln)).collect();
    let mut fit = Fit { counts: vec![[0.0; 4]; columns.len()], sites: 0.0, log_likelihood_ratio: 0.0 };
    for seqlet in seqlets {
        let ratios = seqlet.log_ratios(&log_columns);
        let prior = share / ratios.len().max(1) as f64;
        let weights: Vec<f64> = ratios.iter().map(|ratio| prior * ratio.exp()).collect();
        let total = (1.0 - if weights.is_empty() { 0.0 } else { share }) + weights.iter().sum::<f64>();
        fit.log_likelihood_ratio += total.ln();
        for (weight, bases) in weights.iter().zip(seqlet.bases.windows(columns.len())) {
            let occurrence = weight / total;
            fit.sites += occurrence;
            for (counts, &base) in fit.counts.iter_mut().zip(bases) {
                counts[base] += occurrence;
            }
        }
    }
    fit
}

fn probabilities(counts: &Column, background: &Background) -> Column {
    let total: f64 = counts.iter().sum::<f64>() + PSEUDOCOUNT;
    let mut column = background.frequencies();
    for (value, count) in column.iter_mut().zip(counts) {
        *value = (count + PSEUDOCOUNT * *value) / total;
    }
    column
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Seqlets of random bases, most with 3 0 2 1 1 0 somewhere.
    fn planted(count: usize, share: f64) -> Vec<Vec<usize>> {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut seqlet = || {
            let mut bases: Vec<usize> = (0..21).map(|_| rng.random_range(0..4)).collect();
            if rng.random_bool(share) {
                let start = rng.random_range(0..=15);
                bases[start..start + 6].copy_from_slice(&[3, 0, 2, 1, 1, 0]);
            }
            bases
        };
        (0..count).map(|_| seqlet()).collect()
    }

    #[test]
    fn a_planted_motif_is_found_from_a_part_of_it() {
        let background = Background::of([]);
        let seqlets: Vec<Scored> =
            planted(200, 0.7).into_iter().map(|bases| Scored::new(bases, &background)).collect();
        let mut start = vec![[0.25; 4]; 6];
        for (column, base) in start[1..5].iter_mut().zip([0, 2, 1, 1]) {
            *column = [0.1; 4];
            column[base] = 0.7;
        }
        let found = fit(&seqlets, &start, &background);
        assert!((120.0..160.0).contains(&found.sites), "{}", found.sites);
        assert!(found.log_likelihood_ratio > 300.0, "{}", found.log_likelihood_ratio);
        for (counts, base) in found.counts.iter().zip([3, 0, 2, 1, 1, 0]) {
            assert!(counts[base] > 0.9 * found.sites, "{:?}", found.counts);
            assert!((counts.iter().sum::<f64>() - found.sites).abs() < 1e-6);
        }
    }

    #[test]
    fn seqlets_without_a_motif_gain_little() {
        let background = Background::of([]);
        let seqlets: Vec<Scored> =
            planted(200, 0.0).into_iter().map(|bases| Scored::new(bases, &background)).collect();
        let even = fit(&seqlets, &[[0.25; 4]; 6], &background);
        // Less than the Bayesian information criterion asks of 18 free probabilities.
        let asked = 9.0 * 200f64.ln();
        assert!((0.0..asked).contains(&even.log_likelihood_ratio), "{}", even.log_likelihood_ratio);
        let short = [Scored::new(vec![0, 1], &background)];
        assert_eq!(fit(&short, &[[0.25; 4]; 6], &background).sites, 0.0);
    }
}
