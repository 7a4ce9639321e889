//! What a job asks the models, and what they answer.

use std::ops::Range;
use std::sync::Arc;

use polaris_model::localization::LocalizationMethod;
use polaris_model::{EngineError, Predictions, WindowInput};

use super::Predictor;

/// Windows of a batch whose maps are calculated: as many as the models calculate at once, so that larger batches
/// would take memory and gain nothing.
const MOST_MAPPED_WINDOWS: usize = 64;

/// What is to be calculated for each window of a job. Only jobs that ask the same share a batch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Question {
    /// Models to ask, by the engine's indices.
    pub(super) models: Arc<[usize]>,
    /// How to say what drives the predictions, if that is asked.
    pub(super) method: Option<LocalizationMethod>,
}

impl Question {
    /// Most windows of a batch where `most` may be predicted. Substituting every base of one window is the work of some
    /// 200 windows of 1000 bases (an allele costs a fifteenth of a pass, and each base has three), so such windows go one
    /// by one, and others have their turn between them.
    pub(super) fn most_windows(&self, most: usize) -> usize {
        match self.method {
            None => most,
            Some(LocalizationMethod::GradCam | LocalizationMethod::HiresCam) => most.min(MOST_MAPPED_WINDOWS),
            Some(LocalizationMethod::Mutagenesis) => 1,
        }
    }

    /// Asks it of some windows.
    pub(super) fn ask(
        &self,
        predictor: &impl Predictor,
        windows: &[WindowInput],
    ) -> Result<Answer, EngineError> {
        let Some(method) = self.method else {
            let predictions = predictor.predict(windows, &self.models)?;
            return Ok(Answer { predictions, values: Vec::new() });
        };
        let answer = predictor.localize(windows, &self.models, method)?;
        Ok(Answer { predictions: answer.predictions, values: answer.values })
    }
}

/// What the models say about windows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    /// Their predictions.
    pub(super) predictions: Predictions,
    /// What drives them, `[windows][models][values]` as in [`polaris_model::Localizations`]; empty if it was not asked.
    pub(super) values: Vec<f32>,
}

impl Answer {
    /// Without windows yet, with room for the predictions of some.
    pub(super) fn empty(models: usize, windows: usize) -> Self {
        let room = || Vec::with_capacity(models * windows);
        let predictions = Predictions { models, logits: room(), probabilities: room() };
        Self { predictions, values: Vec::new() }
    }

    /// The part of some of the windows; `None` if there are fewer of them.
    pub(super) fn part(&self, windows: Range<usize>) -> Option<Part<'_>> {
        let models = self.predictions.models;
        let all = self.predictions.logits.len().checked_div(models)?;
        let of_window = self.values.len().checked_div(all)?;
        let range = |width: usize| windows.start * width..windows.end * width;
        Some(Part {
            logits: self.predictions.logits.get(range(models))?,
            probabilities: self.predictions.probabilities.get(range(models))?,
            values: self.values.get(range(of_window))?,
        })
    }

    /// Adds the answer about further windows.
    pub(super) fn extend(&mut self, part: Part<'_>) {
        self.predictions.logits.extend_from_slice(part.logits);
        self.predictions.probabilities.extend_from_slice(part.probabilities);
        self.values.extend_from_slice(part.values);
    }
}

/// What an [`Answer`] says about some windows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    logits: &'a [f32],
    probabilities: &'a [f32],
    values: &'a [f32],
}
