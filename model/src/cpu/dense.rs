//! Dense layers over rows.

use super::kernels::{GRADIENT_INPUTS, KernelWord, PackedRows, Processor, gradients_of_inputs};
use super::panels::{Panels, Rest};

/// A dense layer's weights, ready for products.
#[derive(Debug)]
pub(crate) struct Dense<T> {
    panels: Panels<T>,
    inputs: usize,
    /// As wide as the panels; 0 where they are filled up.
    bias: Vec<f32>,
}

impl<T: KernelWord> Dense<T> {
    /// Brings weights `[outputs][inputs]` and a bias `[outputs]` into order.
    pub(crate) fn new(weight: &[f32], bias: &[f32]) -> Self {
        let inputs = weight.len().checked_div(bias.len()).unwrap_or(0);
        let panels =
            Panels::new(bias.len(), inputs, Rest::Filled, |output, input| weight[output * inputs + input]);
        let mut bias = bias.to_vec();
        bias.resize(panels.width(), 0.0);
        Self { panels, inputs, bias }
    }

    /// Numbers in a row of outputs: at least the layer's units.
    pub(crate) fn width(&self) -> usize {
        self.bias.len()
    }

    /// Outputs before any ReLU, `[rows][width]`, of rows of inputs.
    pub(crate) fn apply<'a>(
        &self,
        processor: Processor,
        rows: usize,
        row: impl Fn(usize) -> &'a [f32],
        packed: &mut PackedRows<T>,
        out: &mut Vec<f32>,
    ) {
        out.clear();
        for _ in 0..rows {
            out.extend_from_slice(&self.bias);
        }
        packed.fill(processor, rows, self.inputs, row);
        packed.multiply_into(processor, &self.panels, 0, out);
    }

    /// Adds what changes of some inputs do to outputs, `[rows][width]`. Each row of `changes` holds that of `count` inputs
    /// from `first` on.
    pub(crate) fn correct(
        &self,
        processor: Processor,
        first: usize,
        count: usize,
        changes: &[f32],
        packed: &mut PackedRows<T>,
        out: &mut [f32],
    ) {
        packed.fill(processor, changes.len() / count.max(1), count, |row| {
            &changes[row * count..(row + 1) * count]
        });
        packed.multiply_into(processor, &self.panels, first / T::NUMBERS, out);
    }

    /// Gradients of inputs, `[rows][inputs]`, from those of outputs, `[rows][width]`.
    pub(crate) fn gradients(&self, processor: Processor, outputs: &[f32], out: &mut Vec<f32>) {
        let width = self.width();
        out.clear();
        out.resize(outputs.len() / width * self.inputs, 0.0);
        // All layers have such numbers of inputs.
        debug_assert!(self.inputs.is_multiple_of(GRADIENT_INPUTS));
        let mut weights = vec![0.0; width * GRADIENT_INPUTS];
        for input in (0..self.inputs).step_by(GRADIENT_INPUTS) {
            processor.vectorize(
                #[inline(always)]
                || self.panels.gather(input, &mut weights),
            );
            gradients_of_inputs(processor, &weights, outputs, width, &mut out[input..], self.inputs);
        }
    }
}

#[cfg(test)]
mod tests;
