//! The training loop.

use std::ops::ControlFlow;

use tch::{Reduction, TchError, Tensor};

use super::batches::{self, Example, ExampleError};
use super::optimizer::Updater;
use super::random::Stream;
use super::recipe::{Recipe, RecipeError};
use crate::architecture::Architecture;
use crate::device::Device;
use crate::ensemble::sigmoid;
use crate::inputs::InputError;
use crate::network::{Network, NetworkError, host_values};
use crate::weights::Weights;

/// Windows predicted at once.
const PREDICTION_WINDOWS: usize = 64;

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

/// Trains a network from scratch. On the CPU the same examples, recipe, seed and number of threads in an operation
/// ([`set_threads`](crate::set_threads)) give the same weights, bit for bit, whatever else trains meanwhile.
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
    batches::check_trainable(examples, recipe)?;
    let device = device.torch();
    let mut initial = Stream::new(seed, 1);
    let mut order = Stream::new(seed, 2);
    let mut dropout = Stream::new(seed, 3);

    let mut weights = Vec::new();
    for parameter in architecture.parameters() {
        let shape: Vec<i64> = parameter.shape.iter().map(|&size| size as i64).collect();
        let tensor =
            Tensor::f_from_slice(&initial.initial(&parameter))?.f_reshape(shape)?.f_to_device(device)?;
        weights.push(tensor.f_set_requires_grad(true)?);
    }
    let network = Network::from_tensors(architecture, weights.iter().map(Tensor::shallow_clone).collect())?;
    let steps = examples.len().div_ceil(recipe.batch_windows) * recipe.epochs;
    let mut updater = Updater::new(recipe.optimizer, recipe.schedule, steps, &weights)?;
    let mut average = recipe.average_decay.map(|decay| Average::new(decay, &weights)).transpose()?;

    let mut indices: Vec<usize> = (0..examples.len()).collect();
    for number in 1..=recipe.epochs {
        order.shuffle(&mut indices);
        let mut total = 0.0;
        for indices in indices.chunks(recipe.batch_windows) {
            let chosen: Vec<(&Example, isize)> = indices
                .iter()
                .filter_map(|&index| examples.get(index))
                .map(|example| (example, shift(&mut order, recipe.shift_bases)))
                .collect();
            let batch = batches::batch(architecture, &chosen, device)?;
            let masks = batches::dropout(architecture, chosen.len(), recipe.dropout, &mut dropout, device)?;
            let logits = network.logits(&batch, Some(&masks))?;
            let labels = batches::labels(&chosen, device)?;
            let mut loss =
                logits.f_binary_cross_entropy_with_logits::<Tensor>(&labels, None, None, Reduction::Mean)?;
            if recipe.kernel_l2 > 0.0 {
                for kernel in network.kernels() {
                    loss = loss.f_add(
                        &kernel.f_square()?.f_sum(tch::Kind::Float)?.f_mul_scalar(recipe.kernel_l2)?,
                    )?;
                }
            }
            let gradients = Tensor::f_run_backward(&[&loss], &weights, false, false)?;
            updater.update(&mut weights, &gradients)?;
            if let Some(average) = &mut average {
                average.update(&weights)?;
            }
            total += loss.f_double_value(&[])? * indices.len() as f64;
        }
        let loss = total / examples.len() as f64;
        if !loss.is_finite() {
            return Err(TrainError::Diverged { epoch: number, loss });
        }
        if observer(Epoch { number, epochs: recipe.epochs, loss }).is_break() {
            return Err(TrainError::Stopped);
        }
    }
    match average {
        Some(average) => Ok(Network::from_tensors(architecture, average.weights)?.weights()?),
        None => Ok(network.weights()?),
    }
}

/// A shift of up to so many bases to either side.
fn shift(stream: &mut Stream, bases: usize) -> isize {
    if bases == 0 { 0 } else { stream.below(2 * bases + 1) as isize - bases as isize }
}

/// Running mean of the weights (Polyak), without the bias of its start.
struct Average {
    decay: f64,
    steps: i32,
    weights: Vec<Tensor>,
}

impl Average {
    fn new(decay: f64, weights: &[Tensor]) -> Result<Self, TchError> {
        let weights = weights.iter().map(|weight| weight.f_detach_copy()).collect::<Result<_, _>>()?;
        Ok(Self { decay, steps: 0, weights })
    }

    fn update(&mut self, weights: &[Tensor]) -> Result<(), TchError> {
        let _no_grad = tch::no_grad_guard();
        self.steps += 1;
        // Early on the mean spans a tenth of the steps so far.
        let steps = f64::from(self.steps);
        let decay = self.decay.min((1.0 + steps) / (10.0 + steps));
        for (average, weight) in self.weights.iter_mut().zip(weights) {
            let _ = average.f_lerp_(&weight.f_detach()?, 1.0 - decay)?;
        }
        Ok(())
    }
}

/// Probabilities of binding for examples, in their order, as a published network would give them.
///
/// # Errors
/// If an example does not fit the network.
pub fn predict(weights: &Weights, examples: &[Example], device: Device) -> Result<Vec<f32>, TrainError> {
    let architecture = weights.architecture();
    batches::check(examples, architecture)?;
    let network = Network::new(weights, device.torch())?;
    let _no_grad = tch::no_grad_guard();
    let mut probabilities = Vec::with_capacity(examples.len());
    for chunk in examples.chunks(PREDICTION_WINDOWS) {
        let chosen: Vec<(&Example, isize)> = chunk.iter().map(|example| (example, 0)).collect();
        let batch = batches::batch(architecture, &chosen, device.torch())?;
        let logits = host_values(&network.logits(&batch, None)?)?;
        probabilities.extend(logits.into_iter().map(sigmoid));
    }
    Ok(probabilities)
}
