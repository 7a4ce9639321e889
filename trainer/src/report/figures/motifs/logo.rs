//! Small logos for a table.

use std::fmt::Write;

use polaris_figures::glyph;

use crate::position_matrix::{Column, LETTERS, column_bits};

const COLUMN: f64 = 13.0;
const HEIGHT: f64 = 36.0;

/// Letters stacked by frequency, as high as their share of 2 bits.
pub(super) fn svg(columns: &[Column]) -> String {
    let width = COLUMN * columns.len() as f64;
    let mut out = format!(
        "<svg class=\"logo\" viewBox=\"0 0 {width} {HEIGHT}\" width=\"{width}\" height=\"{HEIGHT}\" aria-hidden=\"true\">"
    );
    for (place, column) in columns.iter().enumerate() {
        let mut letters: Vec<(char, f64)> = LETTERS.into_iter().zip(*column).collect();
        letters.sort_by(|left, right| left.1.total_cmp(&right.1));
        let (x, scale) = (COLUMN * place as f64 + 0.5, column_bits(column).max(0.0) / 2.0 * HEIGHT);
        let mut bottom = HEIGHT;
        for (letter, share) in letters {
            let height = share * scale;
            bottom -= height;
            let drawn = u8::try_from(letter).ok().and_then(glyph).filter(|_| height > 0.4);
            if let Some(glyph) = drawn {
                let _ = write!(
                    out,
                    "<path d=\"{}\" fill=\"{}\" fill-rule=\"evenodd\" transform=\"matrix({} 0 0 {height:.2} {x} {bottom:.2})\"/>",
                    glyph.path,
                    glyph.colour,
                    COLUMN - 1.0
                );
            }
        }
    }
    out + "</svg>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certain_letters_fill_their_column_and_even_ones_are_none() {
        let svg = svg(&[[0.0, 0.0, 0.0, 1.0], [0.25; 4]]);
        assert_eq!(svg.matches("<path").count(), 1);
        assert!(svg.contains("matrix(12 0 0 36.00 0.5 0.00)"), "{svg}");
    }
}
