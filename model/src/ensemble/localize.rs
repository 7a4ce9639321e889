//! Maps of which bases drive the predictions of an ensemble.

use super::{EngineError, Ensemble, Predictions, WindowInput};
use crate::localization::LocalizationMethod;
use crate::network::{ActivationMap, Substitutions, host_values};

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
        let windows = &super::whole_windows(windows)?;
        let width = method.values(self.input_length);
        let mut values = vec![0.0; windows.len() * models.len() * width];
        let map = match method {
            LocalizationMethod::GradCam => ActivationMap::GradCam,
            LocalizationMethod::HiresCam => ActivationMap::HiresCam,
            LocalizationMethod::Mutagenesis => {
                let predictions = self.predict(windows, models)?;
                self.substitute(windows, models, &mut values)?;
                return Ok(Localizations { predictions, method, values });
            }
        };
        let mut logits = vec![0.0; windows.len() * models.len()];
        self.for_each_batch(windows, models, &mut |place, member, batch| {
            let (chunk, maps) = member.network.logits_and_maps(batch, map, &member.summed_dense1)?;
            place.scatter(&host_values(&chunk)?, 1, &mut logits);
            place.scatter(&host_values(&maps)?, width, &mut values);
            Ok(())
        })?;
        Ok(Localizations { predictions: Predictions::of_logits(models.len(), logits), method, values })
    }

    /// Effects of all substitutions, `[windows][models][length][4]`.
    fn substitute(
        &self,
        windows: &[WindowInput],
        models: &[usize],
        values: &mut [f32],
    ) -> Result<(), EngineError> {
        let width = LocalizationMethod::Mutagenesis.values(self.input_length) * models.len();
        for (window, values) in windows.iter().zip(values.chunks_exact_mut(width.max(1))) {
            let substitutions = Substitutions::of(&window.sequence, self.device)?;
            self.for_each_batch(std::slice::from_ref(window), models, &mut |place, member, batch| {
                let effects = member.network.substitution_effects(batch, &substitutions)?;
                place.scatter(&effects, effects.len(), values);
                Ok(())
            })?;
        }
        Ok(())
    }
}
