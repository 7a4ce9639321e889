//! A dense layer that learns.

use super::super::dense::{COLUMNS, turn};
use super::super::kernels::{Processor, Rows, STRIP_WORDS, multiply_rows};
use super::super::panels::{Panels, Rest, Shape};
use super::rule::{Kind, Moments, Rule};

/// Inputs whose weights are updated together: with their moments and gradients they stay in the caches.
const STRIP: usize = 64;

/// Weights `[outputs][inputs]` in panels, and a bias as wide as the panels.
#[derive(Debug)]
pub(super) struct DenseLearner {
    weights: Panels<f32>,
    bias: Vec<f32>,
    weight_moments: Moments<Panels<f32>>,
    bias_moments: Moments<Vec<f32>>,
    inputs: usize,
    outputs: usize,
}

/// Room for the gradients of a layer.
#[derive(Debug, Default)]
pub(super) struct DenseRoom {
    /// Inputs by window, `[inputs][columns]`.
    inputs: Vec<f32>,
    /// Gradients of outputs by window, `[width][columns]`.
    outputs: Vec<f32>,
    /// Gradients of inputs by window, `[inputs][columns]`.
    input_gradients: Vec<f32>,
    /// Gradients of the weights of a strip, `[inputs][outputs]`.
    weights: Vec<f32>,
}

impl DenseLearner {
    /// Takes weights `[outputs][inputs]` and a bias `[outputs]`.
    pub(super) fn new(weight: &[f32], bias: &[f32], moments: bool) -> Self {
        let outputs = bias.len();
        let inputs = weight.len().checked_div(outputs).unwrap_or(0);
        let panels = |value: &dyn Fn(usize, usize) -> f32| Panels::new(outputs, inputs, Rest::Filled, value);
        let weights = panels(&|output, input| weight[output * inputs + input]);
        let mut bias = bias.to_vec();
        bias.resize(weights.width(), 0.0);
        Self {
            weight_moments: Moments::new(moments, || panels(&|_, _| 0.0)),
            bias_moments: Moments::new(moments, || vec![0.0; bias.len()]),
            weights,
            bias,
            inputs,
            outputs,
        }
    }

    /// Numbers in a row of outputs: at least the layer's units.
    pub(super) fn width(&self) -> usize {
        self.bias.len()
    }

    /// Rectified outputs `[windows][width]` of inputs that are `stride` numbers apart.
    pub(super) fn forward(
        &self,
        processor: Processor,
        windows: usize,
        inputs: &[f32],
        stride: usize,
        out: &mut Vec<f32>,
    ) {
        out.clear();
        for _ in 0..windows {
            out.extend_from_slice(&self.bias);
        }
        let width = self.width();
        for (first, shape) in self.weights.shapes() {
            for strip in (0..self.inputs).step_by(STRIP_WORDS) {
                let count = STRIP_WORDS.min(self.inputs - strip);
                multiply_rows(
                    processor,
                    (windows, count, shape.outputs()),
                    Rows { values: &inputs[strip..], stride },
                    Rows {
                        values: self.weights.panel(first, shape, strip..strip + count),
                        stride: shape.outputs(),
                    },
                    &mut out[first..],
                    width,
                    true,
                );
            }
        }
        // What is no number passes, so that the loss shows it.
        out.iter_mut().for_each(|value| *value = if *value <= 0.0 { 0.0 } else { *value });
    }

    /// Learns from gradients `[windows][width]` of the outputs before their ReLU, and replaces them by those of the inputs
    /// before theirs. Where an input is 0 it passes nothing on, else the gradient times `kept`.
    #[expect(clippy::too_many_arguments, reason = "what comes in, what goes out, and the room for it")]
    pub(super) fn backward(
        &mut self,
        processor: Processor,
        windows: usize,
        inputs: &[f32],
        kept: f32,
        rule: &Rule,
        gradients: &mut Vec<f32>,
        room: &mut DenseRoom,
    ) {
        let (width, stride) = (self.width(), inputs.len() / windows.max(1));
        let columns = windows.next_multiple_of(COLUMNS);
        turn(inputs, stride, columns, &mut room.inputs);
        turn(gradients, width, columns, &mut room.outputs);
        room.input_gradients.clear();
        room.input_gradients.resize(stride * columns, 0.0);
        let shapes: Vec<(usize, Shape)> = self.weights.shapes().collect();
        for (first, shape) in shapes {
            let outputs = shape.outputs();
            room.weights.resize(STRIP * outputs, 0.0);
            for strip in (0..self.inputs).step_by(STRIP) {
                let count = STRIP.min(self.inputs - strip);
                let panel = self.weights.panel_mut(first, shape, strip..strip + count);
                multiply_rows(
                    processor,
                    (count, outputs, columns),
                    Rows { values: panel, stride: outputs },
                    Rows { values: &room.outputs[first * columns..], stride: columns },
                    &mut room.input_gradients[strip * columns..],
                    columns,
                    true,
                );
                multiply_rows(
                    processor,
                    (count, windows, outputs),
                    Rows { values: &room.inputs[strip * columns..], stride: columns },
                    Rows { values: &gradients[first..], stride: width },
                    &mut room.weights,
                    outputs,
                    false,
                );
                let moments =
                    self.weight_moments.part(|panels| panels.panel_mut(first, shape, strip..strip + count));
                processor.vectorize(
                    #[inline(always)]
                    || rule.apply(Kind::Matrix, panel, &room.weights, moments),
                );
            }
        }
        let bias: Vec<f32> =
            room.outputs.chunks_exact(columns).map(|gradients| gradients.iter().sum()).collect();
        rule.apply(Kind::Bias, &mut self.bias, &bias, self.bias_moments.part(Vec::as_mut_slice));
        gradients.clear();
        gradients.resize(windows * stride, 0.0);
        for (window, (gradients, inputs)) in
            gradients.chunks_exact_mut(stride).zip(inputs.chunks_exact(stride)).enumerate()
        {
            let by_window = room.input_gradients.iter().skip(window).step_by(columns);
            for ((gradient, input), by_window) in gradients.iter_mut().zip(inputs).zip(by_window) {
                *gradient = if *input > 0.0 { by_window * kept } else { 0.0 };
            }
        }
    }

    pub(super) fn parameters_mut(&mut self) -> [&mut [f32]; 2] {
        [self.weights.values_mut(), &mut self.bias]
    }

    /// Weights `[outputs][inputs]` and bias `[outputs]`.
    pub(super) fn tensors(&self) -> [Vec<f32>; 2] {
        let mut weight = vec![0.0; self.outputs * self.inputs];
        for (first, shape) in self.weights.shapes() {
            let panel = self.weights.panel(first, shape, 0..self.inputs);
            for (input, outputs) in panel.chunks_exact(shape.outputs()).enumerate() {
                for (output, value) in outputs.iter().enumerate().take(self.outputs - first) {
                    weight[(first + output) * self.inputs + input] = *value;
                }
            }
        }
        [weight, self.bias[..self.outputs].to_vec()]
    }
}
