//! A stand-in for the models.

use std::sync::Mutex;
use std::sync::mpsc::Receiver;

use tokio::sync::mpsc::UnboundedSender;

use super::super::*;

/// What was asked in one batch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    /// The first expression value of each window, and how many substitutions it had.
    pub(super) windows: Vec<(u16, usize)>,
    pub(super) models: Vec<usize>,
    pub(super) method: Option<LocalizationMethod>,
}

impl Asked {
    /// The first window and the number of windows.
    pub(super) fn short(&self) -> (u16, usize) {
        (self.windows[0].0, self.windows.len())
    }
}

/// Answers the first expression value plus the model's index as logit of a window, and as much as 1000 more for each base
/// of the place of a substitution, counted from 1. What drives a prediction is the logit, twice. Notes the batches.
pub(super) struct Recorder {
    pub(super) models: usize,
    pub(super) asked: Mutex<Vec<Asked>>,
    /// Whether it fails in the batch of this number.
    pub(super) fails: fn(usize, &Asked) -> bool,
    /// Is told the number of each batch, and then waits for word unless nobody is there any more.
    pub(super) steps: Option<(UnboundedSender<usize>, Mutex<Receiver<()>>)>,
}

impl Recorder {
    pub(super) fn new(models: usize) -> Self {
        Self { models, asked: Mutex::default(), fails: |_, _| false, steps: None }
    }

    pub(super) fn asked(self) -> Vec<Asked> {
        self.asked.into_inner().unwrap()
    }

    fn calculate(
        &self,
        windows: &[WindowInput],
        models: &[usize],
        method: Option<LocalizationMethod>,
    ) -> Result<Predictions, EngineError> {
        let of_window = |window: &WindowInput| (window.expression[0] as u16, window.substitutions.len());
        let asked =
            Asked { windows: windows.iter().map(of_window).collect(), models: models.to_vec(), method };
        let (batch, fails) = {
            let mut all = self.asked.lock().unwrap();
            let fails = (self.fails)(all.len(), &asked);
            all.push(asked);
            (all.len() - 1, fails)
        };
        if let Some((sender, go_on)) = &self.steps
            && sender.send(batch).is_ok()
        {
            let _ = go_on.lock().unwrap().recv();
        }
        if fails {
            return Err(EngineError::Model { index: 9, models: 1 });
        }
        let mut logits = Vec::new();
        for window in windows {
            let substituted = window.substitutions.iter().map(|change| 1000.0 * (change.offset0 + 1) as f32);
            for row in std::iter::once(0.0).chain(substituted) {
                logits.extend(models.iter().map(|&model| window.expression[0] + model as f32 + row));
            }
        }
        let probabilities = logits.iter().map(|value| value / 1000.0).collect();
        Ok(Predictions { models: models.len(), logits, probabilities })
    }
}

impl Predictor for Recorder {
    fn model_count(&self) -> usize {
        self.models
    }

    fn predict(&self, windows: &[WindowInput], models: &[usize]) -> Result<Predictions, EngineError> {
        self.calculate(windows, models, None)
    }

    fn localize(
        &self,
        windows: &[WindowInput],
        models: &[usize],
        method: LocalizationMethod,
    ) -> Result<Localizations, EngineError> {
        let predictions = self.calculate(windows, models, Some(method))?;
        let values = predictions.logits.iter().flat_map(|&logit| [logit, logit]).collect();
        Ok(Localizations { predictions, method, values })
    }
}
