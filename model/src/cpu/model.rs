//! One network, its weights ready for products.

use polaris_genomics::RegionClass;

use super::aligned::Aligned;
use super::conv1::Conv1;
use super::conv2::Conv2;
use super::dense::Dense;
use super::kernels::KernelWord;
use super::panels::PADDED_FILTERS;
use crate::architecture::{DENSE_UNITS, FILTERS, REGIONS, conv2_positions, pooled2_positions};
use crate::weights::Weights;

/// The network of one model.
#[derive(Debug)]
pub(crate) struct CpuModel<T> {
    pub(super) conv1: Conv1,
    pub(super) conv2: Conv2<T>,
    pub(super) dense1: Dense<T>,
    pub(super) dense2: Dense<f32>,
    pub(super) dense3: Dense<f32>,
    pub(super) output: Output,
    /// Positions of the second convolution and of the second pooling.
    pub(super) activation_positions: usize,
    pub(super) pooled_positions: usize,
    /// The first dense layer's weights summed over positions, `[600][112]`: the sum over positions of a gradient needs no more,
    /// since pooling hands each gradient to some position.
    pub(super) summed_dense1: Aligned<f32>,
}

/// The output unit, with the linear branches of the covariates multiplied into it.
#[derive(Debug)]
pub(crate) struct Output {
    /// Of the last dense layer's units.
    pub(super) units: Vec<f32>,
    bias: f32,
    /// Column of the expression that the model reads, and its slope.
    expression: Option<(usize, f32)>,
    /// What each region class adds.
    region: [f32; REGIONS],
}

impl Output {
    /// The logit of a row of units after their ReLU.
    pub(super) fn logit(&self, units: &[f32], region: Option<RegionClass>, expression: &[f32]) -> f32 {
        let mut sums = [0f32; 8];
        for (units, weights) in units.chunks_exact(8).zip(self.units.chunks_exact(8)) {
            for ((sum, unit), weight) in sums.iter_mut().zip(units).zip(weights) {
                *sum += unit * weight;
            }
        }
        let mut logit = self.bias + sums.iter().sum::<f32>();
        if let Some((column, slope)) = self.expression {
            logit += slope * expression.get(column).copied().unwrap_or(0.0);
        }
        logit + region.and_then(|region| self.region.get(region.index()).copied()).unwrap_or(0.0)
    }
}

impl<T: KernelWord> CpuModel<T> {
    /// Brings weights into order. `expression` is the column of the expression that the model reads, if it does.
    pub(crate) fn new(weights: &Weights, expression: Option<usize>) -> Self {
        let architecture = weights.architecture();
        let mut tensors = weights.iter().map(|(_, values)| values);
        let mut next = || tensors.next().unwrap_or_default();
        let conv1 = Conv1::new(next(), next());
        let conv2 = Conv2::new(next(), next());
        let (dense1_weight, dense1_bias) = (next(), next());
        let pooled_positions = pooled2_positions(architecture.input_length());
        let activation_positions = conv2_positions(architecture.input_length());
        let mut summed_dense1 = Aligned::zeros(DENSE_UNITS[0] * PADDED_FILTERS);
        let units = dense1_weight.chunks_exact(pooled_positions * FILTERS);
        for (sums, weights) in summed_dense1.chunks_exact_mut(PADDED_FILTERS).zip(units) {
            sum_over_positions(weights, sums);
        }
        let dense1 = Dense::new(dense1_weight, dense1_bias);
        let dense2 = Dense::new(next(), next());
        let dense3 = Dense::new(next(), next());
        let expression_layer = architecture.expression().then(|| (next(), next()));
        let region_layer = architecture.region().then(|| (next(), next()));
        let (units, bias) = (next(), next());
        let output = Output::new(units, bias, expression_layer, expression, region_layer);
        Self {
            conv1,
            conv2,
            dense1,
            dense2,
            dense3,
            output,
            activation_positions,
            pooled_positions,
            summed_dense1,
        }
    }
}

/// Weight and bias of a layer.
type Layer<'a> = (&'a [f32], &'a [f32]);

impl Output {
    fn new(
        weight: &[f32],
        bias: &[f32],
        expression: Option<Layer<'_>>,
        column: Option<usize>,
        region: Option<Layer<'_>>,
    ) -> Self {
        let (units, mut branches) = weight.split_at(DENSE_UNITS[2].min(weight.len()));
        let mut output = Self {
            units: units.to_vec(),
            bias: bias.first().copied().unwrap_or(0.0),
            expression: None,
            region: [0.0; REGIONS],
        };
        if let Some(([slope], [offset])) = expression
            && let [branch, rest @ ..] = branches
        {
            output.expression = column.map(|column| (column, slope * branch));
            output.bias += offset * branch;
            branches = rest;
        }
        if let Some((weight, bias)) = region {
            // The branch's weights are `[outputs][classes]`.
            for ((row, offset), branch) in weight.chunks_exact(REGIONS).zip(bias).zip(branches) {
                output.bias += offset * branch;
                for (sum, weight) in output.region.iter_mut().zip(row) {
                    *sum += weight * branch;
                }
            }
        }
        output
    }
}

/// Adds up the weights of one unit, `[positions][100]`.
fn sum_over_positions(weights: &[f32], sums: &mut [f32]) {
    for position in weights.chunks_exact(FILTERS) {
        for (sum, weight) in sums.iter_mut().zip(position) {
            *sum += weight;
        }
    }
}
