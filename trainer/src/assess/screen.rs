//! The tables on the screen: a line for each model, and below it one for its floor.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::figures::Metrics;
use super::report::{Assessed, Report, Summary};
use crate::metrics::Estimate;

/// The two tables, and how many models pass their floor.
pub(super) fn text(report: &Report) -> String {
    let mut out = String::from("Telling bound from unbound on held-out windows, with 95% intervals:\n");
    let _ = writeln!(
        out,
        "  {:24} {:>7} {:>6} {:>6}  {:22} {:22} AUROC over floor",
        "model", "windows", "bound", "groups", "AUROC", "AUPRC"
    );
    for assessed in &report.models {
        telling(&mut out, assessed);
    }
    if let Some(summary) = &report.summary {
        let row = |out: &mut String, name: &str, of: &BTreeMap<&'static str, Option<f64>>, over| {
            let [auroc, auprc] = ["auroc", "auprc"].map(|metric| median(of, metric));
            let _ = writeln!(out, "  {name:24} {:>7} {:>6} {:>6}  {auroc:22} {auprc:22} {over}", "", "", "");
        };
        medians(&mut out, summary, row);
    }
    out.push_str("\nWhether probabilities hold (slope 1 and intercept 0 if they do):\n");
    let _ = writeln!(
        out,
        "  {:24} {:22} {:22} {:22} intercept",
        "model", "Brier score", "calibration error", "slope"
    );
    for assessed in &report.models {
        calibration(&mut out, &assessed.model, &assessed.figures.metrics);
        if let Some(floor) = &assessed.floor {
            calibration(&mut out, &floor_name(floor.kmer), &floor.figures.metrics);
        }
    }
    if let Some(summary) = &report.summary {
        let row = |out: &mut String, name: &str, of: &BTreeMap<&'static str, Option<f64>>, _: String| {
            let metrics =
                ["brier", "expected_calibration_error", "calibration_slope", "calibration_intercept"];
            let [brier, error, slope, intercept] = metrics.map(|metric| median(of, metric));
            let _ = writeln!(out, "  {name:24} {brier:22} {error:22} {slope:22} {intercept}");
        };
        medians(&mut out, summary, row);
        passed(&mut out, summary);
    }
    out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn telling(out: &mut String, assessed: &Assessed) {
    let Assessed { model, windows, bound, groups, figures, floor, .. } = assessed;
    let over = floor.as_ref().map_or_else(String::new, |floor| interval(floor.auroc_over_floor));
    let (auroc, auprc) = (interval(figures.metrics.auroc), interval(figures.metrics.auprc));
    let _ = writeln!(out, "  {model:24} {windows:>7} {bound:>6} {groups:>6}  {auroc:22} {auprc:22} {over}");
    if let Some(floor) = floor {
        let metrics = &floor.figures.metrics;
        let (name, auroc, auprc) = (floor_name(floor.kmer), interval(metrics.auroc), interval(metrics.auprc));
        let _ = writeln!(out, "  {name:24} {:>7} {:>6} {:>6}  {auroc:22} {auprc}", "", "", "");
    }
}

fn calibration(out: &mut String, name: &str, metrics: &Metrics) {
    let [brier, error, slope, intercept] = [
        metrics.brier,
        metrics.expected_calibration_error,
        metrics.calibration_slope,
        metrics.calibration_intercept,
    ]
    .map(interval);
    let _ = writeln!(out, "  {name:24} {brier:22} {error:22} {slope:22} {intercept}");
}

/// Medians say something of two models or more.
fn medians(
    out: &mut String,
    summary: &Summary,
    row: impl Fn(&mut String, &str, &BTreeMap<&'static str, Option<f64>>, String),
) {
    if summary.models < 2 {
        return;
    }
    let floor = summary.floor.as_ref();
    let over = floor.map_or_else(String::new, |floor| decimals(floor.median_auroc_over_floor));
    row(out, &format!("median of {} models", summary.models), &summary.medians, over);
    if let Some(floor) = floor {
        row(out, "  of their floors", &floor.medians, String::new());
    }
}

fn passed(out: &mut String, summary: &Summary) {
    if let Some(floor) = &summary.floor {
        let _ = writeln!(
            out,
            "\nModels whose AUROC interval lies above their floor's: {} of {}; whose AUROC over the floor is above 0 by \
             its interval: {}.",
            floor.interval_above, summary.models, floor.difference_above
        );
    }
}

fn floor_name(kmer: u32) -> String {
    format!("  floor (1- to {kmer}-mers)")
}

fn median(of: &BTreeMap<&'static str, Option<f64>>, metric: &str) -> String {
    decimals(of.get(metric).copied().flatten())
}

fn decimals(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

/// `0.912 (0.874 to 0.941)`.
fn interval(of: Estimate) -> String {
    let [value, low, high] = [of.value, of.low, of.high].map(|value| decimals(Some(value)));
    if of.low.is_nan() { value } else { format!("{value} ({low} to {high})") }
}

#[cfg(test)]
mod tests {
    use super::super::model::Settings;
    use super::super::report::tests::{assessed, report};
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn models_floors_medians_and_the_count() {
        let lines = words(&text(&report()));
        for line in [
            "A.K562 70 30 60 0.938 (0.875 to 1.000) 0.750 (0.688 to 0.812) 0.188 (0.125 to 0.250)",
            "floor (1- to 6-mers) 0.781 (0.719 to 0.844) 0.750 (0.688 to 0.812)",
            "median of 3 models 0.875 0.750 0.094",
            "of their floors 0.781 0.750",
            "B.K562 0.125 (0.062 to 0.188) 0.062 (0.000 to 0.125) - -0.500 (-0.562 to -0.438)",
            "median of 3 models 0.125 0.062 - -0.500",
            "Models whose AUROC interval lies above their floor's: 1 of 3; whose AUROC over the floor is above 0 by its \
             interval: 2.",
        ] {
            assert!(lines.iter().any(|found| found == line), "{line} is missing in\n{}", lines.join("\n"));
        }
    }

    #[test]
    fn one_model_without_a_floor_has_neither_medians_nor_a_count() {
        let settings = Settings { resamples: 100, seed: 1, kmer: None };
        let report = Report::new(&settings, vec![assessed("A.K562", 0.5, None)], Vec::new());
        let text = text(&report);
        assert!(!text.contains("-mers)") && !text.contains("median") && !text.contains("above"), "{text}");
        assert!(text.contains("0.500 (0.438 to 0.562)"), "{text}");
    }
}
