//! Which windows a model was not trained on.

use anyhow::bail;
use polaris_genomics::contig_key;
use polaris_model::{Split, TrainingRecord};

use crate::windows_file::LabelledWindow;

/// The windows of a file by whether a model was trained on them.
#[derive(Clone, Debug)]
pub(super) struct Divided {
    pub(super) held_out: Vec<LabelledWindow>,
    pub(super) trained_on: Vec<LabelledWindow>,
}

/// Divides the windows of a file, bound and unbound; `own` says that the model was trained on this very file.
///
/// # Errors
/// If folds were drawn at random and the file is another one, which says nothing of folds.
pub(super) fn divide(
    windows: Vec<LabelledWindow>,
    training: &TrainingRecord,
    own: bool,
) -> anyhow::Result<Divided> {
    let contigs = contigs(training);
    let unseen = |row: &LabelledWindow| match training.held_out_split {
        Split::Chromosome => contigs.contains(&contig_key(&row.window.contig)),
        Split::Random => usize::from(row.fold_random) == training.held_out.fold,
    };
    if training.held_out_split == Split::Random && !own {
        bail!(
            "the published network was held out from windows at random, and those of another file may be among the \
             windows it was trained on; give the file of its training"
        );
    }
    let (held_out, trained_on) = windows.into_iter().partition(unseen);
    Ok(Divided { held_out, trained_on })
}

/// The bound windows of a file that a model never saw.
///
/// # Errors
/// If there are none, and those of [`divide`].
pub(super) fn held_out(
    windows: Vec<LabelledWindow>,
    training: &TrainingRecord,
    own: bool,
) -> anyhow::Result<Vec<LabelledWindow>> {
    let mut chosen = divide(windows, training, own)?.held_out;
    chosen.retain(|row| row.positive);
    if chosen.is_empty() {
        bail!(
            "no bound window was held out from the published network (contigs {})",
            contigs(training).join(", ")
        );
    }
    Ok(chosen)
}

fn contigs(training: &TrainingRecord) -> Vec<&str> {
    training.held_out_contigs.iter().map(|contig| contig_key(contig)).collect()
}

#[cfg(test)]
mod tests {
    use polaris_genomics::{Strand, Window};
    use polaris_model::FoldMetrics;
    use polaris_model::training::{Optimizer, Recipe, Schedule};

    use super::*;

    fn row(name: &str, contig: &str, positive: bool, fold_random: u8) -> LabelledWindow {
        let window = Window { contig: contig.to_owned(), start0: 5, length: 100, strand: Strand::Forward };
        LabelledWindow {
            window,
            name: name.to_owned(),
            score: 0,
            positive,
            expression: None,
            region: None,
            gc: 0.5,
            fold_chromosome: 0,
            fold_random,
        }
    }

    fn training(held_out_split: Split, contigs: &[&str]) -> TrainingRecord {
        let recipe = Recipe {
            name: "test".to_owned(),
            optimizer: Optimizer::AdamW { learning_rate: 1e-3, weight_decay: 0.01 },
            schedule: Schedule::WarmUpCosine,
            batch_windows: 16,
            epochs: 2,
            kernel_l2: 0.001,
            dropout: [0.1; 3],
            shift_bases: 0,
            average_decay: None,
            fitted_covariates: false,
        };
        let held_out =
            FoldMetrics { fold: 3, trained_on: 1, positives: 1, negatives: 1, auroc: 1.0, auprc: 1.0 };
        TrainingRecord {
            assembly: "a".to_owned(),
            reference_digest: "d".to_owned(),
            windows_sha256: "w".to_owned(),
            recipe,
            seed: 1,
            positives: 1,
            negatives: 1,
            held_out,
            held_out_split,
            held_out_contigs: contigs.iter().map(|contig| (*contig).to_owned()).collect(),
            evaluations: Vec::new(),
            delta_background: None,
        }
    }

    fn names(rows: &[LabelledWindow]) -> Vec<&str> {
        rows.iter().map(|row| row.name.as_str()).collect()
    }

    #[test]
    fn bound_windows_of_held_out_contigs_or_folds() {
        let rows =
            vec![row("seen", "chr1", true, 3), row("unbound", "chr2", false, 3), row("unseen", "2", true, 0)];
        let by_contig = held_out(rows.clone(), &training(Split::Chromosome, &["chr2"]), false).unwrap();
        assert_eq!(names(&by_contig), ["unseen"]);
        let divided = divide(rows.clone(), &training(Split::Chromosome, &["chr2"]), false).unwrap();
        assert_eq!(names(&divided.held_out), ["unbound", "unseen"]);
        assert_eq!(names(&divided.trained_on), ["seen"]);
        let at_random = held_out(rows.clone(), &training(Split::Random, &[]), true).unwrap();
        assert_eq!(names(&at_random), ["seen"]);
        assert!(held_out(rows.clone(), &training(Split::Random, &[]), false).is_err());
        let none = held_out(rows, &training(Split::Chromosome, &["chr9"]), true).unwrap_err().to_string();
        assert_eq!(none, "no bound window was held out from the published network (contigs 9)");
    }
}
