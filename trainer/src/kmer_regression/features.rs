//! Sparse counts of k-mers with covariates.

use std::ops::RangeInclusive;

/// Lengths of k-mers that are counted: a k-mer's number has 16 bits.
pub(crate) const KMER_RANGE: RangeInclusive<i64> = 1..=8;

/// A row for each window: ln(1 + count) of its k-mers, then its covariates.
#[derive(Clone, Debug)]
pub(crate) struct Features {
    kmers: usize,
    /// Where the k-mers of each row end, exclusive.
    ends: Vec<usize>,
    /// Numbers of k-mers, ascending in each row.
    numbers: Vec<u16>,
    values: Vec<f32>,
    /// Covariates of all rows, each as many.
    covariates: Vec<f32>,
    covariates_each: usize,
}

impl Features {
    /// Without rows; `k` lies in [`KMER_RANGE`].
    pub(crate) fn new(k: u32, covariates_each: usize) -> Self {
        Self {
            kmers: 4_usize.pow(k),
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

    /// The numbers of a sequence's k-mers: their letters as digits in base 4, A C G T.
    fn numbers_in(&self, sequence: &[u8]) -> Vec<u16> {
        let k = self.kmers.ilog2() / 2;
        let (mut number, mut letters) = (0_usize, 0);
        let mut numbers = Vec::with_capacity(sequence.len());
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
            number = (number * 4 + digit) % self.kmers;
            letters += 1;
            if letters >= k {
                // Below 4^8 by the modulus.
                numbers.push(number as u16);
            }
        }
        numbers
    }

    /// Features of a row.
    pub(super) fn width(&self) -> usize {
        self.kmers + self.covariates_each
    }

    /// Features of a row that are not 0 by sparsity: their columns and values.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        let span = start..self.ends[row];
        let numbers = self.numbers[span.clone()].iter().map(|number| usize::from(*number));
        let counted = numbers.zip(self.values[span].iter().map(|value| f64::from(*value)));
        let start = row * self.covariates_each;
        let covariates = self.covariates[start..start + self.covariates_each].iter();
        counted.chain((self.kmers..).zip(covariates.map(|value| f64::from(*value))))
    }

    /// The sum over a row's features of their product with a column's weight.
    pub(super) fn dot(&self, row: usize, weights: &[f64]) -> f64 {
        self.row(row).map(|(column, value)| value * weights[column]).sum()
    }
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
        // AA twice, AC, GT = 2 * 4 + 3.
        assert_eq!(row(0), [(0, ln(2.0)), (1, ln(1.0)), (11, ln(1.0)), (16, 0.5), (17, 0.0)]);
        assert_eq!(row(1), [(16, 0.0), (17, 0.0)]);
        assert_eq!(row(2), [(15, ln(1.0)), (16, 1.0), (17, 2.0)]);
        assert_eq!(features.width(), 18);
        let weights: Vec<f64> = (0..18).map(f64::from).collect();
        assert_eq!(features.dot(2, &weights), 15.0 * ln(1.0) + 16.0 + 34.0);
    }

    #[test]
    fn the_longest_kmers_have_a_number() {
        let mut features = Features::new(8, 0);
        features.push(b"TTTTTTTTT", &[]);
        assert_eq!(features.row(0).collect::<Vec<_>>(), [(65_535, f64::from(2_f32.ln_1p()))]);
    }
}
