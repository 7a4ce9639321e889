//! Training on the processor without libtorch.

use super::batches::{self, Example};
use super::first_weights::first_weights;
use super::fit::{Learner, TrainError};
use super::optimizer::{average_decay, rule};
use super::random::Stream;
use super::recipe::{Optimizer, Recipe};
use crate::architecture::Architecture;
use crate::cpu::learning::{CpuLearner, LearningWindow};
use crate::network::NetworkError;
use crate::weights::Weights;

/// A network on one thread.
#[derive(Debug)]
pub(super) struct NativeLearner<'a> {
    architecture: Architecture,
    examples: &'a [Example],
    recipe: &'a Recipe,
    steps: usize,
    step: usize,
    learner: CpuLearner,
    /// Running mean of the parameters.
    average: Option<Vec<Vec<f32>>>,
}

impl<'a> NativeLearner<'a> {
    /// Starts from the first weights of a seed.
    ///
    /// # Errors
    /// If the weights are not finite.
    pub(super) fn new(
        architecture: Architecture,
        examples: &'a [Example],
        recipe: &'a Recipe,
        seed: u64,
    ) -> Result<Self, NetworkError> {
        let tensors = first_weights(architecture, examples.iter(), recipe, seed);
        let moments = !matches!(recipe.optimizer, Optimizer::Sgd { .. });
        let first = Weights::new(architecture, tensors)?;
        let mut learner = CpuLearner::new(&first, recipe.kernel_l2, moments);
        let average = recipe
            .average_decay
            .map(|_| learner.parameters_mut().into_iter().map(|values| values.to_vec()).collect());
        Ok(Self {
            architecture,
            examples,
            recipe,
            steps: recipe.steps(examples.len()),
            step: 0,
            learner,
            average,
        })
    }

    /// What has been learned.
    ///
    /// # Errors
    /// If a weight is not finite.
    pub(super) fn finish(mut self) -> Result<Weights, NetworkError> {
        if let Some(average) = self.average {
            for (values, mean) in self.learner.parameters_mut().into_iter().zip(average) {
                values.copy_from_slice(&mean);
            }
        }
        Ok(self.learner.weights()?)
    }
}

impl Learner for NativeLearner<'_> {
    fn step(&mut self, chosen: &[(usize, isize)], dropout: &mut Stream) -> Result<f64, TrainError> {
        let length = self.architecture.input_length();
        let windows: Vec<LearningWindow<'_>> = chosen
            .iter()
            .filter_map(|&(index, shift)| self.examples.get(index).map(|example| (example, shift)))
            .map(|(example, shift)| LearningWindow {
                sequence: batches::window(example, shift, length),
                expression: example.expression,
                region: example.region.map(|region| region.index()),
                positive: example.positive,
            })
            .collect();
        let dropout = batches::dropout(self.architecture, windows.len(), self.recipe.dropout, dropout);
        let rule = rule(self.recipe.optimizer, self.recipe.schedule, self.step, self.steps);
        self.step += 1;
        let loss = self.learner.step(&windows, &dropout, &rule);
        if let Some(average) = &mut self.average {
            let share = 1.0 - average_decay(self.recipe.average_decay.unwrap_or_default(), self.step);
            for (mean, values) in average.iter_mut().zip(self.learner.parameters_mut()) {
                for (mean, value) in mean.iter_mut().zip(values.iter()) {
                    *mean += share as f32 * (value - *mean);
                }
            }
        }
        Ok(loss)
    }
}
