//! What bases follow each other where no motif is looked for.

use crate::position_matrix::Column;

/// A Markov chain of order 1 over the four bases.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Background {
    /// Probability of each base.
    frequencies: Column,
    /// Logarithms of the probabilities of each base after each.
    log_next: [Column; 4],
}

impl Background {
    /// From stretches of bases (0 to 3 for A, C, G, U), with a count of 1 for each pair that may not occur.
    pub(super) fn of<'a>(stretches: impl IntoIterator<Item = &'a [usize]>) -> Self {
        let mut pairs = [[1.0; 4]; 4];
        let mut single = [1.0; 4];
        for stretch in stretches {
            for &base in stretch {
                single[base] += 1.0;
            }
            for pair in stretch.windows(2) {
                pairs[pair[0]][pair[1]] += 1.0;
            }
        }
        let normalized = |counts: Column| counts.map(|count| count / counts.iter().sum::<f64>());
        let log_next = pairs.map(|counts| normalized(counts).map(f64::ln));
        Self { frequencies: normalized(single), log_next }
    }

    /// Probability of each base.
    pub(super) fn frequencies(&self) -> Column {
        self.frequencies
    }

    /// Logarithm of the probability of a base after another, or at the start.
    pub(super) fn log_probability(&self, previous: Option<usize>, base: usize) -> f64 {
        previous.map_or_else(|| self.frequencies[base].ln(), |previous| self.log_next[previous][base])
    }

    /// Logarithms of the probability of the first 0, 1, 2, ... bases.
    pub(super) fn cumulative(&self, bases: &[usize]) -> Vec<f64> {
        let mut sums = vec![0.0];
        let (mut sum, mut previous) = (0.0, None);
        for &base in bases {
            sum += self.log_probability(previous, base);
            sums.push(sum);
            previous = Some(base);
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_depend_on_the_one_before() {
        let background = Background::of([&[0, 3, 0, 3, 0][..], &[0, 3]]);
        // 4 of A and 3 of U, with 1 added to each base.
        assert_eq!(background.frequencies(), [5.0 / 11.0, 1.0 / 11.0, 1.0 / 11.0, 4.0 / 11.0]);
        // A is followed by U three times, U by A twice.
        assert!((background.log_probability(Some(0), 3) - (4.0f64 / 7.0).ln()).abs() < 1e-12);
        assert!((background.log_probability(Some(3), 0) - (3.0f64 / 6.0).ln()).abs() < 1e-12);
        let sums = background.cumulative(&[0, 3]);
        assert_eq!(sums.len(), 3);
        assert!((sums[2] - (5.0f64 / 11.0 * 4.0 / 7.0).ln()).abs() < 1e-12);
    }
}
