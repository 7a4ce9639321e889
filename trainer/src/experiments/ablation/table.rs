//! The table on the screen and in `ablation.tsv`.

use std::fmt::Write;

use super::Variant;
use super::rows::{Row, Summary};
use crate::experiments::results::{cells, decimals, shown};

/// For people.
pub(super) fn screen(rows: &[Row], summary: Option<&Summary>) -> String {
    let mut text = String::from("AUROC by chromosome folds, with 95% intervals:\n");
    let _ = write!(text, "  {:24} {:>7}", "model", "windows");
    for variant in Variant::ALL {
        let _ = write!(text, "  {:22}", variant.name());
    }
    text.push_str("  both over sequence");
    for row in rows {
        let _ = write!(text, "\n  {:24} {:>7}", row.model, row.windows);
        for of_variant in &row.variants {
            let _ = write!(text, "  {:22}", shown(of_variant.figures.auroc));
        }
        if let Some(both) = row.variants.last() {
            let _ = write!(text, "  {}", shown(both.auroc_over_sequence));
        }
    }
    if let Some(summary) = summary.filter(|summary| summary.models > 1) {
        let _ = write!(text, "\n  {:32}", format!("median of {} models", summary.models));
        for variant in Variant::ALL {
            let value = summary.median_auroc.get(variant.name()).copied().flatten();
            let _ = write!(text, "  {:22}", decimals(value));
        }
        let gain = summary.median_auroc_over_sequence.get(Variant::Both.name()).copied().flatten();
        let _ = write!(text, "  {}", decimals(gain));
    }
    text
}

/// For spreadsheets: a line for each model and variant.
pub(super) fn tsv(rows: &[Row]) -> String {
    let mut text = String::from("model\tvariant\twindows\tbound\tgroups\tfolds");
    for name in ["auroc", "auprc", "brier", "auroc_over_sequence"] {
        let _ = write!(text, "\t{name}\t{name}_low\t{name}_high");
    }
    text.push('\n');
    for row in rows {
        let Row { model, windows, bound, groups, folds, .. } = row;
        for of_variant in &row.variants {
            let name = of_variant.variant.name();
            let _ = write!(text, "{model}\t{name}\t{windows}\t{bound}\t{groups}\t{folds}");
            let figures = of_variant.figures;
            for estimate in [figures.auroc, figures.auprc, figures.brier, of_variant.auroc_over_sequence] {
                text.push_str(&cells(estimate));
            }
            text.push('\n');
        }
    }
    text
}
