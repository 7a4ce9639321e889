//! The table on the screen and in `learning-curve.tsv`.

use std::fmt::Write;

use super::rows::Row;
use crate::experiments::results::{cells, shown};

/// For people.
pub(super) fn screen(rows: &[Row]) -> String {
    let mut text = format!(
        "AUROC by chromosome folds on the same test windows, with 95% intervals:\n  {:24} {:>9} {:>10}  {:22} {:22} Brier score",
        "model", "share", "trained on", "AUROC", "AUPRC"
    );
    for row in rows {
        for (place, point) in row.points.iter().enumerate() {
            let name = if place == 0 { row.model.as_str() } else { "" };
            let figures = point.figures;
            let _ = write!(
                text,
                "\n  {name:24} {:>9} {:>10.0}  {:22} {:22} {}",
                format!("1/{:.0}", 1.0 / point.share),
                point.trained_on,
                shown(figures.auroc),
                shown(figures.auprc),
                shown(figures.brier)
            );
        }
    }
    text
}

/// For spreadsheets: a line for each model and size.
pub(super) fn tsv(rows: &[Row]) -> String {
    let mut text = String::from("model\tshare\ttrained_on\twindows\tbound\tgroups\tfolds");
    for name in ["auroc", "auprc", "brier"] {
        let _ = write!(text, "\t{name}\t{name}_low\t{name}_high");
    }
    text.push('\n');
    for row in rows {
        let Row { model, windows, bound, groups, folds, .. } = row;
        for point in &row.points {
            let (share, trained_on) = (point.share, point.trained_on);
            let _ = write!(text, "{model}\t{share}\t{trained_on:.1}\t{windows}\t{bound}\t{groups}\t{folds}");
            for estimate in [point.figures.auroc, point.figures.auprc, point.figures.brier] {
                text.push_str(&cells(estimate));
            }
            text.push('\n');
        }
    }
    text
}
