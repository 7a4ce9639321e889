//! How good the models are, and how that depends on the number of peaks.

use super::{CellLines, counted, decimals, signed};
use crate::report::inputs::{Inputs, Training};
use crate::report::model::Model;
use crate::report::numbers::{Number, density as density_of, median_of, spearman};
use crate::report::plot::{Axis, Mark, Scatter, Strip, StripPoint, Strips};
use crate::report::section::{Content, Entry, Section};
use crate::report::table::{Cell, Column, Row, Table};

const TRAIN: &str = "polaris-trainer train --prepared prepared --reference reference --registry registry\n\
                     # report reads training/standard/metrics.json";

/// One split of a run: what a curve is drawn of.
struct Curve<'a> {
    name: String,
    run: &'a Training,
    split: &'a str,
}

fn curves(inputs: &Inputs) -> Vec<Curve<'_>> {
    let mut curves = Vec::new();
    for run in &inputs.training {
        for (split, label) in [("chromosome", "folds by chromosome"), ("random", "folds at random")] {
            if run.models.iter().any(|one| one.splits.iter().any(|found| found.0 == split)) {
                let name = if inputs.training.len() > 1 {
                    format!("{}, {label}", run.name)
                } else {
                    label.to_owned()
                };
                curves.push(Curve { name, run, split });
            }
        }
    }
    curves
}

impl Curve<'_> {
    fn values(&self) -> Vec<(Model, f64)> {
        let of = |one: &crate::report::inputs::Trained| {
            let split = one.splits.iter().find(|split| split.0 == self.split)?;
            Some((one.model.clone(), split.1))
        };
        self.run.models.iter().filter_map(of).collect()
    }

    fn strip(&self, series: usize) -> Strip {
        let point = |(model, value): (Model, f64)| {
            let title = format!("{model}: {value:.3}, {}", self.name);
            StripPoint { value, series, model, title }
        };
        Strip { name: self.name.clone(), points: self.values().into_iter().map(point).collect() }
    }
}

/// The distribution of the area under the ROC curve over models.
pub(super) fn density(inputs: &Inputs) -> Section {
    let curves = curves(inputs);
    let content = (!curves.is_empty()).then(|| {
        let all: Vec<f64> = curves.iter().flat_map(Curve::values).map(|(_, value)| value).collect();
        let x = Axis::area("AUROC, mean over folds", all.iter().copied());
        let low = (((all.iter().copied().fold(0.9, f64::min) - 0.01) * 20.0).floor() / 20.0).max(0.0);
        let (mut marks, mut legend, mut findings, mut tallest) = (Vec::new(), Vec::new(), Vec::new(), 0.0_f64);
        for (series, curve) in curves.iter().enumerate() {
            let values = curve.values();
            let numbers: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
            let points = density_of(&numbers, low, 1.0, 160);
            tallest = points.iter().map(|point| point.1).fold(tallest, f64::max);
            marks.push(Mark::Area { points: points.clone(), series });
            marks.push(Mark::Curve { points, series, thin: false, model: None, title: curve.name.clone() });
            let median = median_of(numbers.iter().copied());
            marks.extend(median.map(|x| Mark::Upright { x, series }));
            marks.extend(values.into_iter().map(|(model, x)| {
                let title = format!("{model}: {x:.3}, {}", curve.name);
                Mark::Tick { x, series, model, title }
            }));
            legend.push(Entry::new(series, &*curve.name));
            findings.push(format!(
                "{} over {}, {}",
                decimals(median),
                counted(numbers.len(), "model", "models"),
                curve.name
            ));
        }
        let label = "Density of AUROC over models".to_owned();
        let (plot, shown) = if tallest > 0.0 {
            let y = Axis::from_zero("density of models", [tallest].into_iter());
            let shown = "The curve shows how many models have which area under the ROC curve (Gaussian kernels), \
                         each tick at the base is a model, and dashed lines are medians.";
            (Scatter { label, x, y, marks }.svg(), shown)
        } else {
            // Of so few there is no density.
            let strips = curves.iter().enumerate().map(|(series, curve)| curve.strip(series)).collect();
            let shown = "Each point is a model; boxes hold the middle half, bars are medians.";
            (Strips { label, axis: x, strips }.svg(), shown)
        };
        Content {
            finding: format!("Median AUROC {}.", findings.join("; ")),
            caption: format!(
                "{shown} Folds by chromosome keep windows that overlap on one side; folds at random do not, and are \
                 shown for comparison with published figures (0.957 over 160 models)."
            ),
            plot,
            legend,
            table: table(inputs),
        }
    });
    Section { id: "auroc", title: "How well models tell bound from unbound", command: TRAIN, content }
}

/// All that is known of each model.
fn table(inputs: &Inputs) -> Table {
    let columns = vec![
        Column::text("model"),
        Column::text("run"),
        Column::number("bound windows", 0),
        Column::number("AUROC by chromosome", 3),
        Column::number("AUPRC by chromosome", 3),
        Column::number("AUROC at random", 3),
        Column::number("AUPRC at random", 3),
        Column::number("held-out AUROC", 3),
        Column::number("k-mer floor AUROC", 3),
    ];
    let rows = inputs.training.iter().flat_map(|run| {
        run.models.iter().map(|one| {
            let split = |name: &str| one.splits.iter().find(|split| split.0 == name);
            let pair = |name: &str| {
                let split = split(name);
                [Cell::plain(split.map(|split| split.1)), Cell::plain(split.and_then(|split| split.2))]
            };
            let assessed = inputs.assessed.iter().find(|assessed| assessed.model == one.model);
            let mut cells =
                vec![Cell::Text(one.model.to_string()), Cell::Text(run.name.clone()), Cell::plain(one.bound)];
            cells.extend(pair("chromosome"));
            cells.extend(pair("random"));
            cells.push(Cell::of(assessed.and_then(|assessed| assessed.auroc)));
            cells.push(Cell::of(assessed.and_then(|assessed| assessed.floor_auroc)));
            Row { model: Some(one.model.clone()), cells }
        })
    });
    Table { columns, rows: rows.collect() }
}

/// The area under the ROC curve against the number of bound windows.
pub(super) fn peaks(inputs: &Inputs, lines: &CellLines) -> Section {
    let found: Vec<_> = inputs
        .training
        .first()
        .map(|run| {
            run.models.iter().filter_map(|one| Some((&one.model, one.bound?, inputs.auroc(&one.model)?)))
        })
        .into_iter()
        .flatten()
        .collect();
    let content = (!found.is_empty()).then(|| {
        let pairs: Vec<(f64, f64)> = found.iter().map(|(_, bound, auroc)| (*bound, *auroc)).collect();
        let marks = found.iter().map(|(model, bound, auroc)| Mark::Point {
            at: (*bound, *auroc),
            series: lines.series(&model.line),
            hollow: false,
            model: (*model).clone(),
            title: format!("{model}: {bound:.0} bound windows, AUROC {auroc:.3}"),
        });
        let rank = spearman(&pairs)
            .map_or_else(String::new, |rho| format!(" Spearman\u{2019}s rank correlation is {}.", signed(rho)));
        let rows = found.iter().map(|(model, bound, auroc)| Row {
            model: Some((*model).clone()),
            cells: vec![
                Cell::Text(model.to_string()),
                Cell::plain(Some(*bound)),
                Cell::Number(Number::plain(*auroc)),
            ],
        });
        Content {
            finding: format!("{}.{rank}", counted(found.len(), "model", "models")),
            caption: "Each point is a model: the bound windows that it was prepared from, and its area under the ROC \
                      curve by chromosome folds. With few windows both the network and the figure itself are uncertain."
                .to_owned(),
            plot: Scatter {
                label: "AUROC against the number of bound windows".to_owned(),
                x: Axis::logarithmic("bound windows (peaks), logarithmic", pairs.iter().map(|pair| pair.0)),
                y: Axis::area("AUROC", pairs.iter().map(|pair| pair.1)),
                marks: marks.collect(),
            }
            .svg(),
            legend: lines.legend(found.iter().map(|(model, ..)| model.line.as_str())),
            table: Table {
                columns: vec![
                    Column::text("model"),
                    Column::number("bound windows", 0),
                    Column::number("AUROC", 3),
                ],
                rows: rows.collect(),
            },
        }
    });
    Section { id: "peaks", title: "AUROC against the number of peaks", command: TRAIN, content }
}
