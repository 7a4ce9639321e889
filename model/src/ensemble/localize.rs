//! Maps of which bases drive the predictions of an ensemble.

use super::{ActivationMap, EngineError, Ensemble, Predictions, Substitution, WindowInput};
use crate::architecture::BASES;
use crate::localization::LocalizationMethod;

/// Predictions with what drives them.
#[derive(Clone, Debug, PartialEq)]
pub struct Localizations {
    /// The predictions of the same pass.
    pub predictions: Predictions,
    /// How the values came about.
    pub method: LocalizationMethod,
    /// Signed values, `[rows][models][values of a window]`, as many as [`LocalizationMethod::values`] says:
    /// contributions to the logit of the second convolution's positions, or of each base the change of the logit when A,
    /// C, G, T stands there.
    pub values: Vec<f32>,
}

impl Ensemble {
    /// Predicts windows with the chosen models (indices into [`Ensemble::models`]) and says what drives each prediction.
    /// Class activation maps come from the same pass as the predictions; mutagenesis substitutes every base. A
    /// substitution is explained as a window of its own.
    ///
    /// # Errors
    /// As [`Ensemble::predict`].
    pub fn localize(
        &self,
        windows: &[WindowInput],
        models: &[usize],
        method: LocalizationMethod,
    ) -> Result<Localizations, EngineError> {
        self.check(windows, models)?;
        let windows = whole_windows(windows);
        let map = match method {
            LocalizationMethod::GradCam => ActivationMap::GradCam,
            LocalizationMethod::HiresCam => ActivationMap::HiresCam,
            LocalizationMethod::Mutagenesis => return self.mutagenesis(&windows, models),
        };
        let (logits, values) = self.backend.maps(&windows, models, map)?;
        Ok(Localizations { predictions: Predictions::of_logits(models.len(), logits), method, values })
    }

    /// Predictions, and of each base and letter what its substitution does, `[windows][models][length][4]`.
    fn mutagenesis(&self, windows: &[WindowInput], models: &[usize]) -> Result<Localizations, EngineError> {
        let width = LocalizationMethod::Mutagenesis.values(self.input_length);
        let mut values = vec![0.0; windows.len() * models.len() * width];
        let mut references = Vec::with_capacity(windows.len() * models.len());
        for (window, values) in windows.iter().zip(values.chunks_exact_mut((models.len() * width).max(1))) {
            let substitutions = every_substitution(&window.sequence);
            let window = WindowInput { substitutions, ..window.clone() };
            let logits = self.backend.logits(std::slice::from_ref(&window), models)?;
            let (reference, alternates) = logits.split_at(models.len().min(logits.len()));
            references.extend_from_slice(reference);
            for (change, logits) in
                window.substitutions.iter().zip(alternates.chunks_exact(models.len().max(1)))
            {
                let place = change.offset0 * BASES + change.bases.first().map_or(0, |&base| letter(base));
                for ((model, logit), reference) in logits.iter().enumerate().zip(reference) {
                    if let Some(effect) = values.get_mut(model * width + place) {
                        *effect = logit - reference;
                    }
                }
            }
        }
        let predictions = Predictions::of_logits(models.len(), references);
        Ok(Localizations { predictions, method: LocalizationMethod::Mutagenesis, values })
    }
}

const LETTERS: [u8; BASES] = *b"ACGT";

fn letter(base: u8) -> usize {
    LETTERS.iter().position(|&letter| letter == base).unwrap_or(0)
}

/// Each other base at each A, C, G, T. N is no base to be substituted.
fn every_substitution(sequence: &[u8]) -> Vec<Substitution> {
    let bases = sequence.iter().enumerate().filter(|(_, base)| LETTERS.contains(base));
    bases
        .flat_map(|(offset0, &base)| {
            let others = LETTERS.into_iter().filter(move |&other| other != base);
            others.map(move |other| Substitution { offset0, bases: vec![other] })
        })
        .collect()
}

/// Every row of checked windows as a window of its own.
fn whole_windows(windows: &[WindowInput]) -> Vec<WindowInput> {
    let mut rows = Vec::with_capacity(windows.iter().map(WindowInput::rows).sum());
    for window in windows {
        let reference = WindowInput { substitutions: Vec::new(), ..window.clone() };
        rows.push(reference.clone());
        for change in &window.substitutions {
            let mut alternate = reference.clone();
            let replaced = alternate.sequence.get_mut(change.offset0..change.offset0 + change.bases.len());
            if let Some(replaced) = replaced {
                replaced.copy_from_slice(&change.bases);
            }
            rows.push(alternate);
        }
    }
    rows
}
