//! Sparse counts of k-mers with covariates.

use std::ops::RangeInclusive;

/// Lengths of the longest k-mers that are counted: a column's number has 16 bits.
pub(crate) const KMER_RANGE: RangeInclusive<i64> = 1..=7;

/// A row for each window: ln(1 + count) of its k-mers, the shortest first, then its covariates.
#[derive(Clone, Debug)]
pub(crate) struct Features {
    /// Length of the longest k-mers.
    longest: u32,
    /// Where the k-mers of each row end, exclusive.
    ends: Vec<usize>,
    /// Columns of k-mers, ascending in each row.
    numbers: Vec<u16>,
    values: Vec<f32>,
    /// Covariates of all rows, each as many.
    covariates: Vec<f32>,
    covariates_each: usize,
}

impl Features {
    /// Without rows. K-mers of 1 to `longest` bases are counted, which lies in [`KMER_RANGE`].
    pub(crate) fn new(longest: u32, covariates_each: usize) -> Self {
        Self {
            longest,
            ends: Vec::new(),
            numbers: Vec::new(),
            values: Vec::new(),
            covariates: Vec::new(),
            covariates_each,
        }
    }

    /// Adds a window. K-mers with another letter than A, C, G and T are passed over; covariates that are missing are 0,
    /// and there is no place for more.
    pub(crate) fn push(&mut self, sequence: &[u8], covariates: &[f32]) {
        let mut found = self.numbers_in(sequence);
        found.sort_unstable();
        for equal in found.chunk_by(|left, right| left == right) {
            self.numbers.extend(equal.first());
            self.values.push((equal.len() as f32).ln_1p());
        }
        self.ends.push(self.numbers.len());
        let padded = covariates.iter().copied().chain(std::iter::repeat(0.0));
        self.covariates.extend(padded.take(self.covariates_each));
    }

    /// The columns of a sequence's k-mers: after all shorter ones, their letters as digits in base 4, A C G T.
    fn numbers_in(&self, sequence: &[u8]) -> Vec<u16> {
        let all = 4_usize.pow(self.longest);
        let (mut number, mut letters) = (0_usize, 0);
        let mut numbers = Vec::with_capacity(sequence.len() * self.longest as usize);
        for base in sequence {
            let digit = match base {
                b'A' => 0,
                b'C' => 1,
                b'G' => 2,
                b'T' => 3,
                _ => {
                    letters = 0;
                    continue;
                }
            };
            number = (number * 4 + digit) % all;
            letters = (letters + 1).min(self.longest);
            // 21,844 columns at most.
            numbers.extend((1..=letters).map(|k| (shorter(k) + number % 4_usize.pow(k)) as u16));
        }
        numbers
    }

    /// Features of a row.
    pub(super) fn width(&self) -> usize {
        self.kmers() + self.covariates_each
    }

    /// Columns of the kind of a column: k-mers of one length, or a covariate on its own.
    pub(super) fn columns_alike(&self, column: usize) -> usize {
        let length = (1..=self.longest).find(|k| column < shorter(k + 1));
        length.map_or(1, |k| 4_usize.pow(k))
    }

    fn kmers(&self) -> usize {
        shorter(self.longest + 1)
    }

    /// Features of a row that are not 0 by sparsity: their columns and values.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        let span = start..self.ends[row];
        let numbers = self.numbers[span.clone()].iter().map(|number| usize::from(*number));
        let counted = numbers.zip(self.values[span].iter().map(|value| f64::from(*value)));
        let start = row * self.covariates_each;
        let covariates = self.covariates[start..start + self.covariates_each].iter();
        counted.chain((self.kmers()..).zip(covariates.map(|value| f64::from(*value))))
    }

    /// The sum over a row's features of their product with a column's weight.
    pub(super) fn dot(&self, row: usize, weights: &[f64]) -> f64 {
        self.row(row).map(|(column, value)| value * weights[column]).sum()
    }
}

/// K-mers of fewer than `k` bases: 4 + 16 + ... .
fn shorter(k: u32) -> usize {
    (4_usize.pow(k) - 4) / 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_overlapping_kmers_but_none_across_an_n() {
        let mut features = Features::new(2, 2);
        features.push(b"AAACNGT", &[0.5]);
        features.push(b"", &[]);
        features.push(b"TT", &[1.0, 2.0, 3.0]);
        let row = |row| features.row(row).collect::<Vec<_>>();
        let ln = |count: f32| f64::from(count.ln_1p());
        // A three times, C, G, T; AA twice, AC, GT = 4 + 2 * 4 + 3.
        let letters = [(0, ln(3.0)), (1, ln(1.0)), (2, ln(1.0)), (3, ln(1.0))];
        assert_eq!(row(0)[..4], letters);
        assert_eq!(row(0)[4..], [(4, ln(2.0)), (5, ln(1.0)), (15, ln(1.0)), (20, 0.5), (21, 0.0)]);
        assert_eq!(row(1), [(20, 0.0), (21, 0.0)]);
        assert_eq!(row(2), [(3, ln(2.0)), (19, ln(1.0)), (20, 1.0), (21, 2.0)]);
        assert_eq!(features.width(), 22);
        assert_eq!([0, 3, 4, 19, 20, 21].map(|column| features.columns_alike(column)), [4, 4, 16, 16, 1, 1]);
        let weights: Vec<f64> = (0..22).map(f64::from).collect();
        assert_eq!(features.dot(1, &weights), 0.0);
        assert_eq!(features.dot(2, &weights), 3.0 * ln(2.0) + 19.0 * ln(1.0) + 20.0 + 42.0);
    }

    #[test]
    fn the_longest_kmers_have_a_column() {
        let mut features = Features::new(7, 0);
        features.push(b"TTTTTTTT", &[]);
        let last = features.row(0).last().unwrap();
        assert_eq!(last, (features.width() - 1, f64::from(2_f32.ln_1p())));
        assert_eq!(features.width(), 21_844);
    }
}
