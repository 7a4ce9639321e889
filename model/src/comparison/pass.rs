//! The networks as libtorch operations.

use tch::{Device, Kind, TchError, Tensor};

use super::{Body, ComparisonNetwork, LSTM_UNITS};
use crate::network::{pool, pool_and_rectify, position_major};

/// A batch as a network reads it, all 32-bit floats.
#[derive(Debug)]
pub(crate) struct ComparisonBatch {
    /// `[windows, channels, length]`: one-hot bases, then the probability of being unpaired where it is read.
    pub(crate) sequence: Tensor,
    /// `[windows, 1]`, ln(TPM + 1).
    pub(crate) expression: Tensor,
    /// `[windows, 6]`, one-hot.
    pub(crate) region: Tensor,
}

/// Where a network drops values, in the order in which a pass comes by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum DropoutPlace {
    /// After the first pooling.
    Pool1,
    /// After the second pooling.
    Pool2,
    /// After the last but one dense layer, or the third convolution.
    Late,
}

/// Weights in the order of the parameters.
struct Cursor<'a>(std::slice::Iter<'a, Tensor>);

impl<'a> Cursor<'a> {
    fn next(&mut self) -> Result<&'a Tensor, TchError> {
        self.0.next().ok_or_else(|| TchError::Shape("fewer tensors than the network has".to_owned()))
    }

    fn convolve(&mut self, input: &Tensor, dilation: usize) -> Result<Tensor, TchError> {
        let (weight, bias) = (self.next()?, self.next()?);
        let dilation = [1, dilation as i64];
        input.f_conv2d(&weight.f_unsqueeze(2)?, Some(bias), [1, 1], [0, 0], dilation, 1)
    }

    fn linear(&mut self, input: &Tensor) -> Result<Tensor, TchError> {
        let (weight, bias) = (self.next()?, self.next()?);
        input.f_linear(&weight.f_flatten(1, -1)?, Some(bias))
    }

    /// `[windows, channels, 1, positions]` to `[windows, 50, 1, positions]`: the state behind each position.
    fn lstm(&mut self, input: &Tensor) -> Result<Tensor, TchError> {
        let (of_input, of_state, bias) = (self.next()?, self.next()?, self.next()?);
        let input = input.f_squeeze_dim(2)?.f_transpose(1, 2)?.f_contiguous()?;
        let start = input.f_new_zeros(
            [1, input.size().first().copied().unwrap_or(0), LSTM_UNITS as i64],
            (Kind::Float, input.device()),
        )?;
        // libtorch has two biases where one says the same.
        let none = bias.f_detach()?.f_zeros_like()?;
        let (states, ..) = input.f_lstm(
            &[&start, &start],
            &[of_input, of_state, bias, &none],
            true,
            1,
            0.0,
            true,
            false,
            true,
        )?;
        states.f_transpose(1, 2)?.f_unsqueeze(2)
    }
}

/// Logits `[windows, outputs]`. `drop` answers a tensor of the same shape, some of its values dropped, or as it is.
pub(crate) fn logits(
    network: &ComparisonNetwork,
    weights: &[Tensor],
    batch: &ComparisonBatch,
    drop: &mut dyn FnMut(DropoutPlace, Tensor) -> Result<Tensor, TchError>,
) -> Result<Tensor, TchError> {
    let mut weights = Cursor(weights.iter());
    // Positions outermost, channels innermost in memory, as in the network of POLARIS.
    let sequence =
        batch.sequence.f_transpose(1, 2)?.f_contiguous()?.f_unsqueeze(1)?.f_permute([0, 3, 1, 2])?;
    let pooled1 = drop(DropoutPlace::Pool1, pool_and_rectify(&weights.convolve(&sequence, 1)?)?)?;
    let read = match network.body() {
        Body::Polaris { dilation } => {
            drop(DropoutPlace::Pool2, pool_and_rectify(&weights.convolve(&pooled1, dilation)?)?)?
        }
        Body::CnnLstm => drop(DropoutPlace::Pool2, pool(&weights.lstm(&pooled1)?)?)?,
        Body::Seqweaver => {
            let pooled2 = drop(DropoutPlace::Pool2, pool_and_rectify(&weights.convolve(&pooled1, 1)?)?)?;
            drop(DropoutPlace::Late, weights.convolve(&pooled2, 1)?.f_relu()?)?
        }
    };
    let mut dense = position_major(&read)?;
    let layers = network.body().dense_units().len();
    for layer in 1..=layers {
        dense = weights.linear(&dense)?.f_relu()?;
        if layer + 1 == layers {
            dense = drop(DropoutPlace::Late, dense)?;
        }
    }
    let mut joined = vec![dense];
    if network.inputs().expression {
        joined.push(weights.linear(&batch.expression)?);
    }
    if network.inputs().region {
        joined.push(weights.linear(&batch.region)?);
    }
    weights.linear(&Tensor::f_cat(&joined, 1)?)
}

impl ComparisonBatch {
    /// Adds the probabilities of being unpaired, row by row, as the last channel.
    pub(crate) fn with_structure(mut self, unpaired: &[f32], device: Device) -> Result<Self, TchError> {
        let sizes = self.sequence.size();
        let shape = [sizes.first().copied().unwrap_or(0), 1, sizes.last().copied().unwrap_or(0)];
        let channel = Tensor::f_from_slice(unpaired)?.f_reshape(shape)?.f_to_device(device)?;
        self.sequence = Tensor::f_cat(&[&self.sequence, &channel], 1)?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::host_values;

    /// Small numbers that follow no pattern of the gates.
    fn values(count: usize, salt: usize) -> Vec<f32> {
        (0..count).map(|index| ((index * 37 + salt * 11) % 101) as f32 / 101.0 - 0.5).collect()
    }

    /// The recurrence as it is defined (Gers et al. 2000), gates in the order input, forget, cell, output.
    fn by_definition(
        input: &[f32],
        of_input: &[f32],
        of_state: &[f32],
        bias: &[f32],
        channels: usize,
    ) -> Vec<f64> {
        let sigmoid = |value: f64| 1.0 / (1.0 + (-value).exp());
        let (mut state, mut cell) = (vec![0f64; LSTM_UNITS], vec![0f64; LSTM_UNITS]);
        let mut states = Vec::new();
        for position in input.chunks(channels) {
            let gate = |number: usize, unit: usize| -> f64 {
                let row = number * LSTM_UNITS + unit;
                let products = |weights: &[f32], values: &mut dyn Iterator<Item = f64>| -> f64 {
                    values.zip(weights).map(|(value, weight)| value * f64::from(*weight)).sum()
                };
                let input = &mut position.iter().map(|value| f64::from(*value));
                f64::from(bias[row])
                    + products(&of_input[row * channels..], input)
                    + products(&of_state[row * LSTM_UNITS..], &mut state.iter().copied())
            };
            let next: Vec<(f64, f64)> = (0..LSTM_UNITS)
                .map(|unit| {
                    let cell =
                        sigmoid(gate(1, unit)) * cell[unit] + sigmoid(gate(0, unit)) * gate(2, unit).tanh();
                    (sigmoid(gate(3, unit)) * cell.tanh(), cell)
                })
                .collect();
            (state, cell) = next.into_iter().unzip();
            states.extend_from_slice(&state);
        }
        states
    }

    #[test]
    fn the_recurrent_layer_is_an_lstm() {
        let (channels, positions, rows) = (3, 5, 4 * LSTM_UNITS);
        let (of_input, of_state) = (values(rows * channels, 1), values(rows * LSTM_UNITS, 2));
        let (bias, input) = (values(rows, 3), values(positions * channels, 4));
        let weights = [
            Tensor::from_slice(&of_input).reshape([rows as i64, channels as i64]),
            Tensor::from_slice(&of_state).reshape([rows as i64, LSTM_UNITS as i64]),
            Tensor::from_slice(&bias),
        ];
        let window = Tensor::from_slice(&input).reshape([1, 1, positions as i64, channels as i64]);
        let found = Cursor(weights.iter()).lstm(&window.permute([0, 3, 1, 2])).unwrap();
        assert_eq!(found.size(), [1, LSTM_UNITS as i64, 1, positions as i64]);
        let found = host_values(&position_major(&found).unwrap()).unwrap();
        let expected = by_definition(&input, &of_input, &of_state, &bias, channels);
        for (found, expected) in found.iter().zip(&expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} {expected}");
        }
        assert_eq!(found.len(), expected.len());
    }
}
