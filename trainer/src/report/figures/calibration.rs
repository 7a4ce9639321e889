//! Whether probabilities can be taken at their word.

use super::{CellLines, counted, decimals};
use crate::report::inputs::{Assessed, Inputs};
use crate::report::numbers::median_of;
use crate::report::plot::{Axis, Mark, Scatter};
use crate::report::section::{Content, Section};
use crate::report::table::{Cell, Column, Row, Table};

/// The share bound against the predicted probability.
pub(super) fn section(inputs: &Inputs, lines: &CellLines) -> Section {
    let rows = &inputs.assessed;
    let content = (!rows.is_empty()).then(|| {
        let mut marks = vec![Mark::Diagonal { low: 0.0, high: 1.0 }];
        for row in rows {
            let points = row.bins.iter().map(|(probability, bound)| (*probability, bound.value)).collect();
            marks.push(Mark::Curve {
                points,
                series: lines.series(&row.model.line),
                thin: true,
                model: Some(row.model.clone()),
                title: row.model.to_string(),
            });
        }
        let median = |pick: fn(&Assessed) -> Option<f64>| decimals(median_of(rows.iter().filter_map(pick)));
        Content {
            finding: format!(
                "Median over {}: Brier score {}, calibration error {}, slope {}.",
                counted(rows.len(), "model", "models"),
                median(|row| Some(row.brier?.value)),
                median(|row| Some(row.calibration_error?.value)),
                median(|row| Some(row.slope?.value))
            ),
            caption: "Each line is a model: its held-out windows in ten bins of equally many by predicted probability, \
                      and the share of each bin that is bound. On the diagonal probabilities hold; below it at the right \
                      they are too high. A slope below 1 means too extreme. Windows are as many bound as unbound: in a \
                      genome, where most are unbound, probabilities are relative."
                .to_owned(),
            plot: Scatter {
                label: "Share bound against predicted probability".to_owned(),
                x: Axis::new("mean predicted probability", 0.0, 1.0),
                y: Axis::new("share of windows bound", 0.0, 1.0),
                marks,
            }
            .svg(),
            legend: lines.legend(rows.iter().map(|row| row.model.line.as_str())),
            table: table(rows),
        }
    });
    Section {
        id: "calibration",
        title: "Calibration",
        command: "polaris-trainer assess --registry registry --prepared prepared --reference reference \\\n    \
                  --json results/assess.json",
        content,
    }
}

fn table(rows: &[Assessed]) -> Table {
    let columns = vec![
        Column::text("model"),
        Column::number("held-out windows", 0),
        Column::number("AUROC", 3),
        Column::number("AUPRC", 3),
        Column::number("Brier score", 3),
        Column::number("calibration error", 3),
        Column::number("slope", 2),
    ];
    let rows = rows.iter().map(|row| Row {
        model: Some(row.model.clone()),
        cells: vec![
            Cell::Text(row.model.to_string()),
            Cell::plain(row.windows),
            Cell::of(row.auroc),
            Cell::of(row.auprc),
            Cell::of(row.brier),
            Cell::of(row.calibration_error),
            Cell::of(row.slope),
        ],
    });
    Table { columns, rows: rows.collect() }
}
