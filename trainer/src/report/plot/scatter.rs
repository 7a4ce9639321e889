//! Plots with two axes: points, curves, areas.

use std::fmt::Write;

use super::{Axis, CHARACTER, FONT, SERIES, WIDTH, filtered, line, n, open, point, text};
use crate::report::escape::escape;
use crate::report::model::Model;

const HEIGHT: f64 = 340.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = WIDTH - 18.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = HEIGHT - 46.0;

/// A plot with two axes.
#[derive(Clone, Debug)]
pub(in crate::report) struct Scatter {
    /// What it shows, for those who cannot see it.
    pub(in crate::report) label: String,
    pub(in crate::report) x: Axis,
    pub(in crate::report) y: Axis,
    /// Drawn in this order.
    pub(in crate::report) marks: Vec<Mark>,
}

/// Something in a plot.
#[derive(Clone, Debug)]
pub(in crate::report) enum Mark {
    /// A point, with what a pointer over it says.
    Point { at: (f64, f64), series: usize, hollow: bool, model: Model, title: String },
    /// An upright interval.
    Interval { x: f64, low: f64, high: f64, series: usize, model: Model },
    /// A curve; `thin` if there are many.
    Curve { points: Vec<(f64, f64)>, series: usize, thin: bool, model: Option<Model>, title: String },
    /// The area under a curve.
    Area { points: Vec<(f64, f64)>, series: usize },
    /// A tick that reaches up from the lower edge.
    Tick { x: f64, series: usize, model: Model, title: String },
    /// An upright dashed line, such as a median.
    Upright { x: f64, series: usize },
    /// Where both axes have the same value.
    Diagonal { low: f64, high: f64 },
}

impl Scatter {
    /// The plot as SVG.
    pub(in crate::report) fn svg(&self) -> String {
        let mut out = open(HEIGHT, &self.label);
        self.axes(&mut out);
        for mark in &self.marks {
            self.draw(&mut out, mark);
        }
        out + "</svg>"
    }

    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (LEFT + self.x.fraction(x) * (RIGHT - LEFT), BOTTOM - self.y.fraction(y) * (BOTTOM - TOP))
    }

    fn axes(&self, out: &mut String) {
        text(out, 4.0, 16.0, "start", "axis", self.y.title());
        text(out, f64::midpoint(LEFT, RIGHT), HEIGHT - 8.0, "middle", "axis", self.x.title());
        for (value, label) in self.y.ticks(6) {
            let y = BOTTOM - self.y.fraction(value) * (BOTTOM - TOP);
            line(out, (LEFT, y), (RIGHT, y), "grid");
            text(out, LEFT - 6.0, y + 0.35 * FONT, "end", "tick", &label);
        }
        line(out, (LEFT, BOTTOM), (RIGHT, BOTTOM), "base");
        let mut free_from = 0.0;
        for (value, label) in self.x.ticks(6) {
            let x = LEFT + self.x.fraction(value) * (RIGHT - LEFT);
            let half = label.chars().count() as f64 * CHARACTER / 2.0;
            if x - half < free_from || x + half > WIDTH {
                continue;
            }
            free_from = x + half + 4.0;
            line(out, (x, BOTTOM), (x, BOTTOM + 4.0), "base");
            text(out, x, BOTTOM + 17.0, "middle", "tick", &label);
        }
    }

    fn draw(&self, out: &mut String, mark: &Mark) {
        match mark {
            Mark::Point { at, series, hollow, model, title } => {
                point(out, self.place(*at), *series, *hollow, Some(model), title);
            }
            Mark::Interval { x, low, high, series, model } => {
                let (from, to) = (self.place((*x, *low)), self.place((*x, *high)));
                let _ = write!(
                    out,
                    "<path d=\"M{},{}L{},{}\" class=\"interval s{}\"{}/>",
                    n(from.0),
                    n(from.1),
                    n(to.0),
                    n(to.1),
                    series % SERIES,
                    filtered(Some(model))
                );
            }
            Mark::Curve { points, series, thin, model, title } => {
                let class = if *thin { "curve thin" } else { "curve" };
                let filter = filtered(model.as_ref());
                let path = self.path(points);
                let _ = write!(
                    out,
                    "<path d=\"{path}\" class=\"{class} s{}\"{filter}><title>{}</title></path>",
                    series % SERIES,
                    escape(title)
                );
            }
            Mark::Area { points, series } => {
                if let (Some(first), Some(last)) = (points.first(), points.last()) {
                    let (from, to) = (self.place((first.0, 0.0)).0, self.place((last.0, 0.0)).0);
                    let path = format!("{}L{},{BOTTOM}L{},{BOTTOM}Z", self.path(points), n(to), n(from));
                    let _ = write!(out, "<path d=\"{path}\" class=\"area s{}\"/>", series % SERIES);
                }
            }
            Mark::Tick { x, series, model, title } => {
                let (x, filter) = (self.place((*x, 0.0)).0, filtered(Some(model)));
                // Series stand above each other.
                let y = BOTTOM - 9.0 * *series as f64;
                let _ = write!(
                    out,
                    "<path d=\"M{},{}v-8\" class=\"rug s{}\"{filter}><title>{}</title></path>",
                    n(x),
                    n(y),
                    series % SERIES,
                    escape(title)
                );
            }
            Mark::Upright { x, series } => {
                let x = self.place((*x, 0.0)).0;
                line(out, (x, TOP), (x, BOTTOM), &format!("upright s{}", series % SERIES));
            }
            Mark::Diagonal { low, high } => {
                line(out, self.place((*low, *low)), self.place((*high, *high)), "diagonal");
            }
        }
    }

    fn path(&self, points: &[(f64, f64)]) -> String {
        let mut path = String::new();
        for (place, at) in points.iter().enumerate() {
            let (x, y) = self.place(*at);
            let _ = write!(path, "{}{},{}", if place == 0 { 'M' } else { 'L' }, n(x), n(y));
        }
        path
    }
}
