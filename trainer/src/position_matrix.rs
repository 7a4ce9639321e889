//! Position weight matrices over the four bases of RNA.

use std::ops::Range;

/// Bases in the order of a column.
pub(crate) const LETTERS: [char; 4] = ['A', 'C', 'G', 'U'];
/// Sets of bases of the IUPAC code, in alphabetical order of what they stand for.
const PAIRS: [(usize, usize, char); 6] =
    [(0, 1, 'M'), (0, 2, 'R'), (0, 3, 'W'), (1, 2, 'S'), (1, 3, 'Y'), (2, 3, 'K')];

/// Probabilities, or counts, of A, C, G, U.
pub(crate) type Column = [f64; 4];

/// Index of a base in a column; T is U, and N is none.
pub(crate) fn letter_index(base: u8) -> Option<usize> {
    match base.to_ascii_uppercase() {
        b'A' => Some(0),
        b'C' => Some(1),
        b'G' => Some(2),
        b'T' | b'U' => Some(3),
        _ => None,
    }
}

/// Information of a column in bits: 2 minus its entropy, that is, against equally frequent bases.
pub(crate) fn column_bits(column: &Column) -> f64 {
    let entropy: f64 = column.iter().filter(|p| **p > 0.0).map(|p| -p * p.log2()).sum();
    (2.0 - entropy).max(0.0)
}

/// The probability of each base at each position of a motif.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PositionMatrix {
    columns: Vec<Column>,
}

impl PositionMatrix {
    /// From counts, or from probabilities that sum to about 1; `pseudocount` sites are added to each column, evenly.
    pub(crate) fn from_counts(counts: &[Column], pseudocount: f64) -> Self {
        let probabilities = |column: &Column| {
            let total: f64 = column.iter().sum::<f64>() + pseudocount;
            column.map(|count| if total > 0.0 { (count + 0.25 * pseudocount) / total } else { 0.25 })
        };
        Self { columns: counts.iter().map(probabilities).collect() }
    }

    /// Its columns, 5' to 3'; each sums to 1.
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Positions.
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Information of all columns in bits.
    pub(crate) fn bits(&self) -> f64 {
        self.columns.iter().map(column_bits).sum()
    }

    /// The positions that remain when ends with less than `least_bits` are cut off, but no fewer than `least_width`.
    pub(crate) fn informative(&self, least_bits: f64, least_width: usize) -> Range<usize> {
        let mut range = 0..self.width();
        let bits = |position: usize| self.columns.get(position).map_or(0.0, column_bits);
        while range.len() > least_width {
            let (first, last) = (bits(range.start), bits(range.end - 1));
            if first.min(last) >= least_bits {
                break;
            }
            if first < last {
                range.start += 1;
            } else {
                range.end -= 1;
            }
        }
        range
    }

    /// The consensus in IUPAC letters with U (Cavener 1987): a base that is at least half and twice the next; two that
    /// are three quarters together; else N.
    pub(crate) fn consensus(&self) -> String {
        self.columns.iter().map(consensus_letter).collect()
    }
}

fn consensus_letter(column: &Column) -> char {
    let mut order = [0, 1, 2, 3];
    order.sort_by(|&a: &usize, &b: &usize| column[b].total_cmp(&column[a]));
    let [first, second, ..] = order;
    if column[first] >= 0.5 && column[first] >= 2.0 * column[second] {
        return LETTERS[first];
    }
    let pair = (first.min(second), first.max(second));
    match PAIRS.iter().find(|(low, high, _)| (*low, *high) == pair) {
        Some((_, _, letter)) if column[first] + column[second] >= 0.75 => *letter,
        _ => 'N',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Column = [1.0, 0.0, 0.0, 0.0];
    const EVEN: Column = [0.25; 4];

    #[test]
    fn information_is_2_bits_for_a_base_and_0_for_all() {
        assert_eq!((column_bits(&A), column_bits(&EVEN)), (2.0, 0.0));
        assert_eq!(column_bits(&[0.5, 0.0, 0.5, 0.0]), 1.0);
        let half = [0.5, 0.125, 0.25, 0.125];
        assert!((column_bits(&half) - 0.25).abs() < 1e-12);
        assert_eq!(PositionMatrix::from_counts(&[A, EVEN, half], 0.0).bits(), 2.25);
    }

    #[test]
    fn a_pseudocount_is_spread_evenly() {
        let matrix = PositionMatrix::from_counts(&[[3.0, 0.0, 0.0, 0.0], [0.0; 4]], 1.0);
        assert_eq!(matrix.columns(), [[0.8125, 0.0625, 0.0625, 0.0625], EVEN]);
        assert_eq!(PositionMatrix::from_counts(&[[0.0; 4]], 0.0).columns(), [EVEN]);
    }

    #[test]
    fn ends_without_information_go_and_the_middle_stays() {
        let matrix = |columns: &[Column]| PositionMatrix::from_counts(columns, 0.0);
        assert_eq!(matrix(&[EVEN, EVEN, A, EVEN, A, EVEN]).informative(0.25, 1), 2..5);
        assert_eq!(matrix(&[EVEN, A, EVEN, EVEN]).informative(0.25, 3), 0..3);
        assert_eq!(matrix(&[EVEN; 3]).informative(0.25, 2).len(), 2);
        assert_eq!(matrix(&[]).informative(0.25, 2), 0..0);
    }

    #[test]
    fn the_consensus_is_in_iupac_letters() {
        let columns = [
            A,
            [0.1, 0.7, 0.1, 0.1],
            [0.45, 0.05, 0.45, 0.05],
            [0.0, 0.5, 0.1, 0.4],
            EVEN,
            [0.5, 0.2, 0.2, 0.1],
            [0.0, 0.1, 0.3, 0.6],
        ];
        assert_eq!(PositionMatrix::from_counts(&columns, 0.0).consensus(), "ACRYNAU");
        let tied = [[0.5, 0.5, 0.0, 0.0], [0.5, 0.0, 0.0, 0.5], [0.0, 0.5, 0.5, 0.0], [0.0, 0.0, 0.5, 0.5]];
        assert_eq!(PositionMatrix::from_counts(&tied, 0.0).consensus(), "MWSK");
    }

    #[test]
    fn letters_of_both_alphabets() {
        assert_eq!(
            "acgtuACGTUN".bytes().filter_map(letter_index).collect::<Vec<_>>(),
            [0, 1, 2, 3, 3, 0, 1, 2, 3, 3]
        );
    }
}
