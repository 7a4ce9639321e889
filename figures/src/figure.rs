//! Attribution figures: a value for every base, in aligned panels.

mod bins;
mod draw;
mod overview;
mod zoom;

use std::ops::Range;

use crate::{FigureError, coordinates::XAxis};

/// What a model says of each base of a window, in one or more panels one above the other.
///
/// First come all panels over their whole length (curve, heat strip, clusters), then all again as letters for the
/// columns of [`zoom`](Self::zoom). Panels share their columns: alignment gaps keep alleles of different length in
/// step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// The picture's title, at most two lines; empty for none.
    pub title: String,
    /// Text under it, at most two lines; empty for none.
    pub subtitle: String,
    /// What the columns are called.
    pub x_axis: XAxis,
    /// The panels, from the top. None gives a picture of its title and notes alone.
    pub panels: Vec<Panel>,
    /// Columns to mark, such as a variant's. What lies beyond the panels is not drawn.
    pub highlight: Option<Range<usize>>,
    /// Columns to show as letters. If none, or none within the panels: about 80 columns around the highlight, else
    /// around the value furthest from 0.
    pub zoom: Option<Range<usize>>,
    /// Text below the picture, a paragraph each.
    pub notes: Vec<String>,
}

/// One map of a [`Figure`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// What stands over the panel, such as `reference`.
    pub label: String,
    /// What the values are, the name of the axis, such as `logit`. Panels of one quantity share a scale.
    pub quantity: String,
    /// A letter for every column: bases, `-` for an alignment gap.
    pub letters: Vec<u8>,
    /// A value for every column, with its sign. One that is not finite, or at a gap, is missing.
    pub values: Vec<f32>,
    /// Clusters to draw under the map.
    pub clusters: Vec<Cluster>,
}

/// A stretch of columns that belong together, such as a motif.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cluster {
    /// The columns. What lies beyond the panel is not drawn.
    pub columns: Range<usize>,
    /// Its score, written beside it where there is room.
    pub score: f32,
}

impl Panel {
    /// A panel without clusters.
    #[must_use]
    pub fn new(
        label: impl Into<String>,
        quantity: impl Into<String>,
        letters: Vec<u8>,
        values: Vec<f32>,
    ) -> Self {
        Self { label: label.into(), quantity: quantity.into(), letters, values, clusters: Vec::new() }
    }

    /// The value of a column, if there is one.
    fn value(&self, column: usize) -> Option<f32> {
        let letter = self.letters.get(column)?;
        self.values.get(column).copied().filter(|value| value.is_finite() && *letter != b'-')
    }
}

impl Figure {
    /// Draws the figure, 1200 pixels wide (less for a short sequence) and as high as its panels need.
    ///
    /// # Errors
    ///
    /// [`FigureError::UnequalColumns`] if a panel has not one letter and one value for every column.
    pub fn to_svg(&self) -> Result<String, FigureError> {
        let (canvas, height) = self.draw(true)?;
        Ok(canvas.finish(height))
    }

    /// Draws the columns of the zoom alone, for a page with many figures.
    ///
    /// # Errors
    ///
    /// As [`to_svg`](Self::to_svg).
    pub fn letters_to_svg(&self) -> Result<String, FigureError> {
        let (canvas, height) = self.draw(false)?;
        Ok(canvas.finish(height))
    }

    /// How many columns the longest panel has.
    fn columns(&self) -> usize {
        self.panels.iter().map(|panel| panel.values.len()).max().unwrap_or(0)
    }

    /// The columns to show as letters.
    fn zoomed(&self) -> Range<usize> {
        let count = self.columns();
        if let Some(zoom) = within(self.zoom.as_ref(), count) {
            return zoom;
        }
        let around = self.marked().unwrap_or_else(|| {
            let peak = self.peak();
            peak..peak + 1
        });
        let width = (around.len() + FLANK).clamp(ZOOM, 2 * ZOOM).min(count);
        let middle = around.start + around.len() / 2;
        let start = middle.saturating_sub(width / 2).min(count - width);
        start..start + width
    }

    /// The highlighted columns that there are.
    fn marked(&self) -> Option<Range<usize>> {
        within(self.highlight.as_ref(), self.columns())
    }

    /// The column of the value furthest from 0.
    fn peak(&self) -> usize {
        let all = self.panels.iter().flat_map(|panel| {
            (0..panel.values.len()).filter_map(|column| Some((column, panel.value(column)?.abs())))
        });
        all.fold((0, 0.0), |best, next| if next.1 > best.1 { next } else { best }).0
    }
}

/// Columns that a zoom shows if it may choose.
const ZOOM: usize = 80;
/// Columns that it shows beside a long highlight.
const FLANK: usize = 20;

/// The part of a range below `count`, if there is any.
fn within(range: Option<&Range<usize>>, count: usize) -> Option<Range<usize>> {
    range.map(|range| range.start..range.end.min(count)).filter(|range| !range.is_empty())
}

#[cfg(test)]
mod tests;
