//! How far maps are spread.

use super::{CellLines, counted, decimals};
use crate::report::inputs::Inputs;
use crate::report::numbers::median_of;
use crate::report::plot::{Axis, Strip, StripPoint, Strips};
use crate::report::section::{Content, Section};
use crate::report::table::{Cell, Column, Row, Table};

/// Diffusion of the models of each cell line.
pub(super) fn section(inputs: &Inputs, lines: &CellLines) -> Section {
    let rows = &inputs.diffusion;
    let content = (!rows.is_empty()).then(|| {
        let strips = lines.names().iter().filter_map(|line| {
            let points: Vec<StripPoint> = rows
                .iter()
                .filter(|row| row.model.line == *line)
                .filter_map(|row| {
                    let value = row.diffusion?;
                    let bases = row.effective_bases.map_or_else(String::new, |bases| format!(", {bases:.0} bases"));
                    Some(StripPoint {
                        value,
                        series: lines.series(line),
                        model: row.model.clone(),
                        title: format!("{}: {value:.4}{bases}", row.model),
                    })
                })
                .collect();
            let name = if line.is_empty() { "all models".to_owned() } else { line.clone() };
            (!points.is_empty()).then_some(Strip { name, points })
        });
        let cells = rows.iter().map(|row| Row {
            model: Some(row.model.clone()),
            cells: vec![
                Cell::Text(row.model.to_string()),
                Cell::plain(row.diffusion),
                Cell::plain(row.effective_bases),
                Cell::plain(row.maps),
                Cell::plain(inputs.auroc(&row.model)),
            ],
        });
        Content {
            finding: format!(
                "Median diffusion {} over {}; an even map as spread would cover {:.0} bases.",
                decimals(median_of(rows.iter().filter_map(|row| row.diffusion))),
                counted(rows.len(), "model", "models"),
                median_of(rows.iter().filter_map(|row| row.effective_bases)).unwrap_or(0.0)
            ),
            caption: "Diffusion (equation 3) is the mean over bound windows of a map\u{2019}s entropy in nats over its \
                      sum: small for models that look at few places, or at very many evenly. The effective bases in the \
                      table say how wide an even map of the same entropy would be."
                .to_owned(),
            plot: Strips {
                label: "Diffusion of class activation maps".to_owned(),
                axis: Axis::from_zero("diffusion in nats", rows.iter().filter_map(|row| row.diffusion)),
                strips: strips.collect(),
            }
            .svg(),
            legend: lines.legend(rows.iter().map(|row| row.model.line.as_str())),
            table: Table {
                columns: vec![
                    Column::text("model"),
                    Column::number("diffusion (nats)", 4),
                    Column::number("effective bases", 0),
                    Column::number("maps", 0),
                    Column::number("AUROC", 3),
                ],
                rows: cells.collect(),
            },
        }
    });
    Section {
        id: "diffusion",
        title: "Diffusion",
        command: "polaris-trainer diffusion --registry registry --prepared prepared --reference reference \\\n    \
                  --out results/diffusion.tsv",
        content,
    }
}
