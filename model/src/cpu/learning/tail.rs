//! The output unit with the branches of the covariates, and the loss.

use super::LearningWindow;
use super::rule::{Kind, Moments, Rule};
use crate::architecture::{DENSE_UNITS, REGIONS};
use crate::weights::Weights;

const DENSE: usize = DENSE_UNITS[2];

/// A tensor that learns.
#[derive(Debug)]
struct Parameter {
    kind: Kind,
    values: Vec<f32>,
    gradients: Vec<f32>,
    moments: Moments<Vec<f32>>,
}

impl Parameter {
    fn new(values: &[f32], kind: Kind, moments: bool) -> Self {
        Self {
            kind,
            values: values.to_vec(),
            gradients: vec![0.0; values.len()],
            moments: Moments::new(moments, || vec![0.0; values.len()]),
        }
    }
}

/// A linear layer.
#[derive(Debug)]
struct Linear {
    weight: Parameter,
    bias: Parameter,
}

/// Everything behind the last dense layer.
#[derive(Debug)]
pub(super) struct Tail {
    expression: Option<Linear>,
    region: Option<Linear>,
    output: Linear,
}

impl Tail {
    pub(super) fn new(weights: &Weights, moments: bool) -> Self {
        let linear = |weight: &str, bias: &str| {
            Some(Linear {
                weight: Parameter::new(weights.tensor(weight)?, Kind::Matrix, moments),
                bias: Parameter::new(weights.tensor(bias)?, Kind::Bias, moments),
            })
        };
        Self {
            expression: linear("expression.weight", "expression.bias"),
            region: linear("region.weight", "region.bias"),
            output: linear("output.weight", "output.bias").unwrap_or_else(|| Linear {
                weight: Parameter::new(&[], Kind::Matrix, moments),
                bias: Parameter::new(&[], Kind::Bias, moments),
            }),
        }
    }

    /// Learns from the last dense layer's outputs `[windows][width]`, whose gradients before the ReLU go to `gradients`.
    /// Returns the mean binary cross-entropy.
    pub(super) fn learn(
        &mut self,
        windows: &[LearningWindow<'_>],
        dense: &[f32],
        width: usize,
        gradients: &mut Vec<f32>,
        rule: &Rule,
    ) -> f64 {
        gradients.clear();
        gradients.resize(windows.len() * width, 0.0);
        let mut total = 0.0;
        let rows = dense.chunks_exact(width).zip(gradients.chunks_exact_mut(width));
        for (window, (dense, gradients)) in windows.iter().zip(rows) {
            total += self.one(window, &dense[..DENSE], &mut gradients[..DENSE], windows.len());
        }
        for parameter in self.parameters() {
            let Parameter { kind, values, gradients, moments } = parameter;
            rule.apply(*kind, values, gradients, moments.part(Vec::as_mut_slice));
            gradients.fill(0.0);
        }
        total / windows.len() as f64
    }

    /// Loss of a window; its gradients are added to those of the parameters.
    fn one(
        &mut self,
        window: &LearningWindow<'_>,
        dense: &[f32],
        gradients: &mut [f32],
        windows: usize,
    ) -> f64 {
        let mut joined = dense.to_vec();
        if let Some(layer) = &self.expression {
            joined.extend(
                layer.bias.values.iter().zip(&layer.weight.values).map(|(b, w)| b + w * window.expression),
            );
        }
        if let Some(layer) = &self.region {
            joined.extend(layer.bias.values.iter().zip(layer.weight.values.chunks_exact(REGIONS)).map(
                |(bias, weights)| bias + window.region.and_then(|region| weights.get(region)).unwrap_or(&0.0),
            ));
        }
        let output = &mut self.output;
        let logit: f32 =
            joined.iter().zip(&output.weight.values).map(|(value, weight)| value * weight).sum::<f32>()
                + output.bias.values.iter().sum::<f32>();
        let label = f32::from(u8::from(window.positive));
        let probability = 1.0 / (1.0 + (-logit).exp());
        let gradient = (probability - label) / windows as f32;

        for (sum, value) in output.weight.gradients.iter_mut().zip(&joined) {
            *sum += gradient * value;
        }
        output.bias.gradients.iter_mut().for_each(|sum| *sum += gradient);
        let mut back = output.weight.values.iter().map(|weight| weight * gradient);
        for ((out, value), back) in gradients.iter_mut().zip(dense).zip(back.by_ref()) {
            *out = if *value > 0.0 { back } else { 0.0 };
        }
        if let Some(layer) = &mut self.expression {
            for ((bias, weight), back) in
                layer.bias.gradients.iter_mut().zip(&mut layer.weight.gradients).zip(back.by_ref())
            {
                *bias += back;
                *weight += back * window.expression;
            }
        }
        if let Some(layer) = &mut self.region {
            let weights = layer.weight.gradients.chunks_exact_mut(REGIONS);
            for ((bias, weights), back) in layer.bias.gradients.iter_mut().zip(weights).zip(back) {
                *bias += back;
                if let Some(weight) = window.region.and_then(|region| weights.get_mut(region)) {
                    *weight += back;
                }
            }
        }
        let logit = f64::from(logit);
        logit.max(0.0) - logit * f64::from(label) + (-logit.abs()).exp().ln_1p()
    }

    fn parameters(&mut self) -> impl Iterator<Item = &mut Parameter> {
        let Self { expression, region, output } = self;
        [expression.as_mut(), region.as_mut(), Some(output)]
            .into_iter()
            .flatten()
            .flat_map(|Linear { weight, bias }| [weight, bias])
    }

    pub(super) fn parameters_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.parameters().map(|parameter| parameter.values.as_mut_slice())
    }

    pub(super) fn tensors(&self) -> impl Iterator<Item = Vec<f32>> {
        [self.expression.as_ref(), self.region.as_ref(), Some(&self.output)]
            .into_iter()
            .flatten()
            .flat_map(|Linear { weight, bias }| [weight.values.clone(), bias.values.clone()])
    }
}
