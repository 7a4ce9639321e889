//! Methods on the same folds.

use super::{CellLines, counted, shown};
use crate::report::inputs::Inputs;
use crate::report::numbers::median_of;
use crate::report::plot::{Axis, Strip, StripPoint, Strips};
use crate::report::section::{Content, Section};
use crate::report::table::{Cell, Column, Row, Table};

/// The distribution over models for each method, the best median first.
pub(super) fn section(inputs: &Inputs, lines: &CellLines) -> Section {
    let rows = &inputs.methods;
    let content = (!rows.is_empty()).then(|| {
        let mut names: Vec<&str> = rows.iter().map(|row| row.method.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let median = |name: &str| {
            let of_method = rows.iter().filter(|row| row.method == name);
            median_of(of_method.filter_map(|row| Some(row.auroc?.value))).unwrap_or(0.0)
        };
        names.sort_by(|left, right| median(right).total_cmp(&median(left)));
        let strips = names.iter().map(|name| {
            let points = rows.iter().filter(|row| row.method == *name).filter_map(|row| {
                let auroc = row.auroc?;
                Some(StripPoint {
                    value: auroc.value,
                    series: lines.series(&row.model.line),
                    model: row.model.clone(),
                    title: format!("{}, {name}: {}", row.model, shown(auroc)),
                })
            });
            Strip { name: (*name).to_owned(), points: points.collect() }
        });
        let models: std::collections::BTreeSet<_> = rows.iter().map(|row| &row.model).collect();
        let best = names.first().map_or_else(String::new, |name| {
            format!(" The highest median is that of {name}, {:.3}.", median(name))
        });
        let cells = rows.iter().map(|row| Row {
            model: Some(row.model.clone()),
            cells: vec![
                Cell::Text(row.model.to_string()),
                Cell::Text(row.method.clone()),
                Cell::plain(Some(row.folds as f64)),
                Cell::of(row.auroc),
                Cell::of(row.auprc),
                Cell::of(row.brier),
            ],
        });
        Content {
            finding: format!(
                "{} on {}.{best}",
                counted(names.len(), "method", "methods"),
                counted(models.len(), "model", "models")
            ),
            caption: "Every method learns from the same windows and is tested on the same folds. Each point is a model; \
                      boxes hold the middle half, bars are medians. Published medians with folds at random: POLARIS \
                      0.957, CNN-LSTM 0.933, Seqweaver with both covariates 0.931, LS-GKM 0.892, Seqweaver 0.871."
                .to_owned(),
            plot: Strips {
                label: "AUROC of methods".to_owned(),
                axis: Axis::area("AUROC, mean over folds", rows.iter().filter_map(|row| Some(row.auroc?.value))),
                strips: strips.collect(),
            }
            .svg(),
            legend: lines.legend(rows.iter().map(|row| row.model.line.as_str())),
            table: Table {
                columns: vec![
                    Column::text("model"),
                    Column::text("method"),
                    Column::number("folds", 0),
                    Column::number("AUROC", 3),
                    Column::number("AUPRC", 3),
                    Column::number("Brier score", 3),
                ],
                rows: cells.collect(),
            },
        }
    });
    Section {
        id: "methods",
        title: "Methods compared",
        command: "polaris-trainer compare --prepared prepared --reference reference --out results",
        content,
    }
}
