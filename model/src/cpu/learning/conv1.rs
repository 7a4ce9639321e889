//! The first convolution, as it learns.

use super::super::aligned::Aligned;
use super::super::codes::{CODE_BASES, CODES, LETTERS};
use super::super::conv1::{Choices, Columns, Conv1, Filters, added, columns, pooled_codes};
use super::super::kernels::Processor;
use super::super::panels::PADDED_FILTERS;
use super::Padded;
use super::rule::{Kind, Moments, Rule};
use crate::architecture::{BASES, FILTERS, KERNEL_WIDTH};

/// Weights by position and base, the tables made of them, and gradients of the tables' rows.
#[derive(Debug)]
pub(super) struct Conv1Learner {
    weights: Box<Columns>,
    bias: Filters,
    weight_moments: Moments<Vec<f32>>,
    bias_moments: Moments<Vec<f32>>,
    tables: Conv1,
    /// What is forwarded, for one window.
    pooled: Vec<Filters>,
    /// Which of four positions, `[windows][positions]`.
    choices: Vec<Vec<Choices>>,
    /// Gradients of both tables, `[2][codes][112]`.
    gradients: Aligned<f32>,
}

impl Conv1Learner {
    pub(super) fn new(weight: &[f32], bias: &[f32], moments: bool) -> Self {
        Self {
            weights: columns(weight),
            bias: std::array::from_fn(|filter| bias[filter]),
            weight_moments: Moments::new(moments, || vec![0.0; weight.len()]),
            bias_moments: Moments::new(moments, || vec![0.0; bias.len()]),
            tables: Conv1::new(weight, bias),
            pooled: Vec::new(),
            choices: Vec::new(),
            gradients: Aligned::zeros(2 * CODES * PADDED_FILTERS),
        }
    }

    /// Makes the tables anew.
    pub(super) fn prepare(&mut self, processor: Processor) {
        processor.vectorize(
            #[inline(always)]
            || self.tables.fill(&self.weights, &self.bias),
        );
        self.gradients.fill(0.0);
    }

    /// Pooled and rectified positions of a window.
    pub(super) fn forward(
        &mut self,
        processor: Processor,
        window: usize,
        codes: &[u16],
        positions: usize,
    ) -> &mut [Filters] {
        if self.choices.len() <= window {
            self.choices.resize(window + 1, vec![[0; FILTERS]; positions]);
        }
        self.pooled.resize(positions, [0.0; FILTERS]);
        let (pooled, choices) = (&mut self.pooled, &mut self.choices[window]);
        processor.vectorize(
            #[inline(always)]
            || self.tables.pooled_and_choices(codes, pooled, choices),
        );
        pooled
    }

    /// Adds up the gradients of a window's pooled positions, which are `values` after dropout.
    pub(super) fn backward(
        &mut self,
        processor: Processor,
        window: usize,
        codes: &[u16],
        values: &[Padded],
        gradients: &[Padded],
        kept: f32,
    ) {
        let (first_table, last_table) = self.gradients.split_at_mut(CODES * PADDED_FILTERS);
        let (first_table, last_table) = (first_table.as_chunks_mut().0, last_table.as_chunks_mut().0);
        let choices = &self.choices[window];
        processor.vectorize(
            #[inline(always)]
            || {
                let positions = choices.iter().zip(values.iter().zip(gradients));
                for ((choices, (values, gradients)), (first, last)) in positions.zip(pooled_codes(codes)) {
                    let mut passed: Padded = [0.0; PADDED_FILTERS];
                    let mut places = [u32::MAX; PADDED_FILTERS];
                    for filter in 0..PADDED_FILTERS {
                        passed[filter] = if values[filter] > 0.0 { gradients[filter] * kept } else { 0.0 };
                    }
                    for (place, choice) in places.iter_mut().zip(choices) {
                        *place = u32::from(*choice);
                    }
                    for (position, (first, last)) in (0u32..).zip(first.iter().zip(last)) {
                        let first: &mut Padded = &mut first_table[usize::from(*first)];
                        let last: &mut Padded = &mut last_table[usize::from(*last)];
                        for filter in 0..PADDED_FILTERS {
                            let value = if places[filter] == position { passed[filter] } else { 0.0 };
                            first[filter] += value;
                            last[filter] += value;
                        }
                    }
                }
            },
        );
    }

    /// Updates weights and bias by the gradients of the tables.
    pub(super) fn update(&mut self, processor: Processor, kernel_l2: f64, rule: &Rule) {
        let mut weights: Box<Columns> = Box::new([[[0.0; FILTERS]; BASES]; KERNEL_WIDTH]);
        let mut bias = [0f32; FILTERS];
        let tables = self.gradients.as_chunks::<PADDED_FILTERS>().0;
        for (columns, table) in weights.chunks_exact_mut(CODE_BASES).zip(tables.chunks_exact(CODES)) {
            for (code, row) in table.iter().enumerate() {
                let Some(row) = row.first_chunk::<FILTERS>() else { continue };
                let mut rest = code;
                for column in columns.iter_mut().rev() {
                    if let Some(sum) = column.get_mut(rest % LETTERS) {
                        *sum = added(sum, row);
                    }
                    rest /= LETTERS;
                }
            }
        }
        for row in tables.iter().take(CODES) {
            bias = added(&bias, row.first_chunk().unwrap_or(&[0.0; FILTERS]));
        }
        let penalty = 2.0 * kernel_l2 as f32;
        let own = self.weights.as_flattened_mut().as_flattened_mut();
        let gradients = weights.as_flattened_mut().as_flattened_mut();
        processor.vectorize(
            #[inline(always)]
            || {
                for (gradient, weight) in gradients.iter_mut().zip(&*own) {
                    *gradient += penalty * weight;
                }
                rule.apply(Kind::Matrix, own, gradients, self.weight_moments.part(Vec::as_mut_slice));
                rule.apply(Kind::Bias, &mut self.bias, &bias, self.bias_moments.part(Vec::as_mut_slice));
            },
        );
    }

    /// Sum of the squared weights.
    pub(super) fn squares(&self) -> f64 {
        super::squares(self.weights.as_flattened().as_flattened())
    }

    pub(super) fn parameters_mut(&mut self) -> [&mut [f32]; 2] {
        [self.weights.as_flattened_mut().as_flattened_mut(), &mut self.bias]
    }

    /// Weights `[100][4][8]` and bias `[100]`.
    pub(super) fn tensors(&self) -> [Vec<f32>; 2] {
        let mut weight = Vec::with_capacity(FILTERS * BASES * KERNEL_WIDTH);
        for filter in 0..FILTERS {
            for base in 0..BASES {
                weight.extend(self.weights.iter().map(|bases| bases[base][filter]));
            }
        }
        [weight, self.bias.to_vec()]
    }
}
