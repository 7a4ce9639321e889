//! Distributions of one quantity over models, one below the other: every model a point, with the median and the middle
//! half.

use std::fmt::Write;

use super::{Axis, CHARACTER, WIDTH, line, n, open, point, text};
use crate::report::escape::shortened;
use crate::report::model::Model;
use crate::report::numbers::quantile;

const LEFT: f64 = 14.0;
const RIGHT: f64 = WIDTH - 18.0;
const ROW: f64 = 58.0;
const TOP: f64 = 6.0;
/// Of fewer points a box and a median would only hide them.
const LEAST_SUMMARIZED: usize = 3;

/// Distributions over one axis.
#[derive(Clone, Debug)]
pub(in crate::report) struct Strips {
    /// What they show, for those who cannot see it.
    pub(in crate::report) label: String,
    pub(in crate::report) axis: Axis,
    /// From the top.
    pub(in crate::report) strips: Vec<Strip>,
}

/// One distribution.
#[derive(Clone, Debug)]
pub(in crate::report) struct Strip {
    pub(in crate::report) name: String,
    pub(in crate::report) points: Vec<StripPoint>,
}

/// One model of it.
#[derive(Clone, Debug)]
pub(in crate::report) struct StripPoint {
    pub(in crate::report) value: f64,
    pub(in crate::report) series: usize,
    pub(in crate::report) model: Model,
    pub(in crate::report) title: String,
}

impl Strips {
    /// The plot as SVG.
    pub(in crate::report) fn svg(&self) -> String {
        let bottom = TOP + ROW * self.strips.len() as f64;
        let mut out = open(bottom + 46.0, &self.label);
        for (value, label) in self.axis.ticks(6) {
            let x = self.x(value);
            line(&mut out, (x, TOP + 18.0), (x, bottom), "grid");
            text(&mut out, x, bottom + 17.0, "middle", "tick", &label);
        }
        line(&mut out, (LEFT, bottom), (RIGHT, bottom), "base");
        text(&mut out, f64::midpoint(LEFT, RIGHT), bottom + 38.0, "middle", "axis", self.axis.title());
        for (place, strip) in self.strips.iter().enumerate() {
            self.draw(&mut out, strip, TOP + ROW * place as f64);
        }
        out + "</svg>"
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + self.axis.fraction(value) * (RIGHT - LEFT)
    }

    fn draw(&self, out: &mut String, strip: &Strip, top: f64) {
        let mut values: Vec<f64> = strip.points.iter().map(|point| point.value).collect();
        values.sort_by(f64::total_cmp);
        let quantiles = [0.25, 0.5, 0.75].map(|share| quantile(&values, share));
        let many = values.len() >= LEAST_SUMMARIZED;
        let summary = match quantiles[1] {
            Some(median) => format!("median {median:.3}, n = {}", values.len()),
            None => "no models".to_owned(),
        };
        // Bold letters, and the larger ones of a small screen.
        let room = (RIGHT - LEFT) / (1.2 * CHARACTER) - summary.chars().count() as f64 - 2.0;
        text(out, LEFT, top + 14.0, "start", "strip", &shortened(&strip.name, room.max(4.0) as usize));
        text(out, RIGHT, top + 14.0, "end", "tick", &summary);
        let middle = top + 37.0;
        if let ([Some(lower), _, Some(upper)], true) = (quantiles, many) {
            let _ = write!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"26\" class=\"box\"/>",
                n(self.x(lower)),
                n(middle - 13.0),
                n(self.x(upper) - self.x(lower))
            );
        }
        for (place, one) in strip.points.iter().enumerate() {
            // Neighbours apart, the same in every run: multiples of the golden ratio fill a stretch evenly.
            let height = (place as f64 * 0.618_034).fract() - 0.5;
            let at = (self.x(one.value), middle + 20.0 * height);
            point(out, at, one.series, false, Some(&one.model), &one.title);
        }
        // Above the points, with a margin that keeps it apart from them.
        if let (Some(median), true) = (quantiles[1], many) {
            let (from, to) = ((self.x(median), middle - 15.0), (self.x(median), middle + 15.0));
            line(out, from, to, "halo");
            line(out, from, to, "median");
        }
    }
}
