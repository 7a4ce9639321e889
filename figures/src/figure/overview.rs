//! A panel over its whole length: curve, heat strip, clusters.

use std::{cmp::Reverse, fmt::Write as _};

use svg::node::element::Path;

use super::{
    Cluster, Panel,
    bins::{Bin, bins},
    within,
};
use crate::{
    area::Area,
    axis::{Columns, value_axis},
    canvas::{Anchor, Canvas, rounded},
    colour_map::ColourMap,
    scale::{ValueRange, short_number},
    theme::{AXIS_LINE, FRAME, PANEL, SIDE, TICK},
};

const LABEL: f64 = 28.0;
const CURVE: f64 = 78.0;
const STRIP: f64 = 14.0;
const LANE: f64 = 8.0;
const SCORES: f64 = 16.0;
const GAP: f64 = 16.0;
/// The most lanes that clusters are spread over; more of them lie on each other.
const LANES: usize = 3;

const ABOVE: &str = "#C8452F";
const BELOW: &str = "#2F6DB3";
const CLUSTER: &str = "#3F7F5F";
const MISSING: &str = "#D9D9D9";

/// Height in pixels of a panel.
pub(super) fn height(panel: &Panel, columns: &Columns) -> f64 {
    let lanes = lanes(panel, columns);
    let clusters = match lanes.iter().map(|(lane, _)| lane + 1).max() {
        Some(count) => 6.0 + LANE * count as f64 + SCORES,
        None => 0.0,
    };
    LABEL + CURVE + 5.0 + STRIP + clusters + GAP
}

/// Draws a panel from `top` downwards on the scale of `range`.
pub(super) fn draw(canvas: &mut Canvas, panel: &Panel, columns: &Columns, range: ValueRange, top: f64) {
    let (left, right) = (columns.left, columns.right);
    canvas.text_from(left, top + LABEL - 11.0, PANEL, &panel.label);
    let plot = Area { left, top: top + LABEL, right, bottom: top + LABEL + CURVE };
    let bins = bins(panel);
    let map = if range.is_signed() { ColourMap::Diverging } else { ColourMap::Sequential };
    curve(canvas, &bins, columns, plot, range);
    value_axis(canvas, plot, range, &panel.quantity);
    let strip = Area { top: plot.bottom + 5.0, bottom: plot.bottom + 5.0 + STRIP, ..plot };
    heat_strip(canvas, &bins, columns, strip, map, range.magnitude());
    colour_bar(canvas, Area { left: right + 18.0, right: right + 28.0, ..plot }, map, range.magnitude());
    clusters(canvas, panel, columns, strip.bottom + 6.0);
}

/// The values as filled steps above and below 0.
fn curve(canvas: &mut Canvas, bins: &[Bin], columns: &Columns, plot: Area, range: ValueRange) {
    let y = |value: f64| plot.bottom - range.fraction(value) * plot.height();
    let zero = y(0.0);
    for (colour, sign) in [(ABOVE, 1.0), (BELOW, -1.0)] {
        if !bins.iter().any(|bin| bin.value.is_some_and(|value| value * sign > 0.0)) {
            continue;
        }
        let mut path = format!("M{},{}", rounded(columns.left), rounded(zero));
        for bin in bins {
            let value = bin.value.filter(|value| value * sign > 0.0).unwrap_or(0.0);
            let _ = write!(path, "V{}H{}", rounded(y(value)), rounded(columns.x(bin.columns.end)));
        }
        let _ = write!(path, "V{}Z", rounded(zero));
        let area = Path::new().set("class", "curve").set("d", path).set("fill", colour);
        canvas.add(area.set("fill-opacity", 0.35).set("stroke", colour).set("stroke-width", 0.8));
    }
    canvas.line((plot.left, zero), (plot.right, zero), AXIS_LINE);
}

/// The values as colours, neighbours of one colour as one rectangle.
fn heat_strip(
    canvas: &mut Canvas,
    bins: &[Bin],
    columns: &Columns,
    strip: Area,
    map: ColourMap,
    magnitude: f64,
) {
    let mut runs: Vec<(Area, String)> = Vec::new();
    for bin in bins {
        let fill = bin.value.map_or_else(|| MISSING.to_owned(), |value| map.colour(value, magnitude));
        let (left, right) = (columns.x(bin.columns.start), columns.x(bin.columns.end));
        match runs.last_mut() {
            Some((area, last)) if *last == fill => area.right = right,
            _ => runs.push((Area { left, right, ..strip }, fill)),
        }
    }
    for (area, fill) in runs {
        canvas.crisp_rectangle(area, &fill);
    }
    canvas.frame(strip, FRAME);
}

/// What the colours mean: the range in numbers.
fn colour_bar(canvas: &mut Canvas, bar: Area, map: ColourMap, magnitude: f64) {
    canvas.rectangle(bar, &format!("url(#{})", map.gradient_name()));
    canvas.frame(bar, FRAME);
    let low = map.low(magnitude);
    let marks =
        [(bar.top, magnitude), ((bar.top + bar.bottom) / 2.0, (low + magnitude) / 2.0), (bar.bottom, low)];
    for (y, value) in marks {
        canvas.line((bar.right, y), (bar.right + 3.0, y), FRAME);
        canvas.text(bar.right + 6.0, y + 0.35 * TICK.size, Anchor::Start, TICK, SIDE, &short_number(value));
    }
}

/// The clusters as bars in as many lanes as they need, the scores below them, the best first while there is room.
fn clusters(canvas: &mut Canvas, panel: &Panel, columns: &Columns, top: f64) {
    let mut placed = lanes(panel, columns);
    let count = placed.iter().map(|(lane, _)| lane + 1).max().unwrap_or(0);
    for (lane, cluster) in &placed {
        let y = top + LANE * *lane as f64;
        let (left, right) = extent(cluster, columns);
        canvas.add(bar(Area { left, top: y, right, bottom: y + LANE - 2.0 }));
    }
    placed.sort_by(|left, right| right.1.score.total_cmp(&left.1.score));
    for (_, cluster) in placed {
        let (left, right) = extent(&cluster, columns);
        let baseline = top + LANE * count as f64 + TICK.size;
        canvas.text_if_free((left + right) / 2.0, baseline, TICK, &short_number(f64::from(cluster.score)));
    }
}

fn bar(area: Area) -> Path {
    let path = format!(
        "M{},{}H{}V{}H{}Z",
        rounded(area.left),
        rounded(area.top),
        rounded(area.right),
        rounded(area.bottom),
        rounded(area.left)
    );
    Path::new()
        .set("class", "cluster")
        .set("d", path)
        .set("fill", CLUSTER)
        .set("stroke", "#FFFFFF")
        .set("stroke-width", 0.5)
}

/// Left and right edge of a cluster in pixels, at least two apart.
fn extent(cluster: &Cluster, columns: &Columns) -> (f64, f64) {
    let left = columns.x(cluster.columns.start);
    (left, columns.x(cluster.columns.end).max(left + 2.0))
}

/// The clusters within the panel, each with the first lane in which it lies free.
fn lanes(panel: &Panel, columns: &Columns) -> Vec<(usize, Cluster)> {
    let mut inside: Vec<Cluster> = panel
        .clusters
        .iter()
        .filter_map(|cluster| {
            let within = within(Some(&cluster.columns), panel.values.len())?;
            Some(Cluster { columns: within, score: cluster.score })
        })
        .collect();
    inside.sort_by_key(|cluster| (cluster.columns.start, Reverse(cluster.columns.end)));
    let mut ends = [f64::NEG_INFINITY; LANES];
    inside
        .into_iter()
        .map(|cluster| {
            let (left, right) = extent(&cluster, columns);
            let lane = ends.iter().position(|end| *end < left).unwrap_or(LANES - 1);
            ends[lane] = ends[lane].max(right);
            (lane, cluster)
        })
        .collect()
}
