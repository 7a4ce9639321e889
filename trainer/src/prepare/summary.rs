//! The table that `prepare` prints.

use super::model::Outcome;
use super::positives::PeakCounts;

/// A line of the table.
struct Row([String; 8]);

const HEADINGS: [&str; 8] =
    ["model", "peaks", "positives", "negatives", "contigs", "folds", "result", "dropped"];

/// What came of each model, aligned in columns.
pub(super) fn table(models: &[(String, &anyhow::Result<Outcome>)]) -> String {
    let mut rows = vec![Row(HEADINGS.map(str::to_owned))];
    rows.extend(models.iter().map(|(model, outcome)| row(model, outcome)));
    let width = |column: usize| rows.iter().map(|row| row.0[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    let line = |Row(cells): &Row| {
        let padded: Vec<String> = cells
            .iter()
            .zip(widths)
            .enumerate()
            .map(|(column, (cell, width))| match column {
                1..=5 => format!("{cell:>width$}"),
                _ => format!("{cell:<width$}"),
            })
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<String>>().join("\n")
}

fn row(model: &str, outcome: &anyhow::Result<Outcome>) -> Row {
    let none = || "-".to_owned();
    let (record, result) = match outcome {
        Ok(Outcome::Written(record)) => (record, "written"),
        Ok(Outcome::Unchanged(record)) => (record, "unchanged"),
        Ok(Outcome::Skipped { peaks, reason }) => {
            let cells = [peaks.read.to_string(), peaks.kept.to_string(), none(), none(), none()];
            return row_of(model, cells, format!("skipped: {reason}"), dropped(peaks));
        }
        Err(_) => {
            return row_of(model, [none(), none(), none(), none(), none()], "failed".to_owned(), none());
        }
    };
    let contigs: usize = record.folds_chromosome.iter().map(|fold| fold.contigs.len()).sum();
    let cells = [
        record.peaks.read.to_string(),
        record.peaks.kept.to_string(),
        record.negatives.taken.to_string(),
        contigs.to_string(),
        record.folds_chromosome.len().to_string(),
    ];
    row_of(model, cells, result.to_owned(), dropped(&record.peaks))
}

fn row_of(model: &str, numbers: [String; 5], result: String, dropped: String) -> Row {
    let [peaks, positives, negatives, contigs, folds] = numbers;
    Row([model.to_owned(), peaks, positives, negatives, contigs, folds, result, dropped])
}

fn dropped(peaks: &PeakCounts) -> String {
    let reasons: Vec<String> =
        peaks.dropped().iter().map(|(reason, count)| format!("{reason} {count}")).collect();
    if reasons.is_empty() { "-".to_owned() } else { reasons.join(", ") }
}

/// What a reader of the table should know beside it: filters that did not apply, negatives that are missing or not of
/// the bin that was wanted.
pub(super) fn notes(model: &str, outcome: &Outcome) -> Vec<String> {
    let Outcome::Written(record) = outcome else { return Vec::new() };
    let mut notes = Vec::new();
    if !record.p_values {
        notes.push(format!("{model}: the peaks have no p values, none was dropped for it"));
    }
    if record.isolated_dropped && record.inputs.options.isolated == super::options::Isolated::Auto {
        notes.push(format!(
            "{model}: the peaks look raw, isolated ones were dropped (--isolated keep keeps them)"
        ));
    }
    if record.peaks.overlapping > 0 {
        let (overlapping, kept) = (record.peaks.overlapping, record.peaks.kept);
        notes.push(format!("{model}: {overlapping} of {kept} positive windows overlap another"));
    }
    if record.folds_chromosome.len() < 5 {
        let folds = record.folds_chromosome.len();
        notes.push(format!("{model}: {folds} folds by chromosome, since no more contigs have both classes"));
    }
    let relaxed: usize = record.negatives.relaxations.iter().map(|relaxation| relaxation.count).sum();
    if relaxed > 0 {
        notes.push(format!("{model}: {relaxed} negatives are of a neighboring GC bin"));
    }
    if record.negatives.missing > 0 {
        let (missing, wanted) = (record.negatives.missing, record.negatives.wanted);
        notes.push(format!("{model}: {missing} of {wanted} negatives could not be found"));
    }
    notes
}
