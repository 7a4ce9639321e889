//! A panel as letters: each as high as its value, those below 0 under the axis.

use super::Panel;
use crate::{
    area::Area,
    axis::{Columns, value_axis},
    canvas::Canvas,
    letters::glyph,
    scale::ValueRange,
    theme::{AXIS_LINE, PANEL},
};

const LABEL: f64 = 26.0;
const LOGO: f64 = 92.0;
const SEQUENCE: f64 = 11.0;
const GAP: f64 = 8.0;
/// The narrowest column in pixels whose base is written under the letters.
const NARROWEST: f64 = 4.0;

/// Height in pixels of a panel.
pub(super) const HEIGHT: f64 = LABEL + LOGO + 2.0 * GAP + SEQUENCE;

/// Draws the columns of a panel from `top` downwards on the scale of `range`.
pub(super) fn draw(canvas: &mut Canvas, panel: &Panel, columns: &Columns, range: ValueRange, top: f64) {
    let (left, right) = (columns.left, columns.right);
    canvas.text_from(left, top + LABEL - 8.0, PANEL, &panel.label);
    let plot = Area { left, top: top + LABEL, right, bottom: top + LABEL + LOGO };
    let y = |value: f64| plot.bottom - range.fraction(value) * plot.height();
    for column in columns.range.clone() {
        let (Some(value), Some(letter)) = (panel.value(column), panel.letters.get(column)) else { continue };
        let (from, to) = (y(0.0), y(f64::from(value)));
        let area = Area { top: from.min(to), bottom: from.max(to), ..letter_area(columns, column, plot) };
        if let Some(glyph) = glyph(*letter) {
            canvas.glyph(glyph, area);
        }
    }
    canvas.line((left, y(0.0)), (right, y(0.0)), AXIS_LINE);
    value_axis(canvas, plot, range, &panel.quantity);
    if columns.width() >= NARROWEST {
        sequence(
            canvas,
            panel,
            columns,
            Area { top: plot.bottom + GAP, bottom: plot.bottom + GAP + SEQUENCE, ..plot },
        );
    }
}

/// The bases themselves, all of one height.
fn sequence(canvas: &mut Canvas, panel: &Panel, columns: &Columns, row: Area) {
    for column in columns.range.clone() {
        let Some(letter) = panel.letters.get(column) else { break };
        let area = letter_area(columns, column, row);
        let middle = (area.left + area.right) / 2.0;
        let half = (area.width() / 2.0).min(4.5);
        let area = Area { left: middle - half, right: middle + half, ..area };
        match glyph(*letter) {
            Some(glyph) => canvas.base(glyph, area),
            None => {
                let y = (row.top + row.bottom) / 2.0;
                canvas.line((area.left, y), (area.right, y), AXIS_LINE);
            }
        }
    }
}

/// A column's part of `row`, with a little space to its neighbours.
fn letter_area(columns: &Columns, column: usize, row: Area) -> Area {
    let space = 0.04 * columns.width();
    Area { left: columns.x(column) + space, right: columns.x(column + 1) - space, ..row }
}
