//! Training with libtorch, on any device.

use tch::{Device, Kind, Reduction, TchError, Tensor};

use super::batches::{self, Example};
use super::first_weights::first_weights;
use super::fit::{Learner, TrainError};
use super::optimizer::{Updater, average_decay};
use super::random::Stream;
use super::recipe::Recipe;
use super::trainable::Trainable;
use crate::architecture::{Architecture, Parameter};
use crate::network::Network;

/// A network whose gradients libtorch finds.
#[derive(Debug)]
pub(super) struct TorchLearner<'a, N> {
    network: &'a N,
    recipe: &'a Recipe,
    device: Device,
    weights: Vec<Tensor>,
    updater: Updater,
    average: Option<Average>,
}

impl<'a, N: Trainable> TorchLearner<'a, N> {
    /// Starts from the first weights of a seed.
    pub(super) fn new(
        network: &'a N,
        recipe: &'a Recipe,
        seed: u64,
        device: Device,
    ) -> Result<Self, TchError> {
        let mut weights = Vec::new();
        for (parameter, values) in network.parameters().iter().zip(network.first_weights(recipe, seed)) {
            let shape: Vec<i64> = parameter.shape.iter().map(|&size| size as i64).collect();
            let tensor = Tensor::f_from_slice(&values)?.f_reshape(shape)?.f_to_device(device)?;
            weights.push(tensor.f_set_requires_grad(true)?);
        }
        let updater =
            Updater::new(recipe.optimizer, recipe.schedule, recipe.steps(network.examples()), &weights)?;
        let average = recipe.average_decay.map(|decay| Average::new(decay, &weights)).transpose()?;
        Ok(Self { network, recipe, device, weights, updater, average })
    }

    /// What has been learned.
    pub(super) fn finish(self) -> Vec<Tensor> {
        self.average.map_or(self.weights, |average| average.weights)
    }
}

impl<N: Trainable> Learner for TorchLearner<'_, N> {
    fn step(&mut self, chosen: &[(usize, isize)], dropout: &mut Stream) -> Result<f64, TrainError> {
        let mut loss = self.network.loss(&self.weights, chosen, self.recipe.dropout, dropout, self.device)?;
        if self.recipe.kernel_l2 > 0.0 {
            for kernel in self.network.kernels().into_iter().filter_map(|place| self.weights.get(place)) {
                let squares = kernel.f_square()?.f_sum(Kind::Float)?;
                loss = loss.f_add(&squares.f_mul_scalar(self.recipe.kernel_l2)?)?;
            }
        }
        let gradients = Tensor::f_run_backward(&[&loss], &self.weights, false, false)?;
        self.updater.update(&mut self.weights, &gradients)?;
        if let Some(average) = &mut self.average {
            average.update(&self.weights)?;
        }
        Ok(loss.f_double_value(&[])?)
    }
}

/// The published network with its examples.
#[derive(Debug)]
pub(super) struct Polaris<'a> {
    pub(super) architecture: Architecture,
    pub(super) examples: &'a [Example],
}

impl Trainable for Polaris<'_> {
    fn parameters(&self) -> Vec<Parameter> {
        self.architecture.parameters()
    }

    fn first_weights(&self, recipe: &Recipe, seed: u64) -> Vec<Vec<f32>> {
        first_weights(self.architecture, self.examples.iter(), recipe, seed)
    }

    fn kernels(&self) -> Vec<usize> {
        // The two convolutions, each followed by its bias.
        vec![0, 2]
    }

    fn examples(&self) -> usize {
        self.examples.len()
    }

    fn loss(
        &self,
        weights: &[Tensor],
        chosen: &[(usize, isize)],
        rates: [f64; 3],
        dropout: &mut Stream,
        device: Device,
    ) -> Result<Tensor, TrainError> {
        let architecture = self.architecture;
        let chosen: Vec<(&Example, isize)> = chosen
            .iter()
            .filter_map(|&(index, shift)| self.examples.get(index).map(|example| (example, shift)))
            .collect();
        let weights = weights.iter().map(Tensor::shallow_clone).collect();
        let network = Network::from_tensors(architecture, weights)?;
        let batch = batches::batch(architecture, &chosen, device)?;
        let masks = batches::dropout_tensors(architecture, chosen.len(), rates, dropout, device)?;
        let logits = network.logits(&batch, Some(&masks))?;
        let labels = batches::labels(&chosen, device)?;
        Ok(logits.f_binary_cross_entropy_with_logits::<Tensor>(&labels, None, None, Reduction::Mean)?)
    }
}

/// Running mean of the weights (Polyak), without the bias of its start.
#[derive(Debug)]
struct Average {
    decay: f64,
    steps: usize,
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
        let decay = average_decay(self.decay, self.steps);
        for (average, weight) in self.weights.iter_mut().zip(weights) {
            let _ = average.f_lerp_(&weight.f_detach()?, 1.0 - decay)?;
        }
        Ok(())
    }
}
