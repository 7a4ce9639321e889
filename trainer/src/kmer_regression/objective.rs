//! What a fit makes small.

use rayon::prelude::*;

use super::{Features, Windows};
use crate::metrics::softplus;

/// Parts that a sum over windows is made of. Their number must not depend on threads: sums of parts are added in order,
/// and so come out the same bit for bit.
const PARTS: usize = 32;

/// Mean and spread of each feature over the training windows.
///
/// Scaled, the k-mers of a length have a variance of 1 together, and so has each covariate. Were it 1 for each k-mer, what
/// holds thousands of them down would not let a few covariates speak.
#[derive(Clone, Debug)]
pub(super) struct Scaling {
    means: Vec<f64>,
    /// 1 / (standard deviation times the root of how many columns are alike); 0 for a feature that does not vary, whose
    /// weight then stays 0.
    scales: Vec<f64>,
}

impl Scaling {
    pub(super) fn new(windows: &Windows<'_>) -> Self {
        let width = windows.features.width();
        let (mut means, mut scales) = (vec![0.0; width], vec![0.0; width]);
        let count = windows.rows.len() as f64;
        for row in windows.rows {
            windows.features.row(*row).for_each(|(column, value)| {
                means[column] += value / count;
                scales[column] += value * value / count;
            });
        }
        for (column, (scale, mean)) in scales.iter_mut().zip(&means).enumerate() {
            let variance = *scale - mean * mean;
            let alike = windows.features.columns_alike(column) as f64;
            // What rounding leaves of no variance is no variance.
            *scale = if variance > 1e-9 * *scale { 1.0 / (variance * alike).sqrt() } else { 0.0 };
        }
        Self { means, scales }
    }

    /// Weights of the features as they are, and the intercept, of scaled weights followed by the intercept.
    pub(super) fn unscaled(&self, parameters: &[f64]) -> (Vec<f64>, f64) {
        let weights: Vec<f64> = parameters.iter().zip(&self.scales).map(|(w, scale)| w * scale).collect();
        let shift: f64 = weights.iter().zip(&self.means).map(|(weight, mean)| weight * mean).sum();
        (weights, parameters.last().copied().unwrap_or(0.0) - shift)
    }
}

/// Mean cross-entropy of windows plus half the strength times the squared scaled weights; the intercept is free.
#[derive(Clone, Copy, Debug)]
pub(super) struct Objective<'a> {
    pub(super) windows: &'a Windows<'a>,
    pub(super) scaling: &'a Scaling,
    pub(super) strength: f64,
}

/// Sums over some windows.
struct Part {
    loss: f64,
    residuals: f64,
    by_feature: Vec<f64>,
}

impl Objective<'_> {
    /// No weights, and the intercept that fits best without any.
    pub(super) fn start(&self) -> Vec<f64> {
        let bound = self.windows.rows.iter().filter(|row| self.windows.labels[**row]).count() as f64;
        let free = self.windows.rows.len() as f64 - bound;
        let mut start = vec![0.0; self.windows.features.width() + 1];
        if let Some(intercept) = start.last_mut() {
            *intercept = ((bound + 0.5) / (free + 0.5)).ln();
        }
        start
    }

    /// The objective at `parameters`, scaled weights and the intercept; writes its gradient.
    pub(super) fn evaluate(&self, parameters: &[f64], gradient: &mut [f64]) -> f64 {
        let (weights, intercept) = self.scaling.unscaled(parameters);
        let rows = self.windows.rows;
        let parts: Vec<Part> = rows
            .par_chunks(rows.len().div_ceil(PARTS).max(1))
            .map(|rows| self.part(rows, &weights, intercept))
            .collect();
        let count = rows.len() as f64;
        gradient.fill(0.0);
        let (mut loss, mut residuals) = (0.0, 0.0);
        for part in &parts {
            loss += part.loss;
            residuals += part.residuals;
            for (sum, value) in gradient.iter_mut().zip(&part.by_feature) {
                *sum += value;
            }
        }
        let mut squares = 0.0;
        let columns = gradient.iter_mut().zip(parameters).zip(&self.scaling.means).zip(&self.scaling.scales);
        for (((slope, weight), mean), scale) in columns {
            *slope = (*slope - mean * residuals) * scale / count + self.strength * weight;
            squares += weight * weight;
        }
        if let Some(slope) = gradient.last_mut() {
            *slope = residuals / count;
        }
        loss / count + self.strength * squares / 2.0
    }

    fn part(&self, rows: &[usize], weights: &[f64], intercept: f64) -> Part {
        let Windows { features, labels, .. } = *self.windows;
        let mut part = Part { loss: 0.0, residuals: 0.0, by_feature: vec![0.0; Features::width(features)] };
        for row in rows {
            let (label, logit) = (labels[*row], intercept + features.dot(*row, weights));
            let residual = 1.0 / (1.0 + (-logit).exp()) - f64::from(u8::from(label));
            part.loss += softplus(if label { -logit } else { logit });
            part.residuals += residual;
            features.row(*row).for_each(|(column, value)| part.by_feature[column] += residual * value);
        }
        part
    }
}
