//! What the models say of the rows of a batch or of a job.

use std::ops::Range;

use polaris_model::Predictions;

/// Values of rows, in their order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    /// Their predictions.
    pub(super) predictions: Predictions,
    /// What drives them, `[rows][models][values]` as in [`polaris_model::Localizations`]; empty if it was not asked.
    pub(super) values: Vec<f32>,
}

/// Values of one row.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowValues<'a> {
    pub(super) logits: &'a [f32],
    pub(super) probabilities: &'a [f32],
    pub(super) values: &'a [f32],
}

impl Answer {
    /// Of rows whose values are still to come.
    pub(super) fn blank(models: usize, rows: usize) -> Self {
        let blank = || vec![0.0; models * rows];
        let predictions = Predictions { models, logits: blank(), probabilities: blank() };
        Self { predictions, values: Vec::new() }
    }

    /// Values of a row; `None` if there are fewer.
    pub(super) fn row(&self, row: usize) -> Option<RowValues<'_>> {
        let models = self.predictions.models;
        let of_model = self.values.len().checked_div(self.predictions.logits.len())?;
        let range = |width: usize| row * width..(row + 1) * width;
        Some(RowValues {
            logits: self.predictions.logits.get(range(models))?,
            probabilities: self.predictions.probabilities.get(range(models))?,
            values: self.values.get(range(models * of_model))?,
        })
    }

    /// Puts what some of the models say of a row in its place. `None` if it does not fit there.
    pub(super) fn set(&mut self, row: usize, models: &Range<usize>, from: RowValues<'_>) -> Option<()> {
        let width = self.predictions.models;
        let place = row * width + models.start..row * width + models.end;
        let of_model = from.values.len().checked_div(models.len())?;
        if self.values.is_empty() {
            self.values.resize(self.predictions.logits.len() * of_model, 0.0);
        }
        let place_of_values = place.start * of_model..place.end * of_model;
        copy(self.predictions.logits.get_mut(place.clone())?, from.logits)?;
        copy(self.predictions.probabilities.get_mut(place)?, from.probabilities)?;
        copy(self.values.get_mut(place_of_values)?, from.values)
    }
}

fn copy(to: &mut [f32], from: &[f32]) -> Option<()> {
    (to.len() == from.len()).then(|| to.copy_from_slice(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_short_has_no_last_row() {
        let predictions =
            Predictions { models: 2, logits: vec![1.0, 2.0, 3.0], probabilities: vec![0.1, 0.2, 0.3] };
        let answer = Answer { predictions, values: Vec::new() };
        assert!(answer.row(0).is_some() && answer.row(1).is_none());
    }

    #[test]
    fn models_find_their_columns() {
        let mut answer = Answer::blank(3, 2);
        let from =
            RowValues { logits: &[1.0, 2.0], probabilities: &[0.1, 0.2], values: &[5.0, 6.0, 7.0, 8.0] };
        assert_eq!(answer.set(1, &(1..3), from), Some(()));
        assert_eq!(answer.predictions.logits, [0.0, 0.0, 0.0, 0.0, 1.0, 2.0]);
        assert_eq!(answer.predictions.probabilities, [0.0, 0.0, 0.0, 0.0, 0.1, 0.2]);
        assert_eq!(answer.values[8..], [5.0, 6.0, 7.0, 8.0]);
        assert_eq!(answer.set(2, &(1..3), from), None);
        assert_eq!(answer.set(0, &(0..3), from), None);
    }
}
