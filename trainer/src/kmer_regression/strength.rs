//! How strongly weights are held down.

use super::objective::{Objective, Scaling};
use super::{ROUGH_TOLERANCE, Regression, Windows};

/// Strengths that are tried, the strongest first: each fit starts from the one before.
const STRENGTHS: [f64; 10] = [0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6];
/// Strengths in a row that are no better than the best before: the rest would overfit more still.
const PATIENCE: usize = 2;

/// A chosen strength and what it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Choice {
    /// Factor of half the squared weights.
    pub(crate) strength: f64,
    /// Mean cross-entropy, in nats, of the windows left out.
    pub(crate) loss: f64,
}

/// The strength whose fit to `fitted` has the least cross-entropy on `left_out`; of equal ones the strongest.
pub(crate) fn choose_strength(fitted: &Windows<'_>, left_out: &Windows<'_>) -> Choice {
    let scaling = Scaling::new(fitted);
    let mut best = Choice { strength: STRENGTHS[0], loss: f64::INFINITY };
    let (mut regression, mut worse) = (None, 0);
    for strength in STRENGTHS {
        let objective = Objective { windows: fitted, scaling: &scaling, strength };
        let next = Regression::fit_scaled(&objective, ROUGH_TOLERANCE, regression.as_ref());
        let loss = next.loss(left_out);
        if loss < best.loss {
            (best, worse) = (Choice { strength, loss }, 0);
        } else {
            worse += 1;
        }
        if worse == PATIENCE {
            break;
        }
        regression = Some(next);
    }
    best
}
