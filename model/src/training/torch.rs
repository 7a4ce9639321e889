//! Training with libtorch: the network in its plainest form, on any device.

use tch::{Device, Kind, Reduction, TchError, Tensor};

use super::batches::{self, Example};
use super::fit::{Learner, TrainError};
use super::optimizer::{Updater, average_decay};
use super::random::Stream;
use super::recipe::Recipe;
use crate::architecture::Architecture;
use crate::network::{Network, NetworkError};
use crate::weights::Weights;

/// A network whose gradients libtorch finds.
#[derive(Debug)]
pub(super) struct TorchLearner {
    architecture: Architecture,
    device: Device,
    dropout: [f64; 3],
    kernel_l2: f64,
    weights: Vec<Tensor>,
    network: Network,
    updater: Updater,
    average: Option<Average>,
}

impl TorchLearner {
    /// Starts from weights, for so many steps.
    pub(super) fn new(
        initial: &Weights,
        recipe: &Recipe,
        steps: usize,
        device: Device,
    ) -> Result<Self, TchError> {
        let architecture = initial.architecture();
        let mut weights = Vec::new();
        for (parameter, values) in initial.iter() {
            let shape: Vec<i64> = parameter.shape.iter().map(|&size| size as i64).collect();
            let tensor = Tensor::f_from_slice(values)?.f_reshape(shape)?.f_to_device(device)?;
            weights.push(tensor.f_set_requires_grad(true)?);
        }
        Ok(Self {
            architecture,
            device,
            dropout: recipe.dropout,
            kernel_l2: recipe.kernel_l2,
            network: Network::from_tensors(
                architecture,
                weights.iter().map(Tensor::shallow_clone).collect(),
            )?,
            updater: Updater::new(recipe.optimizer, recipe.schedule, steps, &weights)?,
            average: recipe.average_decay.map(|decay| Average::new(decay, &weights)).transpose()?,
            weights,
        })
    }
}

impl Learner for TorchLearner {
    fn step(&mut self, chosen: &[(&Example, isize)], dropout: &mut Stream) -> Result<f64, TrainError> {
        let batch = batches::batch(self.architecture, chosen, self.device)?;
        let masks =
            batches::dropout_tensors(self.architecture, chosen.len(), self.dropout, dropout, self.device)?;
        let logits = self.network.logits(&batch, Some(&masks))?;
        let labels = batches::labels(chosen, self.device)?;
        let mut loss =
            logits.f_binary_cross_entropy_with_logits::<Tensor>(&labels, None, None, Reduction::Mean)?;
        if self.kernel_l2 > 0.0 {
            for kernel in self.network.kernels() {
                loss = loss.f_add(&kernel.f_square()?.f_sum(Kind::Float)?.f_mul_scalar(self.kernel_l2)?)?;
            }
        }
        let gradients = Tensor::f_run_backward(&[&loss], &self.weights, false, false)?;
        self.updater.update(&mut self.weights, &gradients)?;
        if let Some(average) = &mut self.average {
            average.update(&self.weights)?;
        }
        Ok(loss.f_double_value(&[])?)
    }

    fn weights(&mut self) -> Result<Weights, NetworkError> {
        match self.average.take() {
            Some(average) => Network::from_tensors(self.architecture, average.weights)?.weights(),
            None => self.network.weights(),
        }
    }
}

/// Running mean of the weights (Polyak), without the bias of its start.
#[derive(Debug)]
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
        let decay = average_decay(self.decay, self.steps);
        for (average, weight) in self.weights.iter_mut().zip(weights) {
            let _ = average.f_lerp_(&weight.f_detach()?, 1.0 - decay)?;
        }
        Ok(())
    }
}
