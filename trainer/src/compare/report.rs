//! What a comparison found: the content of `compare.json` and `compare.tsv`.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

use polaris_model::training::Recipe;
use serde::Serialize;

use super::figures::{FoldFigures, Metrics};
use crate::metrics::{Estimate, INTERVAL, median};

/// Version of the file's format.
const FORMAT: u32 = 1;

/// Everything that was found.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    kind: &'static str,
    format: u32,
    tool_version: &'static str,
    pub(super) settings: Settings,
    /// A line for each set and method, in the order of the sets.
    pub(super) results: Vec<Result>,
    /// What was left out, and why.
    pub(super) left_out: Vec<Missing>,
    /// What failed, and why.
    pub(super) failed: Vec<Missing>,
    /// Over the sets, by method.
    pub(super) summary: Vec<Summary>,
}

/// What decides the figures, beside windows and methods.
#[derive(Debug, Serialize)]
pub(super) struct Settings {
    /// `chromosome` or `random`; FASTA pairs have one fold, their test files.
    pub(super) split: String,
    /// Of prepared windows.
    pub(super) folds: u8,
    /// Covariates left out of all methods.
    pub(super) without: Vec<String>,
    pub(super) seed: u64,
    pub(super) bootstrap: usize,
    pub(super) interval: f64,
    /// The recipe of POLARIS.
    pub(super) recipe: String,
    pub(super) epochs: Option<usize>,
    /// Those that networks followed, by method.
    pub(super) recipes: BTreeMap<String, Recipe>,
    /// Folders of structure files, by method.
    pub(super) structure: BTreeMap<String, String>,
    pub(super) kmer: u32,
    pub(super) gkm_options: String,
    /// Of gkmtrain and gkmpredict, if they were run.
    pub(super) gkm_programs_sha256: Option<[String; 2]>,
    pub(super) most_windows: Option<usize>,
    pub(super) device: String,
    /// The method that others are compared with.
    pub(super) baseline: String,
}

/// A method on a set.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Result {
    pub(super) set: String,
    pub(super) method: String,
    /// Which covariates it read.
    pub(super) expression: bool,
    pub(super) region: bool,
    pub(super) folds: Vec<FoldFigures>,
    pub(super) mean: Metrics,
    /// How far the mean AUROC lies above the baseline's; `null` of the baseline itself.
    pub(super) auroc_over_baseline: Option<Estimate>,
}

/// What has no figures.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Missing {
    /// `None`: on no set.
    pub(super) set: Option<String>,
    /// `None`: no method.
    pub(super) method: Option<String>,
    pub(super) reason: String,
}

/// A method over all sets that have it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    pub(super) method: String,
    pub(super) sets: usize,
    pub(super) median_auroc: Option<f64>,
    pub(super) mean_auroc: Option<f64>,
    pub(super) median_auprc: Option<f64>,
    pub(super) median_brier: Option<f64>,
    /// Of the differences from the baseline.
    pub(super) median_auroc_over_baseline: Option<f64>,
    /// Sets on which it lies above the baseline, interval and all, and on which it lies below.
    pub(super) above_baseline: usize,
    pub(super) below_baseline: usize,
}

impl Missing {
    /// In a line.
    pub(super) fn text(&self) -> String {
        let of: Vec<&str> = [&self.set, &self.method].into_iter().flatten().map(String::as_str).collect();
        format!("{}: {}", of.join(" "), self.reason)
    }
}

impl Settings {
    /// The share of draws within an interval.
    pub(super) const INTERVAL: f64 = INTERVAL;
}

impl Report {
    /// Sums results up; `methods` in the order in which they are shown.
    pub(super) fn new(
        settings: Settings,
        methods: &[String],
        results: Vec<Result>,
        left_out: Vec<Missing>,
        failed: Vec<Missing>,
    ) -> Self {
        let summary = methods
            .iter()
            .map(|method| Summary::of(method, results.iter().filter(|one| one.method == *method).collect()))
            .filter(|summary| summary.sets > 0)
            .collect();
        Self {
            kind: "compare",
            format: FORMAT,
            tool_version: env!("CARGO_PKG_VERSION"),
            settings,
            results,
            left_out,
            failed,
            summary,
        }
    }

    /// The table: a line for each number, `NA` where there is none. `fold` is `mean` over folds and `all` over sets.
    pub(super) fn tsv(&self) -> String {
        let mut out = String::from("set\tmethod\tfold\tmetric\tvalue\tlow\thigh\n");
        for Result { set, method, folds, mean, auroc_over_baseline, .. } in &self.results {
            for fold in folds {
                let mut alone = |name, value: &dyn Display| {
                    let _ = writeln!(out, "{set}\t{method}\t{}\t{name}\t{value}\tNA\tNA", fold.fold);
                };
                alone("trained_on", &fold.trained_on);
                alone("bound", &fold.bound);
                alone("unbound", &fold.unbound);
                alone("groups", &fold.groups);
                alone("seconds", &number(fold.seconds));
                alone("last_loss", &number(fold.losses.last().copied().unwrap_or(f64::NAN)));
                metrics(&mut out, &format!("{set}\t{method}\t{}", fold.fold), &fold.metrics);
            }
            metrics(&mut out, &format!("{set}\t{method}\tmean"), mean);
            if let Some(over) = auroc_over_baseline {
                line(&mut out, &format!("{set}\t{method}\tmean\tauroc_over_baseline"), *over);
            }
        }
        for summary in &self.summary {
            let mut alone = |name, value: String| {
                let _ = writeln!(out, "all\t{}\tall\t{name}\t{value}\tNA\tNA", summary.method);
            };
            alone("sets", summary.sets.to_string());
            for (name, value) in [
                ("median_auroc", summary.median_auroc),
                ("mean_auroc", summary.mean_auroc),
                ("median_auprc", summary.median_auprc),
                ("median_brier", summary.median_brier),
                ("median_auroc_over_baseline", summary.median_auroc_over_baseline),
            ] {
                alone(name, number(value.unwrap_or(f64::NAN)));
            }
            alone("above_baseline", summary.above_baseline.to_string());
            alone("below_baseline", summary.below_baseline.to_string());
        }
        out
    }

    /// What a person reads at the end.
    pub(super) fn screen(&self) -> String {
        let mut out = String::new();
        let methods: Vec<&str> = self.summary.iter().map(|summary| summary.method.as_str()).collect();
        let width = |method: &str| method.len().max(8);
        let mut sets: Vec<&str> = self.results.iter().map(|one| one.set.as_str()).collect();
        sets.dedup();
        let first = sets.iter().map(|set| set.len()).max().unwrap_or(0).max(6);
        // Writing to a String cannot fail.
        let _ = write!(out, "{:first$}", "AUROC");
        for method in &methods {
            let _ = write!(out, "  {method:>0$}", width(method));
        }
        for set in sets {
            let _ = write!(out, "\n{set:first$}");
            for method in &methods {
                let found = self.results.iter().find(|one| one.set == set && one.method == *method);
                let text = found.map_or_else(|| "-".to_owned(), |one| short(one.mean.auroc.value));
                let _ = write!(out, "  {text:>0$}", width(method));
            }
        }
        let first = methods.iter().map(|method| method.len()).max().unwrap_or(0).max(6);
        let over = format!("  over {}", self.settings.baseline);
        let _ = write!(
            out,
            "\n\n{:first$}  {:>4}  {:>12}  {:>10}  {:>12}  {:>12}{over}",
            "method", "sets", "median AUROC", "mean AUROC", "median AUPRC", "median Brier"
        );
        for summary in &self.summary {
            let over = summary.median_auroc_over_baseline.map_or_else(String::new, |median| {
                let Summary { above_baseline, below_baseline, .. } = summary;
                format!("  median {median:+.3}, surely above on {above_baseline}, below on {below_baseline}")
            });
            let of = |value: Option<f64>| short(value.unwrap_or(f64::NAN));
            let _ = write!(
                out,
                "\n{:first$}  {:>4}  {:>12}  {:>10}  {:>12}  {:>12}{over}",
                summary.method,
                summary.sets,
                of(summary.median_auroc),
                of(summary.mean_auroc),
                of(summary.median_auprc),
                of(summary.median_brier)
            );
        }
        out
    }
}

impl Summary {
    fn of(method: &str, results: Vec<&Result>) -> Self {
        let values = |pick: &dyn Fn(&Result) -> Option<f64>| -> Vec<f64> {
            results.iter().filter_map(|one| pick(one)).filter(|value| value.is_finite()).collect()
        };
        let areas = values(&|one| Some(one.mean.auroc.value));
        let over = |pick: &dyn Fn(Estimate) -> bool| {
            results.iter().filter(|one| one.auroc_over_baseline.is_some_and(pick)).count()
        };
        Self {
            method: method.to_owned(),
            sets: results.len(),
            mean_auroc: (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64),
            median_auroc: median(areas),
            median_auprc: median(values(&|one| Some(one.mean.auprc.value))),
            median_brier: median(values(&|one| Some(one.mean.brier.value))),
            median_auroc_over_baseline: median(values(&|one| Some(one.auroc_over_baseline?.value))),
            above_baseline: over(&|estimate| estimate.low > 0.0),
            below_baseline: over(&|estimate| estimate.high < 0.0),
        }
    }
}

fn metrics(out: &mut String, of: &str, metrics: &Metrics) {
    line(out, &format!("{of}\tauroc"), metrics.auroc);
    line(out, &format!("{of}\tauprc"), metrics.auprc);
    line(out, &format!("{of}\tbrier"), metrics.brier);
}

fn line(out: &mut String, of: &str, estimate: Estimate) {
    let [value, low, high] = [estimate.value, estimate.low, estimate.high].map(number);
    let _ = writeln!(out, "{of}\t{value}\t{low}\t{high}");
}

fn number(value: f64) -> String {
    if value.is_finite() { format!("{value:.6}") } else { "NA".to_owned() }
}

fn short(value: f64) -> String {
    if value.is_finite() { format!("{value:.3}") } else { "-".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(value: f64) -> Estimate {
        Estimate { value, low: value - 0.0625, high: value + 0.0625 }
    }

    fn result(set: &str, method: &str, auroc: f64, over: Option<f64>) -> Result {
        let mean = Metrics {
            auroc: around(auroc),
            auprc: around(0.5),
            brier: Estimate { value: f64::NAN, low: f64::NAN, high: f64::NAN },
        };
        let fold = FoldFigures {
            fold: 1,
            trained_on: 80,
            bound: 9,
            unbound: 11,
            groups: 20,
            seconds: 1.5,
            metrics: mean,
            losses: vec![0.75, 0.5],
        };
        Result {
            set: set.to_owned(),
            method: method.to_owned(),
            expression: false,
            region: true,
            folds: vec![fold],
            mean,
            auroc_over_baseline: over.map(around),
        }
    }

    fn report() -> Report {
        let settings = Settings {
            split: "chromosome".to_owned(),
            folds: 5,
            without: Vec::new(),
            recipes: BTreeMap::new(),
            structure: BTreeMap::new(),
            gkm_options: String::new(),
            gkm_programs_sha256: None,
            seed: 1,
            bootstrap: 100,
            interval: Settings::INTERVAL,
            recipe: "standard".to_owned(),
            epochs: None,
            kmer: 6,
            most_windows: None,
            device: "cpu".to_owned(),
            baseline: "polaris".to_owned(),
        };
        let results = vec![
            result("A.K562", "polaris", 0.875, None),
            result("A.K562", "kmer", 0.75, Some(-0.125)),
            result("B.K562", "polaris", 0.8125, None),
            result("B.K562", "kmer", 0.84375, Some(0.03125)),
        ];
        let gkm = Missing { set: None, method: Some("gkm".to_owned()), reason: "is not there".to_owned() };
        let methods = ["polaris", "kmer", "gkm"].map(str::to_owned);
        Report::new(settings, &methods, results, vec![gkm], Vec::new())
    }

    #[test]
    fn every_number_has_a_line_of_seven_columns() {
        let text = report().tsv();
        assert!(text.lines().all(|line| line.split('\t').count() == 7), "{text}");
        for line in [
            "A.K562\tpolaris\t1\ttrained_on\t80\tNA\tNA",
            "A.K562\tpolaris\t1\tlast_loss\t0.500000\tNA\tNA",
            "A.K562\tkmer\tmean\tauroc\t0.750000\t0.687500\t0.812500",
            "A.K562\tkmer\tmean\tbrier\tNA\tNA\tNA",
            "A.K562\tkmer\tmean\tauroc_over_baseline\t-0.125000\t-0.187500\t-0.062500",
            "all\tpolaris\tall\tmean_auroc\t0.843750\tNA\tNA",
            "all\tkmer\tall\tbelow_baseline\t1\tNA\tNA",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        // Of each result 6 + 3 numbers of the fold and 3 of the mean; 2 differences; 8 of each method.
        assert_eq!(text.lines().count(), 1 + 4 * 12 + 2 + 2 * 8);
    }

    #[test]
    fn a_person_sees_sets_by_methods() {
        let text = report().screen();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["AUROC", "polaris", "kmer"]);
        assert_eq!(lines[2].split_whitespace().collect::<Vec<_>>(), ["B.K562", "0.812", "0.844"]);
        assert!(text.contains("median -0.047, surely above on 0, below on 1"), "{text}");
        let gkm = &report().left_out[0];
        assert_eq!(gkm.text(), "gkm: is not there");
        let model = Missing { set: Some("A.K562".to_owned()), method: None, ..gkm.clone() };
        assert_eq!(model.text(), "A.K562: is not there");
    }
}
