//! The table at the end of a run.

mod metrics_file;

use std::fmt::Write;

use anyhow::{Context, bail};
use polaris_model::{Manifest, ModelId, Split};

use super::fold::Outcome;
use super::plan::Plan;
use crate::files::write_whole;
use crate::metrics::median;
use crate::terminal;

/// Prints a line for each model, keeps the same table as `summary.tsv` in the run's [folder](Plan::report_folder) and, for programs, all figures
/// of all folds as `metrics.json` beside it; tells which models there are none of, on the screen and in `failures.tsv`,
/// and fails if any model did. `skipped` are models with too few windows.
pub(super) fn write(plan: &Plan, outcomes: &[Outcome], skipped: &[(ModelId, String)]) -> anyhow::Result<()> {
    let mut table = String::from("model\tpositives\tnegatives");
    for split in &plan.splits {
        let _ = write!(table, "\tauroc_{split}\tauprc_{split}");
    }
    table.push_str("\theld_out_auroc\tversion\n");
    // The same and more for programs.
    metrics_file::write(plan, outcomes)?;
    let mut screen = format!("{:24} {:>9} {:>9}  {}", "model", "bound", "unbound", columns(plan));
    let mut failures = Vec::new();
    for (id, outcome) in outcomes {
        match outcome {
            Ok(manifest) => {
                screen.push_str(&screen_row(plan, manifest));
                table.push_str(&table_row(plan, manifest));
            }
            Err(error) => failures.push((id, "failed", format!("{error:#}"))),
        }
    }
    for &split in &plan.splits {
        let values: Vec<f64> = outcomes
            .iter()
            .filter_map(|(_, outcome)| mean(outcome.as_ref().ok()?, split))
            .map(|(auroc, _)| auroc)
            .collect();
        let models = values.len();
        if let Some(median) = median(values) {
            let _ =
                write!(screen, "\nmedian AUROC over {} models, folds {}: {median:.3}", models, label(split));
        }
    }
    let failed = failures.len();
    failures.extend(skipped.iter().map(|(id, reason)| (id, "skipped", reason.clone())));
    let keep = |name: &str, table: &str| {
        let path = plan.report_folder().join(name);
        write_whole(&path, table.as_bytes()).with_context(|| path.display().to_string())
    };
    keep("summary.tsv", &table)?;
    let rows = failures.iter().map(|(id, what, reason)| format!("{id}\t{what}\t{}\n", one_line(reason)));
    keep("failures.tsv", &rows.fold("model\toutcome\treason\n".to_owned(), |table, row| table + &row))?;
    if failed < outcomes.len() {
        terminal::print(screen)?;
    }
    if !failures.is_empty() {
        let rows = failures
            .iter()
            .map(|(id, what, reason)| format!("\n{:24} {what:8} {}", id.to_string(), one_line(reason)));
        let head = format!("{:24} {:8} reason", "not trained", "outcome");
        terminal::say(rows.fold(head, |table, row| table + &row));
    }
    if failed == 0 {
        return Ok(());
    }
    bail!("{failed} of {} models failed, for the reasons above", outcomes.len())
}

fn one_line(reason: &str) -> String {
    reason.split(['\n', '\t']).map(str::trim).collect::<Vec<_>>().join(" ")
}

fn columns(plan: &Plan) -> String {
    let splits: Vec<String> =
        plan.splits.iter().map(|&split| format!("{:>24}", format!("AUROC {}", label(split)))).collect();
    format!("{}  version", splits.join(" "))
}

fn label(split: Split) -> &'static str {
    match split {
        Split::Chromosome => "by chromosome",
        Split::Random => "at random",
    }
}

fn screen_row(plan: &Plan, manifest: &Manifest) -> String {
    let training = &manifest.training;
    let splits: Vec<String> = plan
        .splits
        .iter()
        .map(|&split| {
            let text = mean(manifest, split).map_or_else(String::new, |(auroc, _)| {
                format!(
                    "{auroc:.3} ({:.3} to {:.3})",
                    extreme(manifest, split, f64::min),
                    extreme(manifest, split, f64::max)
                )
            });
            format!("{text:>24}")
        })
        .collect();
    format!(
        "\n{:24} {:>9} {:>9}  {}  {}",
        manifest.id.to_string(),
        training.positives,
        training.negatives,
        splits.join(" "),
        manifest.version
    )
}

fn table_row(plan: &Plan, manifest: &Manifest) -> String {
    let training = &manifest.training;
    let mut row = format!("{}\t{}\t{}", manifest.id, training.positives, training.negatives);
    for &split in &plan.splits {
        match mean(manifest, split) {
            Some((auroc, auprc)) => {
                let _ = write!(row, "\t{auroc:.6}\t{auprc:.6}");
            }
            None => row.push_str("\tNA\tNA"),
        }
    }
    let _ = writeln!(row, "\t{:.6}\t{}", training.held_out.auroc, manifest.version);
    row
}

fn mean(manifest: &Manifest, split: Split) -> Option<(f64, f64)> {
    let evaluation = manifest.training.evaluations.iter().find(|evaluation| evaluation.split == split)?;
    Some((evaluation.mean_auroc()?, evaluation.mean_auprc()?))
}

fn extreme(manifest: &Manifest, split: Split, choose: fn(f64, f64) -> f64) -> f64 {
    let folds = manifest.training.evaluations.iter().filter(|evaluation| evaluation.split == split);
    folds.flat_map(|evaluation| &evaluation.folds).map(|fold| fold.auroc).reduce(choose).unwrap_or(f64::NAN)
}
