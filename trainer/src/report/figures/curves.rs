//! Curves over models: folding windows of secondary structure, and numbers of training windows.

use std::collections::{BTreeMap, BTreeSet};

use super::{CellLines, counted, decimals, shown};
use crate::report::inputs::Inputs;
use crate::report::model::Model;
use crate::report::numbers::{Number, median_of};
use crate::report::plot::{Axis, Mark, Scatter};
use crate::report::section::{Content, Section};
use crate::report::table::{Cell, Column, Row, Table};

/// Where a logarithmic axis shows networks without structure.
const WITHOUT: f64 = 5.0;

/// A model at a place of the x axis.
struct Point<'a> {
    model: &'a Model,
    x: f64,
    auroc: Number,
}

/// AUROC with secondary structure against the length of the folding window.
pub(super) fn structure(inputs: &Inputs, lines: &CellLines) -> Section {
    let points: Vec<Point<'_>> = inputs
        .structure
        .iter()
        .filter_map(|one| Some(Point { model: &one.model, x: one.window.max(WITHOUT), auroc: one.auroc? }))
        .collect();
    let content = (!points.is_empty()).then(|| {
        let windows: BTreeSet<u64> = points.iter().map(|point| point.x as u64).collect();
        let medians: Vec<(f64, f64)> = windows
            .iter()
            .filter_map(|window| {
                let of = points.iter().filter(|point| point.x as u64 == *window).map(|point| point.auroc.value);
                Some((*window as f64, median_of(of)?))
            })
            .collect();
        let best = medians.iter().max_by(|left, right| left.1.total_cmp(&right.1)).map_or_else(
            String::new,
            |(window, median)| format!(" The highest median, {median:.3}, is at {window:.0} bases."),
        );
        let models = curves(&points).len();
        drawn(
            &points,
            lines,
            format!("{} with {}.{best}", counted(models, "model", "models"), counted(medians.len(), "folding window", "folding windows")),
            format!(
                "Networks that also read the probability of each base to be unpaired, by RNAplfold within windows of the \
             given length. Thin lines are models, the heavy line is the median; points at {WITHOUT:.0} bases are without \
             structure."
            ),
            Axis::logarithmic("folding window in bases, logarithmic", points.iter().map(|point| point.x)),
            Some(medians),
            "folding window (bases)",
        )
    });
    Section {
        id: "structure",
        title: "Secondary structure",
        command: "polaris-trainer compare --prepared prepared --reference reference --out results \\\n    \
                  --methods polaris,polaris-structure --structure folded/w50 --structure folded/w150",
        content,
    }
}

/// AUROC against the number of training windows.
pub(super) fn learning(inputs: &Inputs, lines: &CellLines) -> Section {
    let points: Vec<Point<'_>> = inputs
        .learning
        .iter()
        .filter_map(|one| Some(Point { model: &one.model, x: one.trained_on, auroc: one.auroc? }))
        .collect();
    let content = (!points.is_empty()).then(|| {
        let curves = curves(&points);
        // From half of the windows to all of them.
        let gains = curves.values().filter_map(|curve| {
            let [.., half, all] = curve.as_slice() else { return None };
            Some(all.1 - half.1)
        });
        drawn(
            &points,
            lines,
            format!(
                "{}. The last doubling of the training windows adds {} in the median.",
                counted(curves.len(), "model", "models"),
                decimals(median_of(gains))
            ),
            "Each line is a model, trained on ever larger random parts of its windows and always tested on the same \
             held-out ones, by chromosome; bars are 95% intervals. Where a line still rises, more peaks would help; \
             each part is trained for the same number of passes, so that a small one also takes fewer steps."
                .to_owned(),
            Axis::logarithmic("training windows, logarithmic", points.iter().map(|point| point.x)),
            None,
            "training windows",
        )
    });
    Section {
        id: "learning-curve",
        title: "AUROC against sample size",
        command: "polaris-trainer learning-curve --prepared prepared --reference reference --out results",
        content,
    }
}

fn curves<'a>(points: &[Point<'a>]) -> BTreeMap<&'a Model, Vec<(f64, f64)>> {
    let mut curves: BTreeMap<&Model, Vec<(f64, f64)>> = BTreeMap::new();
    for point in points {
        curves.entry(point.model).or_default().push((point.x, point.auroc.value));
    }
    for curve in curves.values_mut() {
        curve.sort_by(|left, right| left.0.total_cmp(&right.0));
    }
    curves
}

fn drawn(
    points: &[Point<'_>],
    lines: &CellLines,
    finding: String,
    caption: String,
    x: Axis,
    medians: Option<Vec<(f64, f64)>>,
    heading: &'static str,
) -> Content {
    let mut marks = Vec::new();
    for (model, curve) in curves(points) {
        let series = lines.series(&model.line);
        let (thin, title) = (true, model.to_string());
        marks.push(Mark::Curve { points: curve, series, thin, model: Some(model.clone()), title });
    }
    for point in points {
        let (series, model) = (lines.series(&point.model.line), point.model.clone());
        if let Some((low, high)) = point.auroc.interval {
            marks.push(Mark::Interval { x: point.x, low, high, series, model: model.clone() });
        }
        let title = format!("{model}: {} at {:.0}", shown(point.auroc), point.x);
        marks.push(Mark::Point { at: (point.x, point.auroc.value), series, hollow: false, model, title });
    }
    if let Some(points) = medians {
        marks.push(Mark::Curve { points, series: 5, thin: false, model: None, title: "median".to_owned() });
    }
    let values = points.iter().flat_map(|point| {
        [Some(point.auroc.value), point.auroc.interval.map(|interval| interval.0)].into_iter().flatten()
    });
    let rows = points.iter().map(|point| Row {
        model: Some(point.model.clone()),
        cells: vec![
            Cell::Text(point.model.to_string()),
            Cell::plain(Some(point.x)),
            Cell::Number(point.auroc),
        ],
    });
    Content {
        finding,
        caption,
        plot: Scatter { label: format!("AUROC against {heading}"), x, y: Axis::area("AUROC", values), marks }
            .svg(),
        legend: lines.legend(points.iter().map(|point| point.model.line.as_str())),
        table: Table {
            columns: vec![Column::text("model"), Column::number(heading, 0), Column::number("AUROC", 3)],
            rows: rows.collect(),
        },
    }
}
