//! Axes: values on the left of a plot, coordinates above or below.

use std::ops::Range;

use crate::{
    area::Area,
    canvas::{Anchor, Canvas},
    coordinates::Coordinates,
    scale::ValueRange,
    theme::{AXIS, AXIS_LINE, SIDE, TICK},
};

/// Columns side by side over the width of a plot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Columns {
    /// Left edge of the first column in pixels.
    pub(crate) left: f64,
    /// Right edge of the last column.
    pub(crate) right: f64,
    /// The columns shown.
    pub(crate) range: Range<usize>,
}

impl Columns {
    /// Width of a column in pixels; of the plot if there are none.
    pub(crate) fn width(&self) -> f64 {
        (self.right - self.left) / self.range.len().max(1) as f64
    }

    /// Left edge of `column`, which is the right edge of the one before it.
    pub(crate) fn x(&self, column: usize) -> f64 {
        self.left + (column as f64 - self.range.start as f64) * self.width()
    }
}

/// From a plot to the title of its value axis: the longest number lies between.
const TITLE_DISTANCE: f64 = 62.0;
/// How far the title of a value axis may reach beyond the plot above and below.
const TITLE_OVERHANG: f64 = 20.0;

/// Height above or below a plot that [`coordinate_axis`] needs, with a label.
pub(crate) const COORDINATE_AXIS: f64 = 38.0;

/// Where a coordinate axis stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    /// Above a plot.
    Above,
    /// Below a plot.
    Below,
}

/// The axis of values along the left edge of `plot`, with round ticks and a title that reads upwards.
pub(crate) fn value_axis(canvas: &mut Canvas, plot: Area, range: ValueRange, title: &str) {
    let most = (plot.height() / (1.35 * TICK.line_height())).clamp(1.0, 5.0) as usize;
    for (value, label) in range.ticks(most) {
        let y = plot.bottom - range.fraction(value) * plot.height();
        canvas.line((plot.left - 4.0, y), (plot.left, y), AXIS_LINE);
        canvas.text(plot.left - 7.0, y + 0.35 * TICK.size, Anchor::End, TICK, SIDE, &label);
    }
    canvas.line((plot.left, plot.top), (plot.left, plot.bottom), AXIS_LINE);
    let middle = (plot.top + plot.bottom) / 2.0;
    canvas.upward_text(plot.left - TITLE_DISTANCE, middle, AXIS, plot.height() + 2.0 * TITLE_OVERHANG, title);
}

/// The axis of coordinates along `y`, with those labels that have room, and a title unless it is empty.
pub(crate) fn coordinate_axis(
    canvas: &mut Canvas,
    columns: &Columns,
    y: f64,
    side: Side,
    coordinates: &Coordinates,
    title: &str,
) {
    let (tick, label, name) = match side {
        Side::Above => (y - 4.0, y - 7.0, y - 23.0),
        Side::Below => (y + 4.0, y + 16.0, y + 33.0),
    };
    canvas.line((columns.left, y), (columns.right, y), AXIS_LINE);
    let most = (columns.right - columns.left) / (TICK.width(&coordinates.longest()) + 14.0);
    for (column, text) in coordinates.ticks(columns.range.clone(), most.clamp(2.0, 14.0)) {
        let x = columns.x(column) + columns.width() / 2.0;
        if canvas.text_if_free(x, label, TICK, &text) {
            canvas.line((x, y), (x, tick), AXIS_LINE);
        }
    }
    let middle = (columns.left + columns.right) / 2.0;
    canvas.centred_text(middle, name, AXIS, title);
}
