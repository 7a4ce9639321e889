//! What region and expression add.

use super::{CellLines, counted, decimals, shown};
use crate::report::inputs::{Ablated, Inputs};
use crate::report::numbers::median_of;
use crate::report::plot::{Axis, Strip, StripPoint, Strips};
use crate::report::section::{Content, Section};
use crate::report::table::{Cell, Column, Row, Table};

/// The inputs, and what they are called.
const VARIANTS: [(&str, &str); 4] = [
    ("sequence", "sequence alone"),
    ("region", "sequence and region"),
    ("expression", "sequence and expression"),
    ("both", "sequence and both"),
];

/// The distribution over models for each set of inputs.
pub(super) fn section(inputs: &Inputs, lines: &CellLines) -> Section {
    let rows = &inputs.ablation;
    let of = |variant: &str| -> Vec<&Ablated> { rows.iter().filter(|row| row.variant == variant).collect() };
    let content = (!rows.is_empty()).then(|| {
        let strips = VARIANTS.map(|(variant, name)| {
            let points = of(variant).into_iter().filter_map(|row| {
                let auroc = row.auroc?;
                Some(StripPoint {
                    value: auroc.value,
                    series: lines.series(&row.model.line),
                    model: row.model.clone(),
                    title: format!("{}, {name}: {}", row.model, shown(auroc)),
                })
            });
            Strip { name: name.to_owned(), points: points.collect() }
        });
        let values = rows.iter().filter_map(|row| Some(row.auroc?.value));
        let gain = |variant: &str| decimals(median_of(of(variant).iter().filter_map(|row| Some(row.gain?.value))));
        Content {
            finding: format!(
                "Median gain in AUROC over the sequence alone: {} with region, {} with expression, {} with both ({}).",
                gain("region"),
                gain("expression"),
                gain("both"),
                counted(of("sequence").len(), "model", "models")
            ),
            caption: "The same windows, folds by chromosome and recipe with four sets of inputs. Each point is a model; \
                      boxes hold the middle half, bars are medians. Published medians with folds at random: 0.899 for \
                      the sequence alone, 0.932 with region, 0.945 with expression, 0.957 with both."
                .to_owned(),
            plot: Strips {
                label: "AUROC of four sets of inputs".to_owned(),
                axis: Axis::area("AUROC, mean over folds", values),
                strips: strips.to_vec(),
            }
            .svg(),
            legend: lines.legend(rows.iter().map(|row| row.model.line.as_str())),
            table: table(rows),
        }
    });
    Section {
        id: "ablation",
        title: "What region and expression add",
        command: "polaris-trainer ablation --prepared prepared --reference reference --out results",
        content,
    }
}

fn table(rows: &[Ablated]) -> Table {
    let mut models: Vec<_> = rows.iter().map(|row| &row.model).collect();
    models.sort();
    models.dedup();
    let rows = models.into_iter().map(|model| {
        let find = |variant: &str| rows.iter().find(|row| row.model == *model && row.variant == variant);
        let mut cells = vec![Cell::Text(model.to_string())];
        cells.extend(VARIANTS.map(|(variant, _)| Cell::of(find(variant).and_then(|row| row.auroc))));
        cells.extend(
            ["region", "expression", "both"].map(|variant| Cell::of(find(variant).and_then(|row| row.gain))),
        );
        Row { model: Some(model.clone()), cells }
    });
    let columns = vec![
        Column::text("model"),
        Column::number("AUROC sequence", 3),
        Column::number("AUROC region", 3),
        Column::number("AUROC expression", 3),
        Column::number("AUROC both", 3),
        Column::number("gain region", 3),
        Column::number("gain expression", 3),
        Column::number("gain both", 3),
    ];
    Table { columns, rows: rows.collect() }
}
