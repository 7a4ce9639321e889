//! The update rules of [`crate::training::optimizer`] on stacked weights, each network with its own learning rate.

use tch::{Device, Kind, TchError, Tensor};

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

    /// Learning rates `[networks]` of a step, from 0; `totals` are the steps that each network takes in all. To be
    /// asked for before the step is calculated, since what is sent to a device waits for it.
    pub(super) fn rates(
        &self,
        step: usize,
        totals: impl Iterator<Item = usize>,
        (kind, device): (Kind, Device),
    ) -> Result<Tensor, TchError> {
        let learning_rate = match self.rule {
            Optimizer::Sgd { learning_rate }
            | Optimizer::RmsProp { learning_rate }
            | Optimizer::AdamW { learning_rate, .. } => learning_rate,
        };
        let rates: Vec<f64> = totals.map(|steps| share(self.schedule, step, steps) * learning_rate).collect();
        Tensor::f_from_slice(&rates)?.f_to_kind(kind)?.f_to_device(device)
    }

    /// Moves the weights by their gradients. All networks are at the same step, from 0.
    pub(super) fn update(
        &mut self,
        weights: &mut StackedWeights,
        gradients: &[Tensor],
        step: usize,
        rates: &Tensor,
    ) -> Result<(), TchError> {
        let _no_grad = tch::no_grad_guard();
        let power = i32::try_from(step + 1).unwrap_or(i32::MAX);
        let correction1 = 1.0 - BETA1.powi(power);
        let correction2 = (1.0 - BETA2.powi(power)).sqrt();
        for (index, (weight, gradient)) in weights.tensors.iter_mut().zip(gradients).enumerate() {
            let dimensions = weight.dim();
            // A number for each network, to be multiplied with all of its weights.
            let shape: Vec<i64> =
                (0..dimensions).map(|dimension| if dimension == 0 { -1 } else { 1 }).collect();
            let rates = rates.f_view(shape.as_slice())?;
            match self.rule {
                Optimizer::Sgd { .. } => {
                    let _ = weight.f_addcmul_(gradient, &rates.f_neg()?)?;
                }
                Optimizer::RmsProp { .. } => {
                    let Some((_, square)) = self.moments.get_mut(index) else { continue };
                    let _ = square.f_lerp_(&gradient.f_square()?, 1.0 - RMS_DECAY)?;
                    let mut denominator = square.f_sqrt()?;
                    let _ =
                        denominator.f_add_scalar_(RMS_EPSILON)?.f_mul_(&rates.f_reciprocal()?.f_neg()?)?;
                    let _ = weight.f_addcdiv_(gradient, &denominator)?;
                }
                Optimizer::AdamW { weight_decay, .. } => {
                    let Some((mean, square)) = self.moments.get_mut(index) else { continue };
                    // Biases have one dimension besides that of networks.
                    if dimensions > 2 && weight_decay > 0.0 {
                        let _ = weight.f_mul_(&rates.f_mul_scalar(-weight_decay)?.f_add_scalar(1.0)?)?;
                    }
                    let _ = mean.f_lerp_(gradient, 1.0 - BETA1)?;
                    let _ = square.f_lerp_(&gradient.f_square()?, 1.0 - BETA2)?;
                    // As for a network alone, with the factors drawn into the denominator.
                    let factors = rates.f_reciprocal()?.f_mul_scalar(-correction1 / correction2)?;
                    let mut denominator = square.f_sqrt()?;
                    let _ = denominator.f_add_scalar_(EPSILON * correction2)?.f_mul_(&factors)?;
                    let _ = weight.f_addcdiv_(mean, &denominator)?;
                }
            }
        }
        Ok(())
    }
}
