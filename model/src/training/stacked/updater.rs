//! The update rules of [`crate::training::optimizer`] on stacked weights, each network with its own learning rate.

use tch::{TchError, Tensor};

use super::weights::StackedWeights;
use crate::cpu::learning::{BETA1, BETA2, EPSILON, RMS_DECAY, RMS_EPSILON};
use crate::training::optimizer::share;
use crate::training::recipe::{Optimizer, Recipe, Schedule};

#[derive(Debug)]
pub(super) struct StackedUpdater {
    rule: Optimizer,
    schedule: Schedule,
    moments: Vec<(Tensor, Tensor)>,
}

impl StackedUpdater {
    pub(super) fn new(recipe: &Recipe, weights: &StackedWeights) -> Result<Self, TchError> {
        let zeros = |weight: &Tensor| weight.f_detach()?.f_zeros_like();
        let moments = match recipe.optimizer {
            Optimizer::Sgd { .. } => Vec::new(),
            Optimizer::RmsProp { .. } | Optimizer::AdamW { .. } => weights
                .tensors
                .iter()
                .map(|weight| Ok((zeros(weight)?, zeros(weight)?)))
                .collect::<Result<_, TchError>>()?,
        };
        Ok(Self { rule: recipe.optimizer, schedule: recipe.schedule, moments })
    }

    /// Keeps the first so many networks.
    pub(super) fn shrink(&mut self, networks: usize) -> Result<(), TchError> {
        for (mean, square) in &mut self.moments {
            *mean = mean.f_narrow(0, 0, networks as i64)?;
            *square = square.f_narrow(0, 0, networks as i64)?;
        }
        Ok(())
    }

    /// Moves the weights by their gradients. All networks are at the same step, from 0; `totals` are the steps that
    /// each takes in all.
    pub(super) fn update(
        &mut self,
        weights: &mut StackedWeights,
        gradients: &[Tensor],
        step: usize,
        totals: &[usize],
    ) -> Result<(), TchError> {
        let _no_grad = tch::no_grad_guard();
        let Some(first) = weights.tensors.first() else { return Ok(()) };
        let (device, kind) = (first.device(), first.f_kind()?);
        let learning_rate = match self.rule {
            Optimizer::Sgd { learning_rate }
            | Optimizer::RmsProp { learning_rate }
            | Optimizer::AdamW { learning_rate, .. } => learning_rate,
        };
        let rates: Vec<f64> =
            totals.iter().map(|&steps| share(self.schedule, step, steps) * learning_rate).collect();
        let column = |factor: &dyn Fn(f64) -> f64, dimensions: usize| {
            let values: Vec<f64> = rates.iter().map(|&rate| factor(rate)).collect();
            let mut shape = vec![1i64; dimensions];
            if let Some(first) = shape.first_mut() {
                *first = values.len() as i64;
            }
            Tensor::f_from_slice(&values)?.f_reshape(shape)?.f_to_kind(kind)?.f_to_device(device)
        };
        let power = i32::try_from(step + 1).unwrap_or(i32::MAX);
        let correction1 = 1.0 - BETA1.powi(power);
        let correction2 = (1.0 - BETA2.powi(power)).sqrt();
        for (index, (weight, gradient)) in weights.tensors.iter_mut().zip(gradients).enumerate() {
            let dimensions = weight.dim();
            match self.rule {
                Optimizer::Sgd { .. } => {
                    let _ = weight.f_addcmul_(gradient, &column(&|rate| -rate, dimensions)?)?;
                }
                Optimizer::RmsProp { .. } => {
                    let Some((_, square)) = self.moments.get_mut(index) else { continue };
                    let _ = square.f_lerp_(&gradient.f_square()?, 1.0 - RMS_DECAY)?;
                    let mut denominator = square.f_sqrt()?;
                    let _ = denominator
                        .f_add_scalar_(RMS_EPSILON)?
                        .f_mul_(&column(&|rate| -1.0 / rate, dimensions)?)?;
                    let _ = weight.f_addcdiv_(gradient, &denominator)?;
                }
                Optimizer::AdamW { weight_decay, .. } => {
                    let Some((mean, square)) = self.moments.get_mut(index) else { continue };
                    // Biases have one dimension besides that of networks.
                    if dimensions > 2 && weight_decay > 0.0 {
                        let _ = weight.f_mul_(&column(&|rate| 1.0 - rate * weight_decay, dimensions)?)?;
                    }
                    let _ = mean.f_lerp_(gradient, 1.0 - BETA1)?;
                    let _ = square.f_lerp_(&gradient.f_square()?, 1.0 - BETA2)?;
                    // As for a network alone, with the factors drawn into the denominator.
                    let factor = |rate: f64| -correction1 / (rate * correction2);
                    let mut denominator = square.f_sqrt()?;
                    let _ = denominator
                        .f_add_scalar_(EPSILON * correction2)?
                        .f_mul_(&column(&factor, dimensions)?)?;
                    let _ = weight.f_addcdiv_(mean, &denominator)?;
                }
            }
        }
        Ok(())
    }
}
