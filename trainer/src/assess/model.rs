//! The assessment of one model.

use anyhow::{Context, bail};
use polaris_model::ModelId;
use sha2::{Digest, Sha256};

use super::figures::Figures;
use super::floor::{Floor, floor};
use super::groups;
use super::report::{Assessed, FloorFigures, Published};
use crate::held_out::{Examined, HeldOut};
use crate::metrics::{Groups, Scores, Statistics, estimate};

/// Fewer windows than this tell nothing: a bin would hold one.
const MINIMUM_WINDOWS: usize = 20;

/// What decides the figures, beside models and windows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) resamples: usize,
    pub(super) seed: u64,
    /// Length of the floor's longest k-mers; `None` without a floor.
    pub(super) kmer: Option<u32>,
}

/// Assesses a model and its floor on the model's held-out windows.
///
/// # Errors
/// If models, windows and genome do not belong together, or the windows are too few or of one class.
pub(super) fn assess(id: &ModelId, source: &HeldOut<'_>, settings: &Settings) -> anyhow::Result<Assessed> {
    let (subject, trained_on) = source.both_classes(id)?;
    let manifest = subject.manifest().context("the model was not loaded")?;
    let windows = &subject.windows;
    check(windows, &manifest.training.held_out_contigs)?;
    let scores = scores(windows, windows.iter().map(|window| f64::from(window.logit)).collect())?;
    let floor = match settings.kmer {
        None => None,
        Some(kmer) => {
            let made = floor(kmer, manifest.architecture, &trained_on, windows, source.reference())?;
            let scores = self::scores(windows, made.logits.clone()).context("floor")?;
            Some((kmer, made, scores))
        }
    };
    let groups =
        Groups::new(groups::overlapping(&windows.iter().map(|one| &one.row.window).collect::<Vec<_>>()));
    let seed = seed(settings.seed, id);
    let resampled = groups.resample(scores.labels(), settings.resamples, seed, |weights| {
        let of_floor = floor.as_ref().map(|(.., scores)| scores.statistics(Some(weights)));
        (scores.statistics(Some(weights)), of_floor)
    });
    let whole = scores.statistics(None);
    let of_model: Vec<Option<&Statistics>> =
        resampled.iter().map(|one| one.as_ref().map(|pair| &pair.0)).collect();
    let floor = floor.map(|(kmer, made, scores)| {
        let of_floor: Vec<Option<&Statistics>> =
            resampled.iter().map(|one| one.as_ref().and_then(|pair| pair.1.as_ref())).collect();
        floor_figures(kmer, &made, (&whole, &of_model), (&scores.statistics(None), &of_floor))
    });
    let bound = scores.labels().iter().filter(|label| **label).count();
    Ok(Assessed {
        model: id.to_string(),
        version: manifest.version.clone(),
        published: Published::of(manifest),
        windows: windows.len(),
        bound,
        groups: groups.count(),
        figures: Figures::new(&whole, &of_model),
        floor,
    })
}

fn floor_figures(
    kmer: u32,
    floor: &Floor,
    (model, model_resampled): (&Statistics, &[Option<&Statistics>]),
    (whole, resampled): (&Statistics, &[Option<&Statistics>]),
) -> FloorFigures {
    let gains = model_resampled
        .iter()
        .zip(resampled)
        .map(|(model, floor)| Some(model.as_ref()?.auroc - floor.as_ref()?.auroc));
    FloorFigures {
        kmer,
        trained_on: floor.trained_on,
        strength: floor.choice.strength,
        left_out_loss: floor.choice.loss,
        auroc_over_floor: estimate(Some(model.auroc - whole.auroc), gains),
        figures: Figures::new(whole, resampled),
    }
}

fn check(windows: &[Examined], contigs: &[String]) -> anyhow::Result<()> {
    if windows.is_empty() {
        bail!(
            "the file has no window that was held out from the published network (contigs {}); is it of the same \
             genome?",
            contigs.join(", ")
        );
    }
    if windows.len() < MINIMUM_WINDOWS {
        bail!("{} held-out windows; at least {MINIMUM_WINDOWS} are needed", windows.len());
    }
    Ok(())
}

/// # Errors
/// If only one class is there, or a logit is not a number: named by its window.
fn scores(windows: &[Examined], logits: Vec<f64>) -> anyhow::Result<Scores> {
    if let Some((window, logit)) = windows.iter().zip(&logits).find(|(_, logit)| !logit.is_finite()) {
        bail!("{}: its prediction is not a finite number ({logit})", window.row.name);
    }
    let labels: Vec<bool> = windows.iter().map(|window| window.row.positive).collect();
    Scores::new(&labels, &logits).context("held-out windows")
}

/// Of one model: does not depend on which others are assessed.
fn seed(seed: u64, id: &ModelId) -> u64 {
    let digest = Sha256::digest(format!("{seed} {id}"));
    digest.iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use polaris_genomics::{Strand, Window};
    use polaris_model::WindowInput;

    use super::*;
    use crate::windows_file::LabelledWindow;

    fn windows(labels: &[bool]) -> Vec<Examined> {
        let examined = |(index, positive): (usize, &bool)| Examined {
            row: LabelledWindow {
                window: Window {
                    contig: "chr1".to_owned(),
                    start0: index as i64,
                    length: 4,
                    strand: Strand::Forward,
                },
                name: format!("window_{index}"),
                score: 0,
                positive: *positive,
                expression: None,
                region: None,
                gc: 0.5,
                fold_chromosome: 0,
                fold_random: 0,
            },
            input: WindowInput {
                sequence: b"ACGT".to_vec(),
                region: None,
                expression: Vec::new(),
                substitutions: Vec::new(),
            },
            probability: 0.5,
            logit: 0.0,
        };
        labels.iter().enumerate().map(examined).collect()
    }

    #[test]
    fn too_few_windows_one_class_and_no_number_are_told() {
        let contigs = ["chr1".to_owned()];
        let told = |count| check(&windows(&vec![true; count]), &contigs).unwrap_err().to_string();
        assert_eq!(told(19), "19 held-out windows; at least 20 are needed");
        assert!(told(0).contains("contigs chr1"), "{}", told(0));
        assert!(check(&windows(&[true; 20]), &contigs).is_ok());

        let told = |labels: &[bool], logits: &[f64]| {
            format!("{:#}", scores(&windows(labels), logits.to_vec()).unwrap_err())
        };
        let one = told(&[true, true], &[0.0, 1.0]);
        assert_eq!(one, "held-out windows: 2 positives and 0 negatives: at least one of each is needed");
        let nan = told(&[true, false], &[0.0, f64::NAN]);
        assert_eq!(nan, "window_1: its prediction is not a finite number (NaN)");
    }

    #[test]
    fn each_model_has_a_seed_of_its_own() {
        let id = |rbp| ModelId::new(rbp, "K562").unwrap();
        assert_eq!(seed(1, &id("QKI")), seed(1, &id("QKI")));
        assert_ne!(seed(1, &id("QKI")), seed(2, &id("QKI")));
        assert_ne!(seed(1, &id("QKI")), seed(1, &id("PUM2")));
    }
}
