//! How truth and scores agree, in words and numbers.

use std::fmt::Write;

use anyhow::bail;

use super::scores::Score;
use super::truth::{Effect, Row};
use crate::metrics::median;

/// Alleles shown as examples.
const EXAMPLES: usize = 5;

/// An allele with its truth and what the model concerned says.
#[derive(Clone, Debug)]
pub(super) struct Judged<'a> {
    pub(super) truth: &'a Row,
    /// `None` if the allele was not scored.
    pub(super) score: Option<&'a Score>,
    /// The published model never saw a window of this contig.
    pub(super) unseen: bool,
}

/// The report.
///
/// # Errors
/// If no allele was scored.
pub(super) fn text(judged: &[Judged<'_>]) -> anyhow::Result<String> {
    if judged.iter().all(|row| row.score.is_none()) {
        bail!(
            "none of the {} alleles has a score: is this the table of the same variants and models?",
            judged.len()
        );
    }
    let mut out = String::new();
    let unseen: Vec<Judged<'_>> = judged.iter().filter(|row| row.unseen).cloned().collect();
    section(&mut out, "All simulated variants, each by the model of the protein it concerns", judged);
    section(&mut out, "Only those on contigs that the model was not trained on", &unseen);
    examples(&mut out, judged);
    Ok(out)
}

fn section(out: &mut String, title: &str, judged: &[Judged<'_>]) {
    let _ = writeln!(out, "{title}:");
    let _ = writeln!(
        out,
        "  {:16} {:>7} {:>10} {:>17}  {:>14}",
        "what it does", "alleles", "not scored", "moves as expected", "median |delta|"
    );
    for effect in [Effect::Break, Effect::Make, Effect::Neutral] {
        let rows: Vec<_> = judged.iter().filter(|row| row.truth.effect == effect).collect();
        let scores: Vec<&Score> = rows.iter().filter_map(|row| row.score).collect();
        let expected = match effect {
            Effect::Break => share(&scores, |score| score.delta < 0.0),
            Effect::Make => share(&scores, |score| score.delta > 0.0),
            Effect::Neutral => "-".to_owned(),
        };
        let median = median(scores.iter().map(|score| score.delta.abs()).collect());
        let median = median.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
        let skipped = rows.len() - scores.len();
        let _ = writeln!(out, "  {effect:16} {:>7} {skipped:>10} {expected:>17}  {median:>14}", rows.len());
    }
    out.push('\n');
}

fn share(scores: &[&Score], expected: impl Fn(&Score) -> bool) -> String {
    if scores.is_empty() {
        return "-".to_owned();
    }
    let hits = scores.iter().filter(|score| expected(score)).count();
    format!("{hits} ({:.0}%)", 100.0 * hits as f64 / scores.len() as f64)
}

/// The alleles that move a model most.
fn examples(out: &mut String, judged: &[Judged<'_>]) {
    let mut scored: Vec<(&Row, &Score)> =
        judged.iter().filter_map(|row| Some((row.truth, row.score?))).collect();
    scored.sort_by(|(_, a), (_, b)| b.delta.abs().total_cmp(&a.delta.abs()));
    out.push_str("The largest changes:\n");
    for (row, score) in scored.into_iter().take(EXAMPLES) {
        let change = format!("{}:{} {}>{}", row.contig, row.position1, row.reference, row.alternate);
        let _ = writeln!(
            out,
            "  {:9} {change:28} {:14} {:14} binding {:.3} -> {:.3}",
            row.id, row.effect, row.model, score.reference, score.alternate
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, effect: Effect) -> Row {
        Row {
            id: id.to_owned(),
            contig: "chr1".to_owned(),
            position1: 7,
            reference: "A".to_owned(),
            alternate: "C".to_owned(),
            model: "QKI.K562".to_owned(),
            strand: "+".to_owned(),
            effect,
        }
    }

    fn score(delta: f64) -> Score {
        Score { reference: 0.5, alternate: 0.5 + delta, delta }
    }

    #[test]
    fn counts_only_what_moves_as_expected() {
        let rows = [
            row("a", Effect::Break),
            row("b", Effect::Break),
            row("c", Effect::Make),
            row("d", Effect::Neutral),
        ];
        let scores = [score(-0.4), score(0.2), score(0.1)];
        let judged: Vec<Judged<'_>> = rows
            .iter()
            .zip(scores.iter().map(Some).chain([None]))
            .map(|(truth, score)| Judged { truth, score, unseen: truth.id == "b" })
            .collect();
        let text = text(&judged).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[2].split_whitespace().collect::<Vec<_>>(),
            ["breaks", "a", "motif", "2", "0", "1", "(50%)", "0.3000"]
        );
        assert_eq!(
            lines[3].split_whitespace().collect::<Vec<_>>(),
            ["makes", "a", "motif", "1", "0", "1", "(100%)", "0.1000"]
        );
        assert_eq!(lines[4].split_whitespace().collect::<Vec<_>>(), ["neutral", "1", "1", "-", "-"]);
        assert_eq!(
            lines[8].split_whitespace().collect::<Vec<_>>(),
            ["breaks", "a", "motif", "1", "0", "0", "(0%)", "0.2000"]
        );
        assert!(text.contains("a         chr1:7 A>C"), "{text}");
    }

    #[test]
    fn nothing_scored_is_an_error() {
        let rows = [row("a", Effect::Break)];
        assert!(text(&[Judged { truth: &rows[0], score: None, unseen: true }]).is_err());
    }
}
