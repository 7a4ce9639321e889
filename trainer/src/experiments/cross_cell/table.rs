//! The table on the screen and in `cross-cell.tsv`.

use std::fmt::Write;

use super::rows::{Row, Summary};
use crate::experiments::results::{cells, decimals, shown};

/// A line while the others are still calculated.
pub(super) fn progress(row: &Row) -> String {
    format!(
        "{}, {} to {}: AUROC {}, in-cell {}",
        row.rbp,
        row.trained_in,
        row.tested_in,
        shown(row.cross_cell.auroc),
        shown(row.in_cell.auroc)
    )
}

/// For people.
pub(super) fn screen(rows: &[Row], summary: Option<&Summary>) -> String {
    let mut text = format!(
        "AUROC by chromosome folds, with 95% intervals:\n  {:14} {:14} {:>7}  {:22} {:22} {:24} {:22} sensitivity, specificity",
        "protein", "trained, tested", "windows", "cross-cell", "in-cell", "difference", "copied peaks"
    );
    for row in rows {
        let copied = &row.copied_peaks;
        let _ = write!(
            text,
            "\n  {:14} {:15} {:>6}  {:22} {:22} {:24} {:22} {:.2}, {:.2}",
            row.rbp,
            format!("{}, {}", row.trained_in, row.tested_in),
            row.windows,
            shown(row.cross_cell.auroc),
            shown(row.in_cell.auroc),
            shown(row.auroc_over_in_cell),
            shown(copied.auroc),
            copied.sensitivity.value,
            copied.specificity.value
        );
    }
    if let Some(summary) = summary.filter(|summary| summary.directions > 1) {
        let _ = write!(
            text,
            "\n  median of {} directions (proteins: {}): cross-cell {}, in-cell {}, copied peaks {} (sensitivity {}, \
             specificity {})",
            summary.directions,
            summary.proteins,
            decimals(summary.median_cross_cell_auroc),
            decimals(summary.median_in_cell_auroc),
            decimals(summary.median_copied_peaks_auroc),
            decimals(summary.median_copied_peaks_sensitivity),
            decimals(summary.median_copied_peaks_specificity)
        );
    }
    text
}

/// For spreadsheets.
pub(super) fn tsv(rows: &[Row]) -> String {
    let mut text = String::from("rbp\ttrained_in\ttested_in\twindows\tbound\tgroups\tfolds");
    for name in [
        "cross_cell_auroc",
        "cross_cell_auprc",
        "cross_cell_brier",
        "in_cell_auroc",
        "in_cell_auprc",
        "in_cell_brier",
        "auroc_over_in_cell",
        "copied_peaks_auroc",
        "copied_peaks_sensitivity",
        "copied_peaks_specificity",
        "auroc_over_copied_peaks",
    ] {
        let _ = write!(text, "\t{name}\t{name}_low\t{name}_high");
    }
    text.push_str("\tcopied_peaks\n");
    for row in rows {
        let Row { rbp, trained_in, tested_in, windows, bound, groups, folds, .. } = row;
        let _ = write!(text, "{rbp}\t{trained_in}\t{tested_in}\t{windows}\t{bound}\t{groups}\t{folds}");
        let (cross, own, copied) = (&row.cross_cell, &row.in_cell, &row.copied_peaks);
        for estimate in [
            cross.auroc,
            cross.auprc,
            cross.brier,
            own.auroc,
            own.auprc,
            own.brier,
            row.auroc_over_in_cell,
            copied.auroc,
            copied.sensitivity,
            copied.specificity,
            row.auroc_over_copied_peaks,
        ] {
            text.push_str(&cells(estimate));
        }
        let _ = writeln!(text, "\t{}", copied.peaks);
    }
    text
}
