//! Update rules, in place on the weights.

use tch::{TchError, Tensor};

use super::recipe::{Optimizer, Schedule};
use crate::cpu::learning::{BETA1, BETA2, EPSILON, RMS_DECAY, RMS_EPSILON, Rule};

/// Share of the steps over which the learning rate rises.
const WARM_UP: f64 = 0.1;
/// What is left of the learning rate at the end.
const FINAL_SHARE: f64 = 0.01;

/// An update rule with its state.
#[derive(Debug)]
pub(super) struct Updater {
    rule: Optimizer,
    schedule: Schedule,
    steps: usize,
    step: usize,
    moments: Vec<(Tensor, Tensor)>,
}

impl Updater {
    /// A rule for so many steps over these weights.
    pub(super) fn new(
        rule: Optimizer,
        schedule: Schedule,
        steps: usize,
        weights: &[Tensor],
    ) -> Result<Self, TchError> {
        let moments = match rule {
            Optimizer::Sgd { .. } => Vec::new(),
            Optimizer::RmsProp { .. } => weights
                .iter()
                .map(|weight| {
                    let square = weight.detach().f_zeros_like()?;
                    // There is no mean of gradients.
                    Ok((square.f_new_zeros([0], (square.kind(), square.device()))?, square))
                })
                .collect::<Result<_, TchError>>()?,
            Optimizer::AdamW { .. } => weights
                .iter()
                .map(|weight| Ok((weight.detach().f_zeros_like()?, weight.detach().f_zeros_like()?)))
                .collect::<Result<_, TchError>>()?,
        };
        Ok(Self { rule, schedule, steps, step: 0, moments })
    }

    /// Moves the weights by their gradients, which stand in the same order.
    pub(super) fn update(&mut self, weights: &mut [Tensor], gradients: &[Tensor]) -> Result<(), TchError> {
        let _no_grad = tch::no_grad_guard();
        let share = share(self.schedule, self.step, self.steps);
        self.step += 1;
        for (index, (weight, gradient)) in weights.iter_mut().zip(gradients).enumerate() {
            match self.rule {
                Optimizer::Sgd { learning_rate } => {
                    let _ = weight.f_sub_(&gradient.f_mul_scalar(share * learning_rate)?)?;
                }
                Optimizer::RmsProp { learning_rate } => {
                    let Some((_, square)) = self.moments.get_mut(index) else { continue };
                    let _ = square.f_lerp_(&gradient.f_square()?, 1.0 - RMS_DECAY)?;
                    let mut denominator = square.f_sqrt()?;
                    let _ = denominator
                        .f_add_scalar_(RMS_EPSILON)?
                        .f_mul_scalar_(-1.0 / (share * learning_rate))?;
                    let _ = weight.f_addcdiv_(gradient, &denominator)?;
                }
                Optimizer::AdamW { learning_rate, weight_decay } => {
                    let Some((mean, square)) = self.moments.get_mut(index) else { continue };
                    let rate = share * learning_rate;
                    if weight.dim() > 1 && weight_decay > 0.0 {
                        let _ = weight.f_mul_scalar_(1.0 - rate * weight_decay)?;
                    }
                    let step = i32::try_from(self.step).unwrap_or(i32::MAX);
                    let correction1 = 1.0 - BETA1.powi(step);
                    let correction2 = (1.0 - BETA2.powi(step)).sqrt();
                    let _ = mean.f_lerp_(gradient, 1.0 - BETA1)?;
                    let _ = square.f_lerp_(&gradient.f_square()?, 1.0 - BETA2)?;
                    // weight -= rate * (mean / correction1) / (sqrt(square) / correction2 + epsilon), with the
                    // factors drawn into the denominator: each pass over the weights counts.
                    let mut denominator = square.f_sqrt()?;
                    let _ = denominator
                        .f_add_scalar_(EPSILON * correction2)?
                        .f_mul_scalar_(-correction1 / (rate * correction2))?;
                    let _ = weight.f_addcdiv_(mean, &denominator)?;
                }
            }
        }
        Ok(())
    }
}

/// The rule at a step of so many, for weights outside libtorch.
pub(super) fn rule(optimizer: Optimizer, schedule: Schedule, step: usize, steps: usize) -> Rule {
    let share = share(schedule, step, steps);
    match optimizer {
        Optimizer::Sgd { learning_rate } => Rule::Sgd { rate: (share * learning_rate) as f32 },
        Optimizer::RmsProp { learning_rate } => Rule::RmsProp { rate: (share * learning_rate) as f32 },
        Optimizer::AdamW { learning_rate, weight_decay } => {
            let rate = share * learning_rate;
            let step = i32::try_from(step + 1).unwrap_or(i32::MAX);
            Rule::AdamW {
                shrink: (1.0 - rate * weight_decay) as f32,
                rate: (rate / (1.0 - BETA1.powi(step))) as f32,
                scale: (1.0 / (1.0 - BETA2.powi(step)).sqrt()) as f32,
            }
        }
    }
}

/// Decay of a running mean of weights after so many steps: early on the mean spans a tenth of them.
pub(super) fn average_decay(decay: f64, steps: usize) -> f64 {
    let steps = steps as f64;
    decay.min((1.0 + steps) / (10.0 + steps))
}

/// Share of the learning rate at a step of so many.
pub(super) fn share(schedule: Schedule, step: usize, steps: usize) -> f64 {
    match schedule {
        Schedule::Constant => 1.0,
        Schedule::WarmUpCosine => {
            let warm_up = (steps as f64 * WARM_UP).ceil().max(1.0);
            let done = step as f64;
            if done < warm_up {
                (done + 1.0) / warm_up
            } else {
                let progress = ((done - warm_up) / (steps as f64 - warm_up).max(1.0)).min(1.0);
                FINAL_SHARE + (1.0 - FINAL_SHARE) * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedule_rises_then_falls() {
        let shares: Vec<f64> = (0..100).map(|step| share(Schedule::WarmUpCosine, step, 100)).collect();
        assert!((shares[0] - 0.1).abs() < 1e-12 && (shares[9] - 1.0).abs() < 1e-12);
        assert!(shares[10..].is_sorted_by(|a, b| a >= b));
        assert!(shares[99] < 0.02 && shares[99] >= FINAL_SHARE);
        assert_eq!(share(Schedule::Constant, 99, 100), 1.0);
    }

    /// The first steps of Adam on known gradients, by hand: a step of constant gradient is the rate itself.
    #[test]
    fn adam_first_steps() {
        let rule = Optimizer::AdamW { learning_rate: 0.1, weight_decay: 0.5 };
        let mut weights = [Tensor::from_slice(&[1f32, -2.0]).reshape([1, 2]).set_requires_grad(true)];
        let mut updater = Updater::new(rule, Schedule::Constant, 2, &weights).unwrap();
        for _ in 0..2 {
            updater.update(&mut weights, &[Tensor::from_slice(&[3f32, -4.0]).reshape([1, 2])]).unwrap();
        }
        let expected = [(1.0 * 0.95 - 0.1) * 0.95 - 0.1, (-2.0 * 0.95 + 0.1) * 0.95 + 0.1];
        let found = crate::network::host_values(&weights[0]).unwrap();
        for (found, expected) in found.iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} {expected}");
        }
    }

    /// By hand: the mean square is 0.1 g^2, then 0.19 g^2, of a constant gradient.
    #[test]
    fn rmsprop_first_steps() {
        let rule = Optimizer::RmsProp { learning_rate: 0.1 };
        let mut weights = [Tensor::from_slice(&[1f32, -2.0]).set_requires_grad(true)];
        let mut updater = Updater::new(rule, Schedule::Constant, 2, &weights).unwrap();
        for _ in 0..2 {
            updater.update(&mut weights, &[Tensor::from_slice(&[3f32, -4.0])]).unwrap();
        }
        let moved = 0.1 / 0.1f64.sqrt() + 0.1 / 0.19f64.sqrt();
        let found = crate::network::host_values(&weights[0]).unwrap();
        for (found, expected) in found.iter().zip([1.0 - moved, -2.0 + moved]) {
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} {expected}");
        }
    }
}
