//! Logistic regression on counts of k-mers: the floor under a network. What a network does not do better than this, it
//! need not be a network for.
//!
//! Features are ln(1 + count) of every k-mer of A, C, G and T up to a length, overlapping ones too, in the sequence as it
//! is given (the RNA's strand), and any covariates. The shorter k-mers are there because a few hundred windows do not
//! suffice to learn thousands of weights: without them the floor lies too low. Each feature is centered and scaled over the
//! training windows, the mean over these of the cross-entropy plus half the strength times the squared weights is
//! minimized, and the strength is the one with the least cross-entropy on windows left out. Nothing is random, and threads
//! decide nothing.

mod features;
mod minimize;
mod objective;
mod strength;

pub(crate) use features::{Features, KMER_RANGE};
pub(crate) use strength::{Choice, choose_strength};

use objective::{Objective, Scaling};

/// A fit is done when its objective is surely this close, in nats, to the least one (in truth, some tenth of it).
const TOLERANCE: f64 = 1e-4;
/// The same of a fit that is only to be compared with others.
const ROUGH_TOLERANCE: f64 = 1e-3;
/// Steps of a fit at most.
const MOST_STEPS: usize = 200;

/// Windows that a regression learns from or is tried on: rows of features with their labels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows<'a> {
    /// The features of all windows.
    pub(crate) features: &'a Features,
    /// Their labels.
    pub(crate) labels: &'a [bool],
    /// The rows to use.
    pub(crate) rows: &'a [usize],
}

/// A fitted regression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Regression {
    /// A weight for each feature as it is, unscaled.
    weights: Vec<f64>,
    intercept: f64,
    /// As the fit ends: scaled weights, then the intercept. Where the next fit may start.
    parameters: Vec<f64>,
}

impl Regression {
    /// Fits to windows, from `start` if there is one.
    pub(crate) fn fit(windows: &Windows<'_>, strength: f64, start: Option<&Self>) -> Self {
        let scaling = Scaling::new(windows);
        Self::fit_scaled(&Objective { windows, scaling: &scaling, strength }, TOLERANCE, start)
    }

    fn fit_scaled(objective: &Objective<'_>, tolerance: f64, start: Option<&Self>) -> Self {
        let start = start.map_or_else(|| objective.start(), |fitted| fitted.parameters.clone());
        // The objective curves at least by the strength, so that a gradient bounds how far down it can go.
        let gradient = (2.0 * objective.strength * tolerance).sqrt();
        let parameters = minimize::minimize(start, gradient, MOST_STEPS, |parameters, gradient| {
            objective.evaluate(parameters, gradient)
        });
        let (weights, intercept) = objective.scaling.unscaled(&parameters);
        Self { weights, intercept, parameters }
    }

    /// The logits that rows of features are predicted.
    pub(crate) fn logits(&self, features: &Features, rows: &[usize]) -> Vec<f64> {
        rows.iter().map(|row| self.intercept + features.dot(*row, &self.weights)).collect()
    }

    /// The mean cross-entropy of windows, in nats.
    fn loss(&self, windows: &Windows<'_>) -> f64 {
        let logits = self.logits(windows.features, windows.rows);
        let losses =
            windows.rows.iter().zip(&logits).map(|(row, logit)| {
                crate::metrics::softplus(if windows.labels[*row] { -logit } else { *logit })
            });
        losses.sum::<f64>() / windows.rows.len() as f64
    }
}

#[cfg(test)]
mod tests;
