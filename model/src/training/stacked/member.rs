//! One network of a stack: its windows, their order, and how far it is.

use super::StackedTask;
use crate::architecture::Architecture;
use crate::training::batches::Example;
use crate::training::first_weights::first_weights;
use crate::training::fit::{Epoch, shift};
use crate::training::random::Stream;
use crate::training::recipe::Recipe;

/// A network in training, without its weights.
#[derive(Debug)]
pub(super) struct Member<'a> {
    /// Index of the task.
    pub(super) index: usize,
    seed: u64,
    /// Diverged or stopped: it is calculated on as long as it stands among others, but for nothing.
    pub(super) given_up: bool,
    examples: Vec<&'a Example>,
    order: Stream,
    pub(super) dropout: Stream,
    indices: Vec<usize>,
    batch_windows: usize,
    shift_bases: usize,
    steps: usize,
    /// Windows of this epoch that have been handed out.
    handed_out: usize,
    /// Windows of the epoch whose losses are known, the sum of those losses, and epochs before it.
    accounted: usize,
    total: f64,
    epochs: usize,
}

impl<'a> Member<'a> {
    pub(super) fn new(index: usize, task: &StackedTask<'a>, recipe: &Recipe) -> Self {
        let count = task.examples.len();
        Self {
            index,
            seed: task.seed,
            given_up: false,
            examples: task.examples.clone(),
            order: Stream::new(task.seed, 2),
            dropout: Stream::new(task.seed, 3),
            indices: (0..count).collect(),
            batch_windows: recipe.batch_windows,
            shift_bases: recipe.shift_bases,
            steps: count.div_ceil(recipe.batch_windows) * recipe.epochs,
            handed_out: 0,
            accounted: 0,
            total: 0.0,
            epochs: 0,
        }
    }

    /// The weights that it starts from, in the order of the architecture's parameters.
    pub(super) fn first_weights(&self, architecture: Architecture, recipe: &Recipe) -> Vec<Vec<f32>> {
        first_weights(architecture, self.examples.iter().copied(), recipe, self.seed)
    }

    /// Steps that it takes in all.
    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    /// The windows of the next step, each with its shift in bases.
    pub(super) fn next_batch(&mut self) -> Vec<(&'a Example, isize)> {
        if self.handed_out == 0 {
            self.order.shuffle(&mut self.indices);
        }
        let end = (self.handed_out + self.batch_windows).min(self.indices.len());
        let chosen = self
            .indices
            .get(self.handed_out..end)
            .unwrap_or_default()
            .iter()
            .filter_map(|&index| self.examples.get(index).copied())
            .map(|example| (example, shift(&mut self.order, self.shift_bases)))
            .collect();
        self.handed_out = if end == self.indices.len() { 0 } else { end };
        chosen
    }

    /// Takes the loss of a step, in the order of steps; the epoch, if the step was its last.
    pub(super) fn account(&mut self, loss: f64, recipe: &Recipe) -> Option<Epoch> {
        let windows = self.batch_windows.min(self.examples.len() - self.accounted);
        self.accounted += windows;
        self.total += loss * windows as f64;
        if self.accounted < self.examples.len() {
            return None;
        }
        let loss = self.total / self.examples.len() as f64;
        self.epochs += 1;
        self.accounted = 0;
        self.total = 0.0;
        Some(Epoch { number: self.epochs, epochs: recipe.epochs, loss })
    }
}
