//! One network that learns on the processor, without libtorch.
//!
//! The forward pass is the engine's: tables for the first convolution, Toom-Cook for the second. Backwards, max pooling hands
//! each gradient to one of four positions and the ReLU to none where the value is 0, so that of the second convolution's
//! gradients an eighth are left: they are summed up one by one, as weighted slices of what the kernel saw, instead of by
//! dense products. A dense layer's weights are updated panel by panel, while they are in the caches: the gradient of the
//! whole layer is never in memory.

mod conv1;
mod conv2;
mod dense;
mod rule;
mod tail;
#[cfg(test)]
mod tests;

use super::codes::codes;
use super::kernels::Processor;
use super::panels::PADDED_FILTERS;
use crate::architecture::{Architecture, DENSE_UNITS, FILTERS};
use crate::weights::{Weights, WeightsError};
use conv1::Conv1Learner;
use conv2::Conv2Learner;
use dense::{DenseLearner, DenseRoom};
pub(crate) use rule::{BETA1, BETA2, EPSILON, RMS_DECAY, RMS_EPSILON, Rule};
use tail::Tail;

/// All filters of a position, filled up.
type Padded = [f32; PADDED_FILTERS];

/// A labelled window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LearningWindow<'a> {
    /// RNA-strand sequence in A C G T N, as long as the network reads.
    pub(crate) sequence: &'a [u8],
    /// ln(TPM + 1).
    pub(crate) expression: f32,
    /// Index of the region class.
    pub(crate) region: Option<usize>,
    /// Whether the protein binds here.
    pub(crate) positive: bool,
}

/// Multipliers for dropout: 0, or what keeps the mean.
#[derive(Debug)]
pub(crate) struct Dropout {
    /// `[windows][positions][100]` after the first pooling.
    pub(crate) pool1: Vec<f32>,
    /// `[windows][positions][100]` after the second pooling.
    pub(crate) pool2: Vec<f32>,
    /// `[windows][300]` after the second dense layer.
    pub(crate) dense2: Vec<f32>,
    /// What each of the three multiplies with where it drops nothing.
    pub(crate) kept: [f32; 3],
}

/// A network that learns.
#[derive(Debug)]
pub(crate) struct CpuLearner {
    architecture: Architecture,
    processor: Processor,
    kernel_l2: f64,
    conv1: Conv1Learner,
    conv2: Conv2Learner,
    dense: [DenseLearner; 3],
    tail: Tail,
    room: Room,
}

/// What a step remembers on its way forward, and the gradients on their way back.
#[derive(Debug, Default)]
struct Room {
    codes: Vec<Vec<u16>>,
    /// `[windows][positions * 100]` after the second pooling and dropout.
    pooled2: Vec<f32>,
    /// What each dense layer makes, `[windows][width]`, after ReLU and dropout.
    outputs: [Vec<f32>; 3],
    /// Gradients of a layer's outputs, later of its inputs, `[windows][width]`.
    gradients: Vec<f32>,
    dense: DenseRoom,
}

impl CpuLearner {
    /// Takes the first weights. `moments` says whether the rule that will be used keeps moments of the gradients.
    pub(crate) fn new(weights: &Weights, kernel_l2: f64, moments: bool) -> Self {
        Self::with(Processor::new(), weights, kernel_l2, moments)
    }

    fn with(processor: Processor, weights: &Weights, kernel_l2: f64, moments: bool) -> Self {
        let architecture = weights.architecture();
        let tensor = |name: &str| weights.tensor(name).unwrap_or_default();
        let dense = |weight: &str, bias: &str| DenseLearner::new(tensor(weight), tensor(bias), moments);
        Self {
            architecture,
            processor,
            kernel_l2,
            conv1: Conv1Learner::new(tensor("conv1.weight"), tensor("conv1.bias"), moments),
            conv2: Conv2Learner::new(architecture, tensor("conv2.weight"), tensor("conv2.bias"), moments),
            dense: [
                dense("dense1.weight", "dense1.bias"),
                dense("dense2.weight", "dense2.bias"),
                dense("dense3.weight", "dense3.bias"),
            ],
            tail: Tail::new(weights, moments),
            room: Room::default(),
        }
    }

    /// Learns from a batch. Returns the mean loss over its windows, with the penalty of the kernels, before the step.
    pub(crate) fn step(&mut self, windows: &[LearningWindow<'_>], dropout: &Dropout, rule: &Rule) -> f64 {
        let penalty = self.kernel_l2 * (self.conv1.squares() + self.conv2.squares());
        self.convolve(windows, dropout);
        self.dense_forward(windows.len(), &dropout.dense2);
        let width = self.dense[2].width();
        let loss = self.tail.learn(windows, &self.room.outputs[2], width, &mut self.room.gradients, rule);
        self.dense_backward(windows.len(), dropout.kept, rule);
        self.convolve_backward(dropout.kept[0], rule);
        loss + penalty
    }

    /// Forward to the second pooling.
    fn convolve(&mut self, windows: &[LearningWindow<'_>], dropout: &Dropout) {
        let positions = self.architecture.pooled1_positions();
        let (count1, count2) = (positions * FILTERS, self.architecture.pooled2_positions() * FILTERS);
        let processor = self.processor;
        self.conv1.prepare(processor);
        self.conv2.prepare(processor, windows.len());
        self.room.codes.clear();
        self.room.codes.extend(windows.iter().map(|window| codes(window.sequence)));
        self.room.pooled2.resize(windows.len() * count2, 0.0);
        let masks = dropout.pool1.chunks_exact(count1).zip(dropout.pool2.chunks_exact(count2));
        let pooled2 = self.room.pooled2.chunks_exact_mut(count2);
        for (window, ((codes, pooled2), (mask1, mask2))) in
            self.room.codes.iter().zip(pooled2).zip(masks).enumerate()
        {
            let pooled1 = self.conv1.forward(processor, window, codes, positions);
            processor.vectorize(
                #[inline(always)]
                || multiply(pooled1.as_flattened_mut(), mask1),
            );
            self.conv2.forward(processor, window, pooled1, pooled2.as_chunks_mut().0);
            processor.vectorize(
                #[inline(always)]
                || multiply(pooled2, mask2),
            );
        }
    }

    fn dense_forward(&mut self, windows: usize, mask: &[f32]) {
        let Room { pooled2, outputs: [outputs1, outputs2, outputs3], .. } = &mut self.room;
        let [dense1, dense2, dense3] = &self.dense;
        let processor = self.processor;
        dense1.forward(processor, windows, pooled2, pooled2.len() / windows.max(1), outputs1);
        dense2.forward(processor, windows, outputs1, dense1.width(), outputs2);
        for (outputs, mask) in
            outputs2.chunks_exact_mut(dense2.width()).zip(mask.chunks_exact(DENSE_UNITS[1]))
        {
            multiply(outputs, mask);
        }
        dense3.forward(processor, windows, outputs2, dense2.width(), outputs3);
    }

    /// From the gradients of the last dense layer's outputs, which the tail left, to those of the second pooling's.
    fn dense_backward(&mut self, windows: usize, kept: [f32; 3], rule: &Rule) {
        let Room { pooled2, outputs: [outputs1, outputs2, _], gradients, dense, .. } = &mut self.room;
        let [dense1, dense2, dense3] = &mut self.dense;
        for (layer, inputs, kept) in
            [(dense3, &*outputs2, kept[2]), (dense2, outputs1, 1.0), (dense1, pooled2, kept[1])]
        {
            layer.backward(self.processor, windows, inputs, kept, rule, gradients, dense);
        }
    }

    /// From the gradients of the second pooling's outputs to both kernels.
    fn convolve_backward(&mut self, kept: f32, rule: &Rule) {
        let count = self.architecture.pooled2_positions() * FILTERS;
        for (window, (codes, gradients)) in
            self.room.codes.iter().zip(self.room.gradients.chunks_exact(count)).enumerate()
        {
            let (pooled1, gradients) = self.conv2.backward(self.processor, window, gradients);
            self.conv1.backward(self.processor, window, codes, pooled1, gradients, kept);
        }
        self.conv2.update(self.processor, self.kernel_l2, rule);
        self.conv1.update(self.processor, self.kernel_l2, rule);
    }

    /// All that is learned, in an order and layout of its own, the same for every learner of an architecture.
    pub(crate) fn parameters_mut(&mut self) -> Vec<&mut [f32]> {
        let Self { conv1, conv2, dense, tail, .. } = self;
        let mut all = Vec::new();
        all.extend(conv1.parameters_mut());
        all.extend(conv2.parameters_mut());
        all.extend(dense.iter_mut().flat_map(DenseLearner::parameters_mut));
        all.extend(tail.parameters_mut());
        all
    }

    /// The weights as they are now.
    ///
    /// # Errors
    /// If one is not finite.
    pub(crate) fn weights(&self) -> Result<Weights, WeightsError> {
        let mut tensors = Vec::new();
        tensors.extend(self.conv1.tensors());
        tensors.extend(self.conv2.tensors());
        tensors.extend(self.dense.iter().flat_map(DenseLearner::tensors));
        tensors.extend(self.tail.tensors());
        Weights::new(self.architecture, tensors)
    }
}

#[inline(always)]
fn multiply(values: &mut [f32], factors: &[f32]) {
    for (value, factor) in values.iter_mut().zip(factors) {
        *value *= factor;
    }
}

/// Sum of squares.
fn squares(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value) * f64::from(*value)).sum()
}
