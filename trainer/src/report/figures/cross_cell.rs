//! A model in the cell line that it was not trained in.

use super::{CellLines, counted, decimals, shown};
use crate::report::inputs::Inputs;
use crate::report::model::Model;
use crate::report::numbers::median_of;
use crate::report::plot::{Axis, Mark, Scatter};
use crate::report::section::{Content, Entry, Section};
use crate::report::table::{Cell, Column, Row, Table};

/// Cross-cell against in-cell figures, with the copied peaks.
pub(super) fn section(inputs: &Inputs, lines: &CellLines) -> Section {
    let rows = &inputs.cross_cell;
    let content = (!rows.is_empty()).then(|| {
        let (mut marks, mut all) = (Vec::new(), Vec::new());
        let model = |row: &crate::report::inputs::CrossCell| Model {
            rbp: row.rbp.clone(),
            line: row.tested_in.clone(),
        };
        for row in rows {
            let Some(own) = row.own else { continue };
            let series = lines.series(&row.tested_in);
            let name = format!("{}, {} to {}", row.rbp, row.trained_in, row.tested_in);
            all.push(own.value);
            for (number, hollow, what) in [(row.copied, true, "copied peaks"), (row.cross, false, "cross-cell")] {
                let Some(number) = number else { continue };
                all.push(number.value);
                if let (false, Some((low, high))) = (hollow, number.interval) {
                    all.push(low);
                    marks.push(Mark::Interval { x: own.value, low, high, series, model: model(row) });
                }
                marks.push(Mark::Point {
                    at: (own.value, number.value),
                    series,
                    hollow,
                    model: model(row),
                    title: format!("{name}: {what} {}, in-cell {}", shown(number), shown(own)),
                });
            }
        }
        let x = Axis::area("in-cell AUROC: trained in the tested line", all.iter().copied());
        let y = Axis::area("AUROC in the tested line", all.iter().copied());
        let low = all.iter().copied().fold(0.9, f64::min);
        let low = (((low - 0.01) * 20.0).floor() / 20.0).max(0.0);
        marks.insert(0, Mark::Diagonal { low, high: 1.0 });
        let tested: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.tested_in.as_str()).collect();
        let legend = tested.iter().flat_map(|line| {
            let series = lines.series(line);
            [
                Entry::new(series, format!("network, tested in {line}")),
                Entry::hollow(series, format!("copied peaks, tested in {line}")),
            ]
        });
        let median = |pick: fn(&crate::report::inputs::CrossCell) -> Option<f64>| {
            decimals(median_of(rows.iter().filter_map(pick)))
        };
        Content {
            finding: format!(
                "Median AUROC over {}: {} across cell lines, {} within, {} for copying the other line\u{2019}s peaks.",
                counted(rows.len(), "direction", "directions"),
                median(|row| row.cross.map(|number| number.value)),
                median(|row| row.own.map(|number| number.value)),
                median(|row| row.copied.map(|number| number.value)),
            ),
            caption: "Each filled point is a protein\u{2019}s network that was trained in one cell line and tested in \
                      the other, on contigs that it was not trained on, with its 95% interval; on the diagonal it would \
                      be as good as the network of the tested line itself. Hollow points call a window bound if it \
                      overlaps a peak of the other line: what needs no training. Published medians: 0.942 and 0.778."
                .to_owned(),
            plot: Scatter { label: "Cross-cell against in-cell AUROC".to_owned(), x, y, marks }.svg(),
            legend: legend.collect(),
            table: table(rows),
        }
    });
    Section {
        id: "cross-cell",
        title: "In-cell against cross-cell",
        command: "polaris-trainer cross-cell --prepared prepared --reference reference --peaks peaks.tsv --out results",
        content,
    }
}

fn table(rows: &[crate::report::inputs::CrossCell]) -> Table {
    let columns = vec![
        Column::text("protein"),
        Column::text("trained in"),
        Column::text("tested in"),
        Column::number("windows", 0),
        Column::number("cross-cell AUROC", 3),
        Column::number("in-cell AUROC", 3),
        Column::number("difference", 3),
        Column::number("copied peaks AUROC", 3),
        Column::number("sensitivity", 2),
        Column::number("specificity", 2),
    ];
    let rows = rows.iter().map(|row| Row {
        model: Some(Model { rbp: row.rbp.clone(), line: row.tested_in.clone() }),
        cells: vec![
            Cell::Text(row.rbp.clone()),
            Cell::Text(row.trained_in.clone()),
            Cell::Text(row.tested_in.clone()),
            Cell::plain(row.windows),
            Cell::of(row.cross),
            Cell::of(row.own),
            Cell::of(row.difference),
            Cell::of(row.copied),
            Cell::of(row.sensitivity),
            Cell::of(row.specificity),
        ],
    });
    Table { columns, rows: rows.collect() }
}
