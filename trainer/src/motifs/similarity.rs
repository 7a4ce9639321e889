//! How alike two motifs are.

use crate::position_matrix::{Column, PositionMatrix};

/// Columns that must stand over each other, or all of the shorter motif.
const LEAST_OVERLAP: usize = 4;

/// Columns made ready to be correlated: their mean is 0 and their length 1, or 0 where all bases are as likely.
#[derive(Clone, Debug)]
pub(super) struct Standardized(Vec<Column>);

impl Standardized {
    /// Prepares a motif.
    pub(super) fn new(matrix: &PositionMatrix) -> Self {
        Self(matrix.columns().iter().map(standardized).collect())
    }

    /// The columns.
    pub(super) fn columns(&self) -> &[Column] {
        &self.0
    }

    /// From columns that are standardized already.
    pub(super) fn of_columns(columns: Vec<Column>) -> Self {
        Self(columns)
    }
}

fn standardized(column: &Column) -> Column {
    let centered = column.map(|value| value - 0.25 * column.iter().sum::<f64>());
    let length = centered.iter().map(|value| value * value).sum::<f64>().sqrt();
    // What is left of an even column is rounding.
    centered.map(|value| if length > 1e-9 { value / length } else { 0.0 })
}

/// The best way to lay a motif over another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Alignment {
    /// Sum of the Pearson correlations of columns that stand over each other, over the width of the narrower motif:
    /// 1 for one motif within the other, and columns that stand alone count 0.
    pub(super) similarity: f64,
    /// Position of the motif, from 0, at which the known one begins; negative if it begins before.
    pub(super) offset: i64,
    /// Columns that stand over each other.
    pub(super) overlap: usize,
}

/// Lays a motif over a known one without gaps, at the offset with the largest sum, of equal ones the first. RNA has one
/// strand, so that neither is turned around.
pub(super) fn align(motif: &Standardized, known: &Standardized) -> Alignment {
    let (width, known_width) = (motif.0.len(), known.0.len());
    let narrower = width.min(known_width);
    let least = narrower.min(LEAST_OVERLAP);
    let mut best = Alignment { similarity: f64::NEG_INFINITY, offset: 0, overlap: 0 };
    for shift in least..=(width + known_width).saturating_sub(least) {
        // The known motif begins `shift` columns before the motif's end.
        let (skip, known_skip) = (width.saturating_sub(shift), shift.saturating_sub(width));
        let pairs = motif.0.iter().skip(skip).zip(known.0.iter().skip(known_skip));
        let (mut sum, mut overlap) = (0.0, 0);
        for (a, b) in pairs {
            sum += a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            overlap += 1;
        }
        let similarity = sum / narrower.max(1) as f64;
        if similarity > best.similarity {
            best = Alignment { similarity, offset: skip as i64 - known_skip as i64, overlap };
        }
    }
    best
}

#[cfg(test)]
pub(in crate::motifs) mod tests {
    use super::*;

    /// A motif that is sure of its letters; N is any.
    pub(in crate::motifs) fn motif(letters: &str) -> PositionMatrix {
        let column = |letter: u8| {
            crate::position_matrix::letter_index(letter).map_or([0.25; 4], |index| {
                let mut column = [0.0; 4];
                column[index] = 1.0;
                column
            })
        };
        PositionMatrix::from_counts(&letters.bytes().map(column).collect::<Vec<_>>(), 0.0)
    }

    fn between(motif_letters: &str, known: &str) -> Alignment {
        align(&Standardized::new(&motif(motif_letters)), &Standardized::new(&motif(known)))
    }

    #[test]
    fn a_motif_within_another_is_as_alike_as_can_be() {
        for (one, other, offset) in
            [("ACUAAC", "ACUAAC", 0), ("UACUAACG", "ACUAAC", 1), ("CUAA", "ACUAAC", -1)]
        {
            let found = between(one, other);
            assert!((found.similarity - 1.0).abs() < 1e-12, "{one} {other} {found:?}");
            assert_eq!((found.offset, found.overlap), (offset, one.len().min(other.len())), "{one} {other}");
        }
    }

    #[test]
    fn columns_that_differ_or_stand_alone_count_less() {
        // Five of six columns agree, one is -1/3.
        assert!((between("ACUAAC", "ACUACC").similarity - (5.0 - 1.0 / 3.0) / 6.0).abs() < 1e-12);
        // Four columns of six overlap.
        let found = between("GGUGCA", "UGCAGG");
        assert_eq!((found.offset, found.overlap), (2, 4));
        assert!((found.similarity - 4.0 / 6.0).abs() < 1e-12);
        // A column of any base agrees with nothing.
        assert!((between("UGUANAUA", "UGUAUAUA").similarity - 7.0 / 8.0).abs() < 1e-12);
        // Not turned around.
        assert!(between("AAAAAA", "UUUUUU").similarity < 0.0);
    }

    #[test]
    fn correlation_is_that_of_pearson() {
        let one = PositionMatrix::from_counts(&[[0.1, 0.2, 0.3, 0.4]], 0.0);
        let other = PositionMatrix::from_counts(&[[0.4, 0.1, 0.2, 0.3]], 0.0);
        // Deviations (-3, -1, 1, 3) and (3, -3, -1, 1) in units of 0.05: -4 / 20.
        let found = align(&Standardized::new(&one), &Standardized::new(&other));
        assert!((found.similarity + 0.2).abs() < 1e-12, "{found:?}");
    }
}
