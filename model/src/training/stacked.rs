//! Training of many networks of one architecture as one stack.
//!
//! A small network leaves a GPU idle: its step is some twenty operations, each shorter than it takes to start. Here the
//! weights of all networks stand in one tensor a layer with the network as first dimension, so that a step of all is as
//! many operations as a step of one. Convolutions are products of matrices, as in the inference engine, since those of
//! cuDNN round to TF32. Each network has its own windows, order, shifts, dropout, learning rate and number of steps, all
//! as [`fit`](super::fit) would draw them; the loss is the sum of the networks' losses, whose gradients are those of
//! each network alone. Nothing in a step mixes numbers of two networks, so that one that diverges spoils no other.

mod inputs;
mod member;
mod network;
mod size;
mod updater;
mod weights;

use std::ops::ControlFlow;

use tch::{Kind, Reduction, TchError, Tensor};

use self::inputs::HostInputs;
use self::member::Member;
use self::network::StackedNetwork;
use self::updater::StackedUpdater;
use self::weights::StackedWeights;
use super::batches::{self, Example};
use super::fit::{Epoch, TrainError};
use super::recipe::Recipe;
use crate::architecture::Architecture;
use crate::device::Device;
use crate::network::host_values;
use crate::weights::Weights;

pub use self::size::{propose_stack, stack_bytes};

/// Steps between two looks at the losses: a look waits for the device.
const STEPS_PER_LOOK: usize = 32;

/// What one network of a stack is trained on.
#[derive(Clone, Debug)]
pub struct StackedTask<'a> {
    /// Its windows.
    pub examples: Vec<&'a Example>,
    /// Its seed: the same as of [`fit`](super::fit).
    pub seed: u64,
}

/// Trains a network for each task, all from scratch and at once. Each is trained as [`fit`](super::fit) would train it
/// alone, but for rounding, since sums are taken in another order: in 64-bit floats weights would differ by 1e-7 after 50
/// steps, as tests show. In the 32-bit floats that are used that holds for gradient descent. AdamW divides a gradient by
/// its own size, so that it makes whole steps even of what is rounding alone: some weights then differ by up to 1e-2.
///
/// `observer` is told of each network's epochs, by the task's index, some steps after they end, and can stop that
/// network. Memory on the device grows with the number of tasks ([`stack_bytes`]); [`propose_stack`] says how many fit.
/// A network that has done its steps costs nothing more, so tasks of about the same number of windows go best together.
///
/// The result has an entry for each task, in their order: its weights, or why it has none.
///
/// # Errors
/// What concerns all networks: an unusable recipe, or libtorch that fails, such as for want of memory.
pub fn fit_stacked(
    architecture: Architecture,
    tasks: &[StackedTask<'_>],
    recipe: &Recipe,
    device: Device,
    observer: &mut dyn FnMut(usize, Epoch) -> ControlFlow<()>,
) -> Result<Vec<Result<Weights, TrainError>>, TrainError> {
    fit_stacked_in(Kind::Float, architecture, tasks, recipe, device, observer)
}

fn fit_stacked_in(
    kind: Kind,
    architecture: Architecture,
    tasks: &[StackedTask<'_>],
    recipe: &Recipe,
    device: Device,
    observer: &mut dyn FnMut(usize, Epoch) -> ControlFlow<()>,
) -> Result<Vec<Result<Weights, TrainError>>, TrainError> {
    recipe.check()?;
    let mut results: Vec<Option<Result<Weights, TrainError>>> = tasks.iter().map(|_| None).collect();
    let mut members = Vec::new();
    for ((index, task), result) in tasks.iter().enumerate().zip(&mut results) {
        match check(architecture, task, recipe) {
            Ok(()) => members.push(Member::new(index, task, recipe)),
            Err(error) => *result = Some(Err(error)),
        }
    }
    // Those still at work are then always the first ones. The sort is stable: results do not depend on chance.
    members.sort_by_key(|member| std::cmp::Reverse(member.steps()));
    let mut settle = |index: usize, outcome: Result<Weights, TrainError>| {
        if let Some(place) = results.get_mut(index) {
            place.get_or_insert(outcome);
        }
    };
    if !members.is_empty() {
        Stack::new(kind, architecture, members, recipe, device)?.train(recipe, observer, &mut settle)?;
    }
    // Every member is settled when it leaves the stack.
    Ok(results.into_iter().map(|result| result.unwrap_or(Err(TrainError::Stopped))).collect())
}

fn check(architecture: Architecture, task: &StackedTask<'_>, recipe: &Recipe) -> Result<(), TrainError> {
    batches::check(&task.examples, architecture)?;
    let labels = task.examples.iter().map(|example| example.positive);
    Ok(batches::check_trainable(task.examples.iter().copied(), recipe, labels)?)
}

/// Networks in training; all are at the same step.
struct Stack<'a> {
    architecture: Architecture,
    device: tch::Device,
    /// Of all numbers that are calculated with: 32-bit floats outside tests.
    kind: Kind,
    /// By falling number of steps; those that are done have left.
    members: Vec<Member<'a>>,
    weights: StackedWeights,
    updater: StackedUpdater,
    average: Option<StackedWeights>,
    /// Losses `[members]` of the steps since the last look.
    losses: Vec<Tensor>,
    step: usize,
}

impl<'a> Stack<'a> {
    fn new(
        kind: Kind,
        architecture: Architecture,
        members: Vec<Member<'a>>,
        recipe: &Recipe,
        device: Device,
    ) -> Result<Self, TchError> {
        let device = device.torch();
        let weights = StackedWeights::initial(architecture, &members, recipe, (kind, device))?;
        let updater = StackedUpdater::new(recipe, &weights)?;
        let average = recipe.average_decay.map(|_| weights.detached_copy()).transpose()?;
        Ok(Self {
            architecture,
            device,
            kind,
            members,
            weights,
            updater,
            average,
            losses: Vec::new(),
            step: 0,
        })
    }

    fn train(
        mut self,
        recipe: &Recipe,
        observer: &mut dyn FnMut(usize, Epoch) -> ControlFlow<()>,
        settle: &mut dyn FnMut(usize, Result<Weights, TrainError>),
    ) -> Result<(), TrainError> {
        let mut host = HostInputs::new(self.architecture, recipe);
        while !self.members.is_empty() {
            self.step(recipe, &mut host)?;
            let done = self.members.last().is_some_and(|member| member.steps() == self.step);
            if done || self.losses.len() == STEPS_PER_LOOK {
                self.look(recipe, observer, settle)?;
                self.leave(settle)?;
            }
        }
        Ok(())
    }

    /// One step of all networks. On a GPU it only starts: the host prepares the next step meanwhile.
    fn step(&mut self, recipe: &Recipe, host: &mut HostInputs) -> Result<(), TrainError> {
        host.fill(&mut self.members);
        let inputs = host.to_device(self.members.len(), recipe.dropout, (self.kind, self.device))?;
        let totals = self.members.iter().map(Member::steps);
        let rates = self.updater.rates(self.step, totals, (self.kind, self.device))?;
        let network = StackedNetwork::new(self.architecture, &self.weights.tensors);
        let logits = network.logits(&inputs)?;
        // The mean over a network's own windows: places without a window weigh nothing.
        let mut losses = logits
            .f_binary_cross_entropy_with_logits(&inputs.labels, Some(&inputs.shares), None, Reduction::None)?
            .f_sum_dim_intlist([1i64].as_slice(), false, self.kind)?;
        if recipe.kernel_l2 > 0.0 {
            for kernel in network.kernels() {
                let sum = kernel.f_square()?.f_sum_dim_intlist([1i64, 2, 3].as_slice(), false, self.kind)?;
                losses = losses.f_add(&sum.f_mul_scalar(recipe.kernel_l2)?)?;
            }
        }
        let loss = losses.f_sum(self.kind)?;
        let gradients = Tensor::f_run_backward(&[&loss], &self.weights.tensors, false, false)?;
        self.losses.push(losses.f_detach()?);
        self.updater.update(&mut self.weights, &gradients, self.step, &rates)?;
        self.step += 1;
        if let (Some(average), Some(decay)) = (&mut self.average, recipe.average_decay) {
            average.approach(&self.weights, decay, self.step)?;
        }
        Ok(())
    }

    /// Reads the losses of the last steps, and tells of the epochs that ended in them.
    fn look(
        &mut self,
        recipe: &Recipe,
        observer: &mut dyn FnMut(usize, Epoch) -> ControlFlow<()>,
        settle: &mut dyn FnMut(usize, Result<Weights, TrainError>),
    ) -> Result<(), TchError> {
        let losses = host_values(&Tensor::f_stack(&self.losses, 0)?)?;
        self.losses.clear();
        for row in losses.chunks(self.members.len()) {
            for (member, &loss) in self.members.iter_mut().zip(row) {
                let Some(epoch) = member.account(f64::from(loss), recipe) else { continue };
                if member.given_up {
                    continue;
                }
                if !epoch.loss.is_finite() {
                    let error = TrainError::Diverged { epoch: epoch.number, loss: epoch.loss };
                    settle(member.index, Err(error));
                    member.given_up = true;
                } else if observer(member.index, epoch).is_break() {
                    settle(member.index, Err(TrainError::Stopped));
                    member.given_up = true;
                }
            }
        }
        Ok(())
    }

    /// Lets those go that have done their steps, and those given up behind which nobody works.
    fn leave(
        &mut self,
        settle: &mut dyn FnMut(usize, Result<Weights, TrainError>),
    ) -> Result<(), TrainError> {
        let before = self.members.len();
        while let Some(member) = self.members.last() {
            if !member.given_up {
                if member.steps() > self.step {
                    break;
                }
                let weights = self.average.as_ref().unwrap_or(&self.weights);
                let place = self.members.len() - 1;
                settle(member.index, weights.of(self.architecture, place).map_err(TrainError::from));
            }
            self.members.pop();
        }
        let left = self.members.len();
        if left < before && left > 0 {
            self.weights.shrink(left)?;
            self.updater.shrink(left)?;
            if let Some(average) = &mut self.average {
                average.shrink(left)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
