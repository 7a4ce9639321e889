//! Logos of position weight matrices: letters as high as the information they carry.

mod comparison;

pub use comparison::LogoComparison;

use crate::{
    FigureError,
    area::Area,
    axis::{COORDINATE_AXIS, Columns, Side, coordinate_axis, value_axis},
    canvas::Canvas,
    coordinates::{Coordinates, XAxis},
    heading::paragraph,
    letters::glyph,
    scale::ValueRange,
    theme::{EDGE, NOTE, SIDE, TITLE},
};

/// The letters of a logo's four columns.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Alphabet {
    /// A C G T.
    Dna,
    /// A C G U.
    #[default]
    Rna,
}

impl Alphabet {
    fn letters(self) -> [u8; 4] {
        match self {
            Self::Dna => *b"ACGT",
            Self::Rna => *b"ACGU",
        }
    }
}

/// A sequence logo: at each position the letters stand on each other, the most frequent on top, each as high as its
/// frequency times the position's information content in bits (2 minus the entropy; no small-sample correction).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logo {
    /// The picture's title; empty for none.
    pub title: String,
    /// A line below the picture; empty for none.
    pub caption: String,
    /// Which letters the columns stand for.
    pub alphabet: Alphabet,
    /// Frequencies of A, C, G and T or U at each position. Counts do as well: rows are scaled to a sum of 1, and a
    /// row of zeros has no letters.
    pub weights: Vec<[f64; 4]>,
}

impl Logo {
    /// Draws the logo, up to 1200 pixels wide.
    ///
    /// # Errors
    ///
    /// [`FigureError::Weights`] if a row holds a number below 0 or one that is not finite.
    pub fn to_svg(&self) -> Result<String, FigureError> {
        let (canvas, height) = self.draw()?;
        Ok(canvas.finish(height))
    }

    pub(crate) fn draw(&self) -> Result<(Canvas, f64), FigureError> {
        let count = self.weights.len();
        let mut canvas = Canvas::new(sheet_width(count));
        let mut y = paragraph(&mut canvas, EDGE, TITLE, 2, &self.title) + 14.0;
        let columns = columns(&canvas, count);
        y = self.draw_letters(&mut canvas, &columns, y)?;
        y = paragraph(&mut canvas, y + 8.0, NOTE, 3, &self.caption);
        Ok((canvas, y + EDGE))
    }

    /// Draws the letters over `columns`, and axes, from `y` downwards; returns where they end.
    fn draw_letters(&self, canvas: &mut Canvas, columns: &Columns, y: f64) -> Result<f64, FigureError> {
        let plot = Area { left: SIDE, top: y, right: columns.right, bottom: y + PLOT };
        value_axis(canvas, plot, BITS, "bits");
        let space = 0.03 * columns.width();
        for (index, weights) in self.weights.iter().enumerate() {
            let (left, right) = (columns.x(index) + space, columns.x(index + 1) - space);
            let mut bottom = plot.bottom;
            for (letter, bits) in self.stack(index, *weights)? {
                let top = bottom - BITS.fraction(bits) * PLOT;
                if let Some(glyph) = glyph(letter) {
                    canvas.glyph(glyph, Area { left, top, right, bottom });
                }
                bottom = top;
            }
        }
        let coordinates = Coordinates::new(&XAxis::default(), &[], self.weights.len());
        coordinate_axis(canvas, columns, plot.bottom, Side::Below, &coordinates, "position");
        Ok(plot.bottom + COORDINATE_AXIS)
    }

    /// A position's letters with their heights in bits, the lowest first.
    fn stack(&self, index: usize, weights: [f64; 4]) -> Result<Vec<(u8, f64)>, FigureError> {
        let sum: f64 = weights.iter().sum();
        if !sum.is_finite() || weights.iter().any(|weight| *weight < 0.0) {
            return Err(FigureError::Weights { title: self.title.clone(), position1: index + 1, weights });
        }
        if sum == 0.0 {
            return Ok(Vec::new());
        }
        let parts = weights.map(|weight| weight / sum);
        let entropy: f64 = parts.iter().filter(|part| **part > 0.0).map(|part| -part * part.log2()).sum();
        let information = (2.0 - entropy).max(0.0);
        let mut stack: Vec<(u8, f64)> =
            self.alphabet.letters().into_iter().zip(parts.map(|part| part * information)).collect();
        stack.sort_by(|left, right| left.1.total_cmp(&right.1));
        Ok(stack)
    }
}

/// All logos show as much.
const BITS: ValueRange = ValueRange { low: 0.0, high: 2.0 };
/// Height of two bits in pixels.
const PLOT: f64 = 150.0;

/// The width of a sheet for `columns` letters: no letter over 44 pixels wide, no sheet over 1200.
fn sheet_width(columns: usize) -> f64 {
    (2.0 * SIDE + 44.0 * columns as f64).clamp(480.0, 1200.0)
}

fn columns(canvas: &Canvas, count: usize) -> Columns {
    let width = (44.0 * count as f64).min(canvas.width() - 2.0 * SIDE);
    Columns { left: SIDE, right: SIDE + width, range: 0..count }
}

#[cfg(test)]
mod tests;
