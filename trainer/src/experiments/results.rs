//! The files of an experiment: for programs as JSON with its kind and version, for people as a table.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, bail};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::files::write_whole;
use crate::metrics::{Estimate, INTERVAL};

/// Version of the files' format.
const FORMAT: u32 = 1;

/// What every experiment's JSON begins with.
#[derive(Debug, Serialize)]
pub(super) struct Envelope<Content> {
    kind: &'static str,
    format: u32,
    tool_version: &'static str,
    /// The share of resamples within an interval.
    interval: f64,
    #[serde(flatten)]
    content: Content,
}

/// A model or pair of models that could not be tested.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Failure {
    pub(super) model: String,
    pub(super) reason: String,
}

/// Writes `<kind>.json` and `<kind>.tsv` into `folder`. Not to be called without any row: what an earlier run found is worth
/// more than an empty table.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn write(
    folder: &Path,
    kind: &'static str,
    content: impl Serialize,
    table: &str,
) -> anyhow::Result<()> {
    let tool_version = env!("CARGO_PKG_VERSION");
    let envelope = Envelope { kind, format: FORMAT, tool_version, interval: INTERVAL, content };
    let json = serde_json::to_string_pretty(&envelope)? + "\n";
    for (name, text) in [(format!("{kind}.json"), json.as_str()), (format!("{kind}.tsv"), table)] {
        let path = folder.join(name);
        write_whole(&path, text.as_bytes()).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Fails if anything did, after all else is written.
///
/// # Errors
/// The failures, a line each.
pub(super) fn conclude(failed: &[Failure], all: usize) -> anyhow::Result<()> {
    if failed.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> =
        failed.iter().map(|failure| format!("{}: {}", failure.model, failure.reason)).collect();
    bail!("{} of {all} failed:\n  {}", failed.len(), lines.join("\n  "))
}

/// Of one model: does not depend on which others are tested.
pub(super) fn seed(seed: u64, name: &str) -> u64 {
    let digest = Sha256::digest(format!("{seed} {name}"));
    digest.iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}

/// `\t0.912000\t0.874000\t0.941000`; NA where there is no number.
pub(super) fn cells(of: Estimate) -> String {
    let mut text = String::new();
    for value in [of.value, of.low, of.high] {
        let _ = if value.is_finite() { write!(text, "\t{value:.6}") } else { write!(text, "\tNA") };
    }
    text
}

/// `0.912 (0.874 to 0.941)`.
pub(super) fn shown(of: Estimate) -> String {
    let number = |value: f64| if value.is_finite() { format!("{value:.3}") } else { "-".to_owned() };
    if of.low.is_finite() {
        format!("{} ({} to {})", number(of.value), number(of.low), number(of.high))
    } else {
        number(of.value)
    }
}

/// Three decimals, or a dash.
pub(super) fn decimals(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_it_is_and_numbers_that_are_none_are_null() {
        #[derive(Serialize)]
        struct Content {
            auroc: Estimate,
        }
        let folder = tempfile::tempdir().unwrap();
        let auroc = Estimate { value: 0.5, low: f64::NAN, high: f64::NAN };
        write(folder.path(), "cross-cell", Content { auroc }, "model\n").unwrap();
        let text = std::fs::read_to_string(folder.path().join("cross-cell.json")).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&value["kind"], &value["format"]), (&"cross-cell".into(), &1.into()));
        assert_eq!(
            (&value["auroc"]["value"], &value["auroc"]["low"]),
            (&0.5.into(), &serde_json::Value::Null)
        );
        assert_eq!((shown(auroc), cells(auroc)), ("0.500".to_owned(), "\t0.500000\tNA\tNA".to_owned()));
        assert!(folder.path().join("cross-cell.tsv").is_file());
    }

    #[test]
    fn failures_are_told_one_by_one() {
        assert!(conclude(&[], 3).is_ok());
        let failed = [Failure { model: "A.K562".to_owned(), reason: "why".to_owned() }];
        assert_eq!(conclude(&failed, 3).unwrap_err().to_string(), "1 of 3 failed:\n  A.K562: why");
    }
}
