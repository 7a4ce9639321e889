//! `--csv`: a line for each number.

use std::fmt::{Display, Write};

use super::figures::Figures;
use super::report::Report;
use crate::metrics::Estimate;

/// The columns: which model (or `median`), of the model itself or its floor, what, of which bin (from 1, at the lowest
/// probability; empty where it is of no bin), and the number with its interval, `NA` where there is none.
const HEADER: &str = "model,predictor,metric,bin,value,low,high\n";

/// The table. Names of models and metrics have neither commas nor quotes.
pub(super) fn text(report: &Report) -> String {
    let mut out = String::from(HEADER);
    for assessed in &report.models {
        let model = &assessed.model;
        let counts = [("windows", assessed.windows), ("bound", assessed.bound), ("groups", assessed.groups)];
        for (name, count) in counts {
            alone(&mut out, model, "model", name, count);
        }
        lines(&mut out, model, "model", &assessed.figures);
        if let Some(floor) = &assessed.floor {
            alone(&mut out, model, "floor", "kmer", floor.kmer);
            alone(&mut out, model, "floor", "trained_on", floor.trained_on);
            alone(&mut out, model, "floor", "strength", floor.strength);
            alone(&mut out, model, "floor", "left_out_loss", number(floor.left_out_loss));
            lines(&mut out, model, "floor", &floor.figures);
            line(&mut out, model, "model", "auroc_over_floor", "", floor.auroc_over_floor);
        }
    }
    if let Some(summary) = &report.summary {
        let value = |value: Option<f64>| number(value.unwrap_or(f64::NAN));
        for (name, median) in &summary.medians {
            alone(&mut out, "median", "model", name, value(*median));
        }
        if let Some(floor) = &summary.floor {
            for (name, median) in &floor.medians {
                alone(&mut out, "median", "floor", name, value(*median));
            }
            alone(&mut out, "median", "model", "auroc_over_floor", value(floor.median_auroc_over_floor));
        }
    }
    out
}

fn lines(out: &mut String, model: &str, predictor: &str, figures: &Figures) {
    for (name, estimate) in figures.metrics.named() {
        line(out, model, predictor, name, "", estimate);
    }
    for (bin, figures) in (1..).zip(&figures.bins) {
        let without = |value| Estimate { value, low: f64::NAN, high: f64::NAN };
        line(out, model, predictor, "bin_windows", bin, without(figures.windows));
        line(out, model, predictor, "bin_mean_probability", bin, without(figures.mean_probability));
        line(out, model, predictor, "bin_bound", bin, figures.bound);
    }
}

fn line(out: &mut String, model: &str, predictor: &str, name: &str, bin: impl Display, of: Estimate) {
    let [value, low, high] = [of.value, of.low, of.high].map(number);
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{model},{predictor},{name},{bin},{value},{low},{high}");
}

fn alone(out: &mut String, model: &str, predictor: &str, name: &str, value: impl Display) {
    let _ = writeln!(out, "{model},{predictor},{name},,{value},NA,NA");
}

fn number(value: f64) -> String {
    if value.is_finite() { format!("{value:.6}") } else { "NA".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn every_number_has_a_line_of_seven_columns() {
        let text = text(&report());
        assert!(text.starts_with(HEADER) && text.ends_with('\n'));
        assert!(text.lines().all(|line| line.split(',').count() == 7), "{text}");
        for line in [
            "A.K562,model,windows,,70,NA,NA",
            "A.K562,model,auroc,,0.937500,0.875000,1.000000",
            "A.K562,model,calibration_slope,,NA,NA,NA",
            "B.K562,floor,auroc,,0.781250,0.718750,0.843750",
            "B.K562,model,auroc_over_floor,,0.093750,0.031250,0.156250",
            "C.K562,floor,bin_bound,1,0.500000,0.437500,0.562500",
            "median,model,auroc,,0.875000,NA,NA",
            "median,floor,auroc,,0.781250,NA,NA",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        // Each of 3 models: 3 counts, 6 numbers and 3 of a bin, the floor's 4 + 9, and the difference; 13 medians.
        assert_eq!(text.lines().count(), 1 + 3 * (3 + 9 + 13 + 1) + 13);
    }
}
