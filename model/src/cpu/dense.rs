//! Dense layers over rows.

use super::kernels::{KernelWord, PackedRows, Processor, Rows, multiply_rows};
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
    pub(crate) fn gradients(
        &self,
        processor: Processor,
        outputs: &[f32],
        room: &mut GradientRoom,
        out: &mut Vec<f32>,
    ) {
        let width = self.width();
        let rows = outputs.len() / width;
        let columns = rows.next_multiple_of(COLUMNS);
        turn(outputs, width, columns, &mut room.outputs);
        room.inputs.clear();
        room.inputs.resize(self.inputs * columns, 0.0);
        for (first, shape) in self.panels.shapes() {
            for strip in (0..self.inputs).step_by(STRIP_INPUTS) {
                let count = STRIP_INPUTS.min(self.inputs - strip);
                let words = strip / T::NUMBERS..(strip + count).div_ceil(T::NUMBERS);
                let panel = self.panels.panel(first, shape, words);
                let values = T::numbers(panel).unwrap_or_else(|| {
                    room.weights.clear();
                    for word in panel.chunks_exact(shape.outputs()) {
                        for number in 0..T::NUMBERS {
                            room.weights.extend(word.iter().map(|weight| weight.number(number)));
                        }
                    }
                    &room.weights
                });
                multiply_rows(
                    processor,
                    (count, shape.outputs(), columns),
                    Rows { values, stride: shape.outputs() },
                    Rows { values: &room.outputs[first * columns..], stride: columns },
                    &mut room.inputs[strip * columns..],
                    columns,
                    true,
                );
            }
        }
        out.clear();
        for row in 0..rows {
            out.extend(room.inputs.iter().skip(row).step_by(columns));
        }
    }
}

/// Room for gradients on their way through a layer.
#[derive(Debug, Default)]
pub(crate) struct GradientRoom {
    /// Gradients of outputs by row, `[width][columns]`.
    outputs: Vec<f32>,
    /// Gradients of inputs by row, `[inputs][columns]`.
    inputs: Vec<f32>,
    /// Weights of a strip as 32-bit numbers.
    weights: Vec<f32>,
}

/// Rows are filled up to a multiple of this where they are columns.
pub(crate) const COLUMNS: usize = 16;
/// Inputs whose weights are read together: they stay in the nearest cache.
const STRIP_INPUTS: usize = 64;

/// Rows of `stride` numbers as columns, `[stride][columns]`, 0 where there are no rows.
pub(crate) fn turn(rows: &[f32], stride: usize, columns: usize, out: &mut Vec<f32>) {
    out.clear();
    out.resize(stride * columns, 0.0);
    for (column, row) in rows.chunks_exact(stride).enumerate() {
        for (out, value) in out.iter_mut().skip(column).step_by(columns).zip(row) {
            *out = *value;
        }
    }
}

#[cfg(test)]
mod tests;
