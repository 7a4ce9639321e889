//! Plots as SVG for the page: colours and fonts are its style sheet's, so that they follow light, dark and print.

mod axis;
mod scatter;
mod strips;

pub(super) use axis::Axis;
pub(super) use scatter::{Mark, Scatter};
pub(super) use strips::{Strip, StripPoint, Strips};

use std::fmt::Write;

use super::escape::escape;
use super::model::Model;

/// Width of every plot in its own units, which are pixels on a desktop.
pub(super) const WIDTH: f64 = 440.0;
/// Of text.
const FONT: f64 = 12.0;
/// An upper bound of the mean width of a character.
const CHARACTER: f64 = 7.2;
/// Shapes and colours that tell series apart.
pub(super) const SERIES: usize = 6;

/// A number with hundredths.
fn n(value: f64) -> f64 {
    if value.is_finite() { (value * 100.0).round() / 100.0 } else { 0.0 }
}

/// The attributes by which the page's filter finds a mark.
fn filtered(model: Option<&Model>) -> String {
    model.map_or_else(String::new, |model| {
        format!(" data-rbp=\"{}\" data-line=\"{}\"", escape(&model.rbp), escape(&model.line))
    })
}

/// A point of a series in its shape, with what a pointer over it says.
fn point(
    out: &mut String,
    (x, y): (f64, f64),
    series: usize,
    hollow: bool,
    model: Option<&Model>,
    title: &str,
) {
    let class = format!("mark s{}{}", series % SERIES, if hollow { " hollow" } else { "" });
    let (filter, title) = (filtered(model), escape(title));
    let polygon = |corners: &[(f64, f64)]| {
        corners.iter().map(|(dx, dy)| format!("{},{}", n(x + dx), n(y + dy))).collect::<Vec<_>>().join(" ")
    };
    let shape = match series % SERIES {
        1 => format!("<polygon points=\"{}\"", polygon(&[(0.0, -4.6), (4.6, 0.0), (0.0, 4.6), (-4.6, 0.0)])),
        2 => format!("<rect x=\"{}\" y=\"{}\" width=\"6.8\" height=\"6.8\"", n(x - 3.4), n(y - 3.4)),
        3 => format!("<polygon points=\"{}\"", polygon(&[(0.0, -4.6), (4.4, 3.4), (-4.4, 3.4)])),
        4 => format!("<polygon points=\"{}\"", polygon(&[(0.0, 4.6), (4.4, -3.4), (-4.4, -3.4)])),
        _ => format!("<circle cx=\"{}\" cy=\"{}\" r=\"3.7\"", n(x), n(y)),
    };
    let _ = write!(out, "{shape} class=\"{class}\"{filter}><title>{title}</title>{}", close(&shape));
}

fn close(shape: &str) -> &'static str {
    match shape.get(..5) {
        Some("<rect") => "</rect>",
        Some("<poly") => "</polygon>",
        _ => "</circle>",
    }
}

/// The small picture of a series for a legend.
pub(super) fn key(series: usize, hollow: bool) -> String {
    let mut out = String::from(
        "<svg class=\"key\" viewBox=\"0 0 12 12\" width=\"12\" height=\"12\" aria-hidden=\"true\">",
    );
    point(&mut out, (6.0, 6.0), series, hollow, None, "");
    out.replace("<title></title>", "") + "</svg>"
}

fn open(height: f64, label: &str) -> String {
    format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"{}\">",
        n(height),
        escape(label)
    )
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, class: &str, content: &str) {
    let _ = write!(
        out,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\" class=\"{class}\">{}</text>",
        n(x),
        n(y),
        escape(content)
    );
}

fn line(out: &mut String, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
    let _ = write!(
        out,
        "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{class}\"/>",
        n(x1),
        n(y1),
        n(x2),
        n(y2)
    );
}
