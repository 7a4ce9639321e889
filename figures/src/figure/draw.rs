//! The layout of a figure: heading, all panels over their whole length, the same as letters, notes.

use std::{collections::BTreeMap, ops::Range};

use svg::node::element::Definitions;

use super::{Figure, Panel, overview, zoom};
use crate::{
    FigureError,
    area::Area,
    axis::{COORDINATE_AXIS, Columns, Side, coordinate_axis},
    canvas::Canvas,
    colour_map::ColourMap,
    coordinates::Coordinates,
    heading::paragraph,
    scale::ValueRange,
    theme::{EDGE, NOTE, SIDE, SUBTITLE, TITLE},
};

/// The least and the greatest width of a figure in pixels.
const WIDTHS: (f64, f64) = (720.0, 1200.0);
/// The widest column in pixels, so that a letter stays a letter.
const WIDEST_COLUMN: f64 = 40.0;
/// Height of the fan that leads from the whole length to the letters.
const FAN: f64 = 26.0;
/// The columns shown as letters.
const ZOOM_SHADE: &str = "#F1F1F1";
/// The columns to mark.
const MARK: &str = "#FFE9A8";
/// The arrow above them.
const MARK_ARROW: &str = "#E0A100";

impl Figure {
    /// The figure and its height; with the whole length of the panels above the letters if `whole`.
    pub(crate) fn draw(&self, whole: bool) -> Result<(Canvas, f64), FigureError> {
        self.check()?;
        let all = columns(0..self.columns());
        let mut canvas = Canvas::new((all.right + SIDE).clamp(WIDTHS.0, WIDTHS.1));
        let mut y = paragraph(&mut canvas, EDGE, TITLE, 2, &self.title);
        y = paragraph(&mut canvas, y + 3.0, SUBTITLE, 2, &self.subtitle);
        if !all.range.is_empty() {
            y = self.draw_panels(&mut canvas, &all, y + 10.0, whole);
        }
        y += 10.0;
        for note in &self.notes {
            y = paragraph(&mut canvas, y, NOTE, 3, note) + 3.0;
        }
        Ok((canvas, y + EDGE))
    }

    fn check(&self) -> Result<(), FigureError> {
        match self.panels.iter().find(|panel| panel.letters.len() != panel.values.len()) {
            None => Ok(()),
            Some(panel) => Err(FigureError::UnequalColumns {
                label: panel.label.clone(),
                letters: panel.letters.len(),
                values: panel.values.len(),
            }),
        }
    }

    /// Draws all panels, over their whole length if that is wanted and as letters, from `top` downwards; returns where they
    /// end.
    fn draw_panels(&self, canvas: &mut Canvas, all: &Columns, top: f64, whole: bool) -> f64 {
        let gradients = Definitions::new().add(ColourMap::Sequential.gradient());
        canvas.add(gradients.add(ColourMap::Diverging.gradient()));
        let letters = self.panels.first().map_or(&[][..], |panel| &panel.letters);
        let coordinates = Coordinates::new(&self.x_axis, letters, self.columns());
        let shown = columns(self.zoomed());
        let letters_bottom = |canvas: &mut Canvas, top| {
            let bottom = self.draw_letters(canvas, &shown, top);
            coordinate_axis(canvas, &shown, bottom, Side::Below, &coordinates, &self.x_axis.label);
            bottom + COORDINATE_AXIS
        };
        if !whole {
            return letters_bottom(canvas, top);
        }
        let top = top + COORDINATE_AXIS;
        let heights: f64 = self.panels.iter().map(|panel| overview::height(panel, all)).sum();
        let bottom = top + heights;
        self.draw_fan(canvas, all, &shown, top, bottom);
        self.draw_mark(canvas, all, top, bottom);
        coordinate_axis(canvas, all, top, Side::Above, &coordinates, &self.x_axis.label);
        let mut y = top;
        for (panel, range) in self.panels.iter().zip(self.ranges(&all.range)) {
            overview::draw(canvas, panel, all, range, y);
            y += overview::height(panel, all);
        }
        letters_bottom(canvas, bottom + FAN)
    }

    /// Draws all panels as letters from `top` downwards; returns where they end.
    fn draw_letters(&self, canvas: &mut Canvas, shown: &Columns, top: f64) -> f64 {
        let bottom = top + zoom::HEIGHT * self.panels.len() as f64;
        self.draw_mark(canvas, shown, top, bottom);
        let mut y = top;
        for (panel, range) in self.panels.iter().zip(self.ranges(&shown.range)) {
            zoom::draw(canvas, panel, shown, range, y);
            y += zoom::HEIGHT;
        }
        bottom
    }

    /// For each panel the range of values, within some columns, of all panels of its quantity.
    fn ranges(&self, columns: &Range<usize>) -> Vec<ValueRange> {
        let range = |quantity: &str| {
            let alike = self.panels.iter().filter(|panel| panel.quantity == quantity);
            ValueRange::of(alike.flat_map(|panel| columns.clone().filter_map(|column| panel.value(column))))
        };
        let mut known = BTreeMap::new();
        let of_panel =
            |panel: &Panel| *known.entry(panel.quantity.clone()).or_insert_with_key(|name| range(name));
        self.panels.iter().map(of_panel).collect()
    }

    /// Shows which part of the whole length the letters are.
    fn draw_fan(&self, canvas: &mut Canvas, all: &Columns, shown: &Columns, top: f64, bottom: f64) {
        if shown.range == all.range {
            return;
        }
        let (left, right) = (all.x(shown.range.start), all.x(shown.range.end));
        let corners = [
            (left, top),
            (right, top),
            (right, bottom),
            (shown.right, bottom + FAN),
            (shown.left, bottom + FAN),
            (left, bottom),
        ];
        canvas.polygon(&corners, ZOOM_SHADE);
    }

    /// Marks the highlighted columns from `top` to `bottom`, at least three pixels wide.
    fn draw_mark(&self, canvas: &mut Canvas, columns: &Columns, top: f64, bottom: f64) {
        let Some(marked) = self.marked() else { return };
        let start = marked.start.max(columns.range.start);
        let end = marked.end.min(columns.range.end);
        if start >= end {
            return;
        }
        let (left, right) = (columns.x(start), columns.x(end));
        let middle = (left + right) / 2.0;
        let half = ((right - left) / 2.0).max(1.5);
        canvas.rectangle(Area { left: middle - half, top, right: middle + half, bottom }, MARK);
        canvas.polygon(&[(middle - 5.0, top), (middle + 5.0, top), (middle, top + 7.0)], MARK_ARROW);
    }
}

fn columns(range: Range<usize>) -> Columns {
    let width = (WIDEST_COLUMN * range.len() as f64).min(WIDTHS.1 - 2.0 * SIDE);
    Columns { left: SIDE, right: SIDE + width, range }
}
