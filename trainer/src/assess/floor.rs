//! The k-mer regression that learns from the windows of a model's training.

use anyhow::{Context, bail};
use polaris_genomics::{Reference, RegionClass};
use polaris_model::Architecture;

use super::groups;
use crate::held_out::Examined;
use crate::kmer_regression::{Choice, Features, Regression, Windows, choose_strength};
use crate::windows_file::{FOLDS, LabelledWindow};

/// Without whole contigs to leave out, one group of overlapping windows in so many.
const GROUPS_PER_LEFT_OUT: usize = 5;

/// What the floor predicts, and how it was made.
#[derive(Clone, Debug)]
pub(super) struct Floor {
    /// Of the held-out windows, in their order.
    pub(super) logits: Vec<f64>,
    pub(super) choice: Choice,
    /// Windows that it learned from.
    pub(super) trained_on: usize,
}

/// Learns from the windows that a model was trained on, and predicts those held out from it.
///
/// # Errors
/// If a sequence cannot be read, a window lacks the expression that the model reads, or there are too few windows.
pub(super) fn floor(
    kmer: u32,
    architecture: Architecture,
    trained_on: &[LabelledWindow],
    held_out: &[Examined],
    reference: &Reference,
) -> anyhow::Result<Floor> {
    let covariates =
        usize::from(architecture.expression()) + if architecture.region() { RegionClass::COUNT } else { 0 };
    let mut features = Features::new(kmer, covariates);
    for row in trained_on {
        features.push(&row.window.sequence(reference)?, &covariates_of(row, architecture)?);
    }
    for window in held_out {
        features.push(&window.input.sequence, &covariates_of(&window.row, architecture)?);
    }
    let labels: Vec<bool> = trained_on.iter().map(|row| row.positive).collect();
    let left_out = left_out(trained_on)?;
    let (tried, fitted): (Vec<usize>, Vec<usize>) = (0..labels.len()).partition(|row| left_out[*row]);
    let of = |rows| Windows { features: &features, labels: &labels, rows };
    let choice = choose_strength(&of(&fitted), &of(&tried));
    let all: Vec<usize> = (0..labels.len()).collect();
    let regression = Regression::fit(&of(&all), choice.strength, None);
    let rows: Vec<usize> = (labels.len()..labels.len() + held_out.len()).collect();
    Ok(Floor { logits: regression.logits(&features, &rows), choice, trained_on: labels.len() })
}

fn covariates_of(row: &LabelledWindow, architecture: Architecture) -> anyhow::Result<Vec<f32>> {
    let mut values = Vec::new();
    if architecture.expression() {
        let lacks = || format!("{} has no expression value, which the model reads", row.name);
        values.push(row.expression.with_context(lacks)?);
    }
    if architecture.region() {
        let is = |class| f32::from(u8::from(row.region == Some(class)));
        values.extend(RegionClass::ALL.map(is));
    }
    Ok(values)
}

/// Which windows the strength is chosen on: those of the first fold by chromosome that leaves both classes on either
/// side. Where there is none, for want of contigs, every fifth group of overlapping windows.
fn left_out(rows: &[LabelledWindow]) -> anyhow::Result<Vec<bool>> {
    let by_fold = (0..FOLDS).map(|fold| rows.iter().map(|row| row.fold_chromosome == fold).collect());
    if let Some(left_out) = by_fold.into_iter().find(|left_out: &Vec<bool>| has_both(rows, left_out)) {
        return Ok(left_out);
    }
    let windows: Vec<_> = rows.iter().map(|row| &row.window).collect();
    let groups = groups::overlapping(&windows);
    let left_out: Vec<bool> = groups.into_iter().map(|group| group % GROUPS_PER_LEFT_OUT == 0).collect();
    if !has_both(rows, &left_out) {
        bail!(
            "floor: {} windows to learn from, too few of a class to choose its strength on a part of them; \
             --no-floor leaves it out",
            rows.len()
        );
    }
    Ok(left_out)
}

fn has_both(rows: &[LabelledWindow], left_out: &[bool]) -> bool {
    let has = |side: bool, class: bool| {
        rows.iter().zip(left_out).any(|(row, left_out)| *left_out == side && row.positive == class)
    };
    has(true, true) && has(true, false) && has(false, true) && has(false, false)
}

#[cfg(test)]
mod tests {
    use polaris_genomics::{Strand, Window};

    use super::*;

    fn row(start0: i64, fold_chromosome: u8, positive: bool) -> LabelledWindow {
        let window = Window { contig: "chr1".to_owned(), start0, length: 10, strand: Strand::Forward };
        LabelledWindow {
            window,
            name: "window".to_owned(),
            score: 0,
            positive,
            expression: None,
            region: Some(RegionClass::Exon),
            gc: 0.5,
            fold_chromosome,
            fold_random: 0,
        }
    }

    #[test]
    fn leaves_out_the_first_fold_that_has_both_classes() {
        let rows =
            [row(0, 0, true), row(10, 1, true), row(20, 1, false), row(30, 2, true), row(40, 2, false)];
        assert_eq!(left_out(&rows).unwrap(), [false, true, true, false, false]);
    }

    #[test]
    fn leaves_out_groups_where_all_is_one_fold() {
        let rows = [row(0, 3, true), row(5, 3, false), row(20, 3, true), row(30, 3, false)];
        assert_eq!(left_out(&rows).unwrap(), [true, true, false, false]);
        let error = left_out(&rows[1..]).unwrap_err().to_string();
        assert!(error.contains("3 windows") && error.contains("--no-floor"), "{error}");
    }

    #[test]
    fn reads_what_the_model_reads() {
        let architecture = |expression, region| Architecture::new(151, expression, region).unwrap();
        let mut window = row(0, 0, true);
        assert_eq!(covariates_of(&window, architecture(false, false)).unwrap(), [0.0; 0]);
        assert!(covariates_of(&window, architecture(true, false)).is_err());
        window.expression = Some(2.5);
        let all = covariates_of(&window, architecture(true, true)).unwrap();
        assert_eq!(all, [2.5, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
