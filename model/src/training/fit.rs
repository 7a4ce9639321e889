//! The training loop.

use std::ops::ControlFlow;

use tch::{TchError, Tensor};

use super::batches::{self, Example, ExampleError};
use super::native::NativeLearner;
use super::random::Stream;
use super::recipe::{Recipe, RecipeError};
use super::torch::{Polaris, TorchLearner};
use super::trainable::Trainable;
use crate::architecture::Architecture;
use crate::cpu::instruction_set::InstructionSet;
use crate::device::Device;
use crate::ensemble::sigmoid;
use crate::inputs::InputError;
use crate::network::{Network, NetworkError, host_values};
use crate::weights::Weights;

/// Windows predicted at once.
pub(super) const PREDICTION_WINDOWS: usize = 64;

/// What happened in one pass over the training windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Number of the epoch, from 1.
    pub number: usize,
    /// Epochs of the recipe.
    pub epochs: usize,
    /// Mean loss over the steps of this epoch.
    pub loss: f64,
}

/// Training that failed.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Unusable settings.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// Unusable data.
    #[error(transparent)]
    Examples(#[from] ExampleError),
    /// A window that the network cannot read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// libtorch failed, or the weights are no numbers.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The loss left the numbers.
    #[error("the loss is {loss} in epoch {epoch}; a smaller learning rate may help")]
    Diverged {
        /// Number of the epoch, from 1.
        epoch: usize,
        /// The loss.
        loss: f64,
    },
    /// The observer asked to stop.
    #[error("training was stopped")]
    Stopped,
}

impl From<TchError> for TrainError {
    fn from(source: TchError) -> Self {
        Self::Network(NetworkError::Torch(source))
    }
}

/// Trains a network from scratch: on the CPU with code of its own on one thread, on a GPU with libtorch. On the CPU the
/// same examples, recipe and seed give the same weights, bit for bit, whatever else trains meanwhile, on every processor
/// of the same [`arithmetic`].
///
/// `observer` is told of each epoch and can stop the training.
///
/// # Errors
/// If recipe or examples are unusable, the loss diverges, or the observer stops.
pub fn fit(
    architecture: Architecture,
    examples: &[Example],
    recipe: &Recipe,
    seed: u64,
    device: Device,
    observer: &mut dyn FnMut(Epoch) -> ControlFlow<()>,
) -> Result<Weights, TrainError> {
    recipe.check()?;
    batches::check(examples, architecture)?;
    batches::check_trainable(examples.iter(), recipe, examples.iter().map(|example| example.positive))?;
    match device {
        Device::Cpu => {
            let mut learner = NativeLearner::new(architecture, examples, recipe, seed)?;
            run(&mut learner, examples.len(), recipe, seed, observer)?;
            Ok(learner.finish()?)
        }
        Device::Cuda(_) => {
            let weights = train(&Polaris { architecture, examples }, recipe, seed, device.torch(), observer)?;
            Ok(Network::from_tensors(architecture, weights)?.weights()?)
        }
    }
}

/// Of the processor's training: another one gives weights that differ in their last digits.
const OWN_REVISION: u32 = 1;

/// What calculates on a device, as far as it shows in the last digits of weights. Two trainings of the same examples,
/// recipe and seed give the same weights where this is the same, and the device is no GPU.
pub fn arithmetic(device: Device) -> String {
    match device {
        Device::Cpu => {
            // Single precision has no use for more.
            let set = InstructionSet::detect().min(InstructionSet::Avx512);
            format!("own {OWN_REVISION} {set}")
        }
        Device::Cuda(_) => "libtorch".to_owned(),
    }
}

/// Trains a network from scratch with libtorch. Its tensors, in the order of its parameters.
pub(super) fn train(
    network: &impl Trainable,
    recipe: &Recipe,
    seed: u64,
    device: tch::Device,
    observer: &mut dyn FnMut(Epoch) -> ControlFlow<()>,
) -> Result<Vec<Tensor>, TrainError> {
    let mut learner = TorchLearner::new(network, recipe, seed, device)?;
    run(&mut learner, network.examples(), recipe, seed, observer)?;
    Ok(learner.finish())
}

/// A network in training.
pub(super) trait Learner {
    /// Learns from examples by their index, each window moved by its shift in bases. The mean loss before the step.
    fn step(&mut self, chosen: &[(usize, isize)], dropout: &mut Stream) -> Result<f64, TrainError>;
}

/// The loop over so many examples: all epochs of a recipe.
pub(super) fn run(
    learner: &mut dyn Learner,
    examples: usize,
    recipe: &Recipe,
    seed: u64,
    observer: &mut dyn FnMut(Epoch) -> ControlFlow<()>,
) -> Result<(), TrainError> {
    let mut order = Stream::new(seed, 2);
    let mut dropout = Stream::new(seed, 3);
    let mut indices: Vec<usize> = (0..examples).collect();
    for number in 1..=recipe.epochs {
        order.shuffle(&mut indices);
        let mut total = 0.0;
        for indices in indices.chunks(recipe.batch_windows) {
            let chosen: Vec<(usize, isize)> =
                indices.iter().map(|&index| (index, shift(&mut order, recipe.shift_bases))).collect();
            total += learner.step(&chosen, &mut dropout)? * indices.len() as f64;
        }
        let loss = total / examples as f64;
        if !loss.is_finite() {
            return Err(TrainError::Diverged { epoch: number, loss });
        }
        if observer(Epoch { number, epochs: recipe.epochs, loss }).is_break() {
            return Err(TrainError::Stopped);
        }
    }
    Ok(())
}

/// A shift of up to so many bases to either side.
pub(super) fn shift(stream: &mut Stream, bases: usize) -> isize {
    if bases == 0 { 0 } else { stream.below(2 * bases + 1) as isize - bases as isize }
}

/// Probabilities of binding for examples, in their order, as a published network would give them.
///
/// # Errors
/// If an example does not fit the network.
pub fn predict(weights: &Weights, examples: &[Example], device: Device) -> Result<Vec<f32>, TrainError> {
    Ok(predict_logits(weights, examples, device)?.into_iter().map(sigmoid).collect())
}

/// The same before the logistic function, which keeps apart what rounds to 0 and 1.
///
/// # Errors
/// If an example does not fit the network.
pub fn predict_logits(
    weights: &Weights,
    examples: &[Example],
    device: Device,
) -> Result<Vec<f32>, TrainError> {
    let architecture = weights.architecture();
    batches::check(examples, architecture)?;
    let network = Network::new(weights, device.torch())?;
    let _no_grad = tch::no_grad_guard();
    let mut all = Vec::with_capacity(examples.len());
    for chunk in examples.chunks(PREDICTION_WINDOWS) {
        let chosen: Vec<(&Example, isize)> = chunk.iter().map(|example| (example, 0)).collect();
        let batch = batches::batch(architecture, &chosen, device.torch())?;
        all.extend(host_values(&network.logits(&batch, None)?)?);
    }
    Ok(all)
}
