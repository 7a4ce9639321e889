//! What a job asks the models.

use std::sync::Arc;

use polaris_model::localization::LocalizationMethod;
use polaris_model::{EngineError, WindowInput};

use super::Predictor;
use super::answer::Answer;

/// What is to be calculated for each row of a job. Only jobs that ask the same share a batch.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// Models to ask, by the engine's indices.
    pub(super) models: Arc<[usize]>,
    /// How to say what drives the predictions, if that is asked.
    pub(super) method: Option<LocalizationMethod>,
}

impl Question {
    /// Whether another asks the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        // Those who ask all models share the list of them.
        let same_models = Arc::ptr_eq(&self.models, &other.models) || self.models == other.models;
        self.method == other.method && same_models
    }

    /// Whether each window takes a batch of its own, and perhaps several.
    pub(super) fn one_by_one(&self) -> bool {
        self.method == Some(LocalizationMethod::Mutagenesis)
    }

    /// Asks it of some windows, and of `models`, which are some of its own.
    pub(super) fn ask(
        &self,
        predictor: &impl Predictor,
        windows: &[WindowInput],
        models: &[usize],
    ) -> Result<Answer, EngineError> {
        let Some(method) = self.method else {
            let predictions = predictor.predict(windows, models)?;
            return Ok(Answer { predictions, values: Vec::new() });
        };
        let answer = predictor.localize(windows, models, method)?;
        Ok(Answer { predictions: answer.predictions, values: answer.values })
    }
}
