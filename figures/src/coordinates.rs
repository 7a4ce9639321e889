//! What the columns of a picture are called: positions along a sequence or a chromosome.

use std::ops::Range;

use crate::scale::round_step;

/// The coordinate axis of a [`Figure`](crate::Figure).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct XAxis {
    /// Its name, e.g. `chr11 (GRCh38), minus strand`.
    pub label: String,
    /// The coordinate of the first column that is no gap, as it is to be printed.
    pub first: i64,
    /// Whether coordinates fall from column to column, as they do on the minus strand.
    pub falling: bool,
}

impl XAxis {
    /// Coordinates that rise by one a column.
    #[must_use]
    pub fn rising(label: impl Into<String>, first: i64) -> Self {
        Self { label: label.into(), first, falling: false }
    }

    /// Coordinates that fall by one a column.
    #[must_use]
    pub fn falling(label: impl Into<String>, first: i64) -> Self {
        Self { label: label.into(), first, falling: true }
    }
}

impl Default for XAxis {
    /// Positions from 1.
    fn default() -> Self {
        Self::rising("position", 1)
    }
}

/// The coordinate of every column; none where the first panel has a gap.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Coordinates(Vec<Option<i128>>);

impl Coordinates {
    /// The coordinates of `columns` columns, counting those of `letters` that are no gap and all beyond them.
    pub(crate) fn new(axis: &XAxis, letters: &[u8], columns: usize) -> Self {
        let step = if axis.falling { -1 } else { 1 };
        let mut next = i128::from(axis.first);
        let named = (0..columns).map(|column| {
            if letters.get(column) == Some(&b'-') {
                return None;
            }
            let coordinate = next;
            next += step;
            Some(coordinate)
        });
        Self(named.collect())
    }

    /// At most about `most` columns within `range` at round coordinates, with those coordinates.
    pub(crate) fn ticks(&self, range: Range<usize>, most: f64) -> Vec<(usize, String)> {
        let step = (round_step((range.len() as f64 / most).max(1.0)) as i128).max(1);
        let named: Vec<(usize, i128)> =
            range.filter_map(|column| Some((column, (*self.0.get(column)?)?))).collect();
        let mut round: Vec<(usize, i128)> =
            named.iter().copied().filter(|(_, coordinate)| coordinate % step == 0).collect();
        if round.is_empty() {
            round.extend(named.first());
        }
        round.into_iter().map(|(column, coordinate)| (column, grouped(coordinate))).collect()
    }

    /// Width in characters of the longest coordinate.
    pub(crate) fn longest(&self) -> String {
        let ends = [self.0.iter().flatten().min(), self.0.iter().flatten().max()];
        ends.into_iter().flatten().map(|end| grouped(*end)).max_by_key(String::len).unwrap_or_default()
    }
}

/// An integer with a comma between thousands.
fn grouped(value: i128) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::new();
    if value < 0 {
        text.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Coordinates, XAxis, grouped};

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([0, 12, -123, 1234, -5_226_571].map(grouped), ["0", "12", "-123", "1,234", "-5,226,571"]);
    }

    #[test]
    fn a_gap_in_the_first_panel_takes_no_coordinate() {
        let coordinates = Coordinates::new(&XAxis::rising("", 9), b"AC--G", 6);
        assert_eq!(coordinates, Coordinates(vec![Some(9), Some(10), None, None, Some(11), Some(12)]));
    }

    #[test]
    fn coordinates_fall_on_the_minus_strand() {
        let coordinates = Coordinates::new(&XAxis::falling("", 1003), b"ACGT", 4);
        assert_eq!(coordinates.ticks(0..4, 2.0), [(1, "1,002".to_owned()), (3, "1,000".to_owned())]);
        assert_eq!(coordinates.longest(), "1,003");
    }

    #[test]
    fn ends_of_the_number_line_do_not_overflow() {
        let coordinates = Coordinates::new(&XAxis::rising("", i64::MAX), b"", 3);
        assert_eq!(coordinates.longest(), "9,223,372,036,854,775,809");
    }
}
