//! What calculates.

use polaris_model::localization::LocalizationMethod;
use polaris_model::{EngineError, Ensemble, Localizations, Predictions, WindowInput};

/// The ensemble, or a stand-in under test.
pub(crate) trait Predictor {
    /// Models that it holds.
    fn model_count(&self) -> usize;

    /// As [`Ensemble::predict`].
    fn predict(&self, windows: &[WindowInput], models: &[usize]) -> Result<Predictions, EngineError>;

    /// As [`Ensemble::localize`].
    fn localize(
        &self,
        windows: &[WindowInput],
        models: &[usize],
        method: LocalizationMethod,
    ) -> Result<Localizations, EngineError>;
}

impl Predictor for Ensemble {
    fn model_count(&self) -> usize {
        self.models().len()
    }

    fn predict(&self, windows: &[WindowInput], models: &[usize]) -> Result<Predictions, EngineError> {
        Self::predict(self, windows, models)
    }

    fn localize(
        &self,
        windows: &[WindowInput],
        models: &[usize],
        method: LocalizationMethod,
    ) -> Result<Localizations, EngineError> {
        Self::localize(self, windows, models, method)
    }
}
