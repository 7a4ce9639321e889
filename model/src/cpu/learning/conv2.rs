//! The second convolution, as it learns.

use super::super::aligned::Aligned;
use super::super::conv1::{Choices, Filters};
use super::super::conv2::{Conv2, Conv2Scratch};
use super::super::kernels::{Processor, SLICE, Term, add_weighted_slices};
use super::super::panels::PADDED_FILTERS;
use super::Padded;
use super::rule::{Kind, Moments, Rule};
use crate::architecture::{Architecture, FILTERS, KERNEL_WIDTH, POOL_WIDTH};

/// Weights `[100 outputs][8][112 inputs]`, the same as products read them, and what a step remembers.
#[derive(Debug)]
pub(super) struct Conv2Learner {
    weights: Aligned<f32>,
    bias: Filters,
    weight_moments: Moments<Vec<f32>>,
    bias_moments: Moments<Vec<f32>>,
    products: Conv2<f32>,
    scratch: Conv2Scratch<f32>,
    starts: Vec<usize>,
    pooled1_positions: usize,
    /// What each window of a batch forwarded, `[windows][positions][112]`.
    inputs: Aligned<f32>,
    /// Which of four positions, `[windows][positions]`.
    choices: Vec<Choices>,
    gradients: Aligned<f32>,
    bias_gradients: Filters,
    /// Gradients of a window's inputs, `[positions][112]`.
    input_gradients: Aligned<f32>,
    by_filter: Terms,
    by_position: Terms,
}

/// Lists of terms.
#[derive(Debug)]
struct Terms {
    terms: Vec<Term>,
    lengths: Vec<usize>,
    most: usize,
}

impl Terms {
    /// So many lists of at most so many terms.
    fn new(lists: usize, most: usize) -> Self {
        Self { terms: vec![Term::default(); lists * most + 1], lengths: vec![0; lists], most }
    }

    fn clear(&mut self) {
        self.lengths.fill(0);
    }

    /// Adds a term to a list, unless it counts for nothing.
    #[inline(always)]
    fn push(&mut self, list: usize, term: Term) {
        // Without a branch: which are 0 cannot be foretold.
        let length = &mut self.lengths[list];
        self.terms[list * self.most + *length] = term;
        *length += usize::from(term.weight != 0.0);
    }

    fn list(&self, list: usize) -> &[Term] {
        &self.terms[list * self.most..][..self.lengths[list]]
    }
}

impl Conv2Learner {
    pub(super) fn new(architecture: Architecture, weight: &[f32], bias: &[f32], moments: bool) -> Self {
        let mut weights = Aligned::zeros(FILTERS * SLICE);
        for (output, inputs) in weight.chunks_exact(FILTERS * KERNEL_WIDTH).enumerate() {
            for (input, taps) in inputs.chunks_exact(KERNEL_WIDTH).enumerate() {
                for (tap, value) in taps.iter().enumerate() {
                    weights[(output * KERNEL_WIDTH + tap) * PADDED_FILTERS + input] = *value;
                }
            }
        }
        let (pooled1, pooled2) = (architecture.pooled1_positions(), architecture.pooled2_positions());
        Self {
            weight_moments: Moments::new(moments, || vec![0.0; weights.len()]),
            bias_moments: Moments::new(moments, || vec![0.0; bias.len()]),
            weights,
            bias: std::array::from_fn(|filter| bias[filter]),
            products: Conv2::new(weight, bias),
            scratch: Conv2Scratch::default(),
            starts: (0..pooled2).map(|position| position * POOL_WIDTH).collect(),
            pooled1_positions: pooled1,
            inputs: Aligned::zeros(0),
            choices: Vec::new(),
            gradients: Aligned::zeros(FILTERS * SLICE),
            bias_gradients: [0.0; FILTERS],
            input_gradients: Aligned::zeros(pooled1 * PADDED_FILTERS),
            by_filter: Terms::new(FILTERS, pooled2),
            by_position: Terms::new(pooled2 * POOL_WIDTH, FILTERS),
        }
    }

    /// Makes ready for a batch.
    pub(super) fn prepare(&mut self, processor: Processor, windows: usize) {
        self.products.replace(processor, &self.weights, &self.bias);
        self.gradients.fill(0.0);
        self.bias_gradients.fill(0.0);
        let count = windows * self.pooled1_positions * PADDED_FILTERS;
        if self.inputs.len() < count {
            self.inputs = Aligned::zeros(count);
            self.choices = vec![[0; FILTERS]; windows * self.starts.len()];
        }
    }

    /// Pooled and rectified positions of a window.
    pub(super) fn forward(
        &mut self,
        processor: Processor,
        window: usize,
        positions: &[Filters],
        out: &mut [Filters],
    ) {
        let kept = self.inputs.as_chunks_mut().0.iter_mut().skip(window * self.pooled1_positions);
        for (kept, position) in kept.zip(positions) {
            let kept: &mut Padded = kept;
            kept[..FILTERS].copy_from_slice(position);
        }
        let count = self.starts.len();
        let choices = &mut self.choices[window * count..(window + 1) * count];
        self.products.pooled_and_choices(processor, positions, &self.starts, &mut self.scratch, out, choices);
    }

    /// Adds up the gradients of a window's pooled positions, `[positions][100]`. Returns what it forwarded and the gradients
    /// of that.
    pub(super) fn backward(
        &mut self,
        processor: Processor,
        window: usize,
        gradients: &[f32],
    ) -> (&[Padded], &[Padded]) {
        let count = self.starts.len();
        self.by_filter.clear();
        self.by_position.clear();
        let choices = &self.choices[window * count..(window + 1) * count];
        for (pooled, (gradients, choices)) in
            gradients.as_chunks::<FILTERS>().0.iter().zip(choices).enumerate()
        {
            for (filter, (&weight, &choice)) in gradients.iter().zip(choices).enumerate() {
                let position = pooled * POOL_WIDTH + usize::from(choice);
                self.by_filter.push(filter, Term { start: (position * PADDED_FILTERS) as u32, weight });
                self.by_position.push(position, Term { start: (filter * SLICE) as u32, weight });
            }
            self.bias_gradients = super::super::conv1::added(&self.bias_gradients, gradients);
        }
        let size = self.pooled1_positions * PADDED_FILTERS;
        let inputs = &self.inputs[window * size..(window + 1) * size];
        for (filter, gradients) in self.gradients.as_chunks_mut().0.iter_mut().enumerate() {
            add_weighted_slices(processor, inputs, self.by_filter.list(filter), gradients);
        }
        self.input_gradients.fill(0.0);
        for position in 0..count * POOL_WIDTH {
            let seen = self.input_gradients[position * PADDED_FILTERS..].first_chunk_mut();
            if let Some(seen) = seen {
                add_weighted_slices(processor, &self.weights, self.by_position.list(position), seen);
            }
        }
        (inputs.as_chunks().0, self.input_gradients.as_chunks().0)
    }

    /// Updates weights and bias.
    pub(super) fn update(&mut self, processor: Processor, kernel_l2: f64, rule: &Rule) {
        let penalty = 2.0 * kernel_l2 as f32;
        processor.vectorize(
            #[inline(always)]
            || {
                for (gradient, weight) in self.gradients.iter_mut().zip(&*self.weights) {
                    *gradient += penalty * weight;
                }
                let moments = self.weight_moments.part(Vec::as_mut_slice);
                rule.apply(Kind::Matrix, &mut self.weights, &self.gradients, moments);
                let moments = self.bias_moments.part(Vec::as_mut_slice);
                rule.apply(Kind::Bias, &mut self.bias, &self.bias_gradients, moments);
            },
        );
    }

    /// Sum of the squared weights.
    pub(super) fn squares(&self) -> f64 {
        super::squares(&self.weights)
    }

    pub(super) fn parameters_mut(&mut self) -> [&mut [f32]; 2] {
        [&mut self.weights, &mut self.bias]
    }

    /// Weights `[100][100][8]` and bias `[100]`.
    pub(super) fn tensors(&self) -> [Vec<f32>; 2] {
        let mut weight = Vec::with_capacity(FILTERS * FILTERS * KERNEL_WIDTH);
        for slice in self.weights.chunks_exact(SLICE) {
            for input in 0..FILTERS {
                weight.extend(slice.iter().skip(input).step_by(PADDED_FILTERS));
            }
        }
        [weight, self.bias.to_vec()]
    }
}
