//! The network of [`crate::network`] for a stack: the same layers, each one product over all networks.

use tch::{TchError, Tensor};

use super::inputs::{Inputs, Mask};
use crate::architecture::{Architecture, BASES, FILTERS, KERNEL_WIDTH, POOL_WIDTH};

/// Networks with stacked weights, in the order of [`Architecture::parameters`].
pub(super) struct StackedNetwork<'a> {
    architecture: Architecture,
    weights: &'a [Tensor],
}

/// Weights and biases of a layer.
struct Layer<'a> {
    weight: &'a Tensor,
    bias: &'a Tensor,
}

impl<'a> StackedNetwork<'a> {
    pub(super) fn new(architecture: Architecture, weights: &'a [Tensor]) -> Self {
        Self { architecture, weights }
    }

    /// The two convolution kernels, `[networks, filters, channels, 8]`.
    pub(super) fn kernels(&self) -> impl Iterator<Item = &'a Tensor> {
        self.weights.iter().step_by(2).take(2)
    }

    /// Logits `[networks, windows]`.
    pub(super) fn logits(&self, inputs: &Inputs) -> Result<Tensor, TchError> {
        let mut layers = self.weights.chunks_exact(2);
        let mut layer = || match layers.next() {
            Some([weight, bias]) => Ok(Layer { weight, bias }),
            _ => Err(TchError::Shape("fewer tensors than the architecture has".to_owned())),
        };
        let [pool1, pool2, dense2_mask] = &inputs.masks;
        let pooled = convolved_and_pooled(&inputs.sequence, &layer()?, BASES)?;
        let pooled = dropped(&pooled, pool1)?;
        // Positions that the second pooling drops are not calculated.
        let seen = self.architecture.pooled2_positions() * POOL_WIDTH + KERNEL_WIDTH - 1;
        let pooled = pooled.f_narrow(2, 0, seen as i64)?.f_flatten(2, 3)?;
        let pooled = convolved_and_pooled(&pooled, &layer()?, FILTERS)?;
        let pooled = dropped(&pooled, pool2)?.f_flatten(2, 3)?;
        let dense1 = layer()?;
        let weight = dense1.weight.f_flatten(2, 3)?;
        let dense1 = linear(&pooled, &Layer { weight: &weight, bias: dense1.bias })?.f_relu()?;
        let dense2 = dropped(&linear(&dense1, &layer()?)?.f_relu()?, dense2_mask)?;
        let mut joined = vec![linear(&dense2, &layer()?)?.f_relu()?];
        if self.architecture.expression() {
            joined.push(linear(&inputs.expression, &layer()?)?);
        }
        if self.architecture.region() {
            joined.push(linear(&inputs.region, &layer()?)?);
        }
        linear(&Tensor::f_cat(&joined, 2)?, &layer()?)?.f_squeeze_dim(2)
    }
}

/// A convolution, max pooling and ReLU of `[networks, windows, positions * channels]`:
/// `[networks, windows, positions / 4, 100]`. What eight positions hold lies side by side, so that what the convolution
/// reads is a matrix of such rows, each a position further.
fn convolved_and_pooled(input: &Tensor, layer: &Layer<'_>, channels: usize) -> Result<Tensor, TchError> {
    let (networks, windows, _) = input.size3()?;
    let (filters, channels) = (FILTERS as i64, channels as i64);
    let seen = KERNEL_WIDTH as i64 * channels;
    let rows = input.f_unfold(2, seen, channels)?;
    let positions = rows.size().get(2).copied().unwrap_or_default();
    let rows = rows.f_reshape([networks, windows * positions, seen])?;
    // [networks, filters, channel, place] as [networks, place * channels + channel, filters].
    let kernel = layer.weight.f_permute([0, 3, 2, 1])?.f_reshape([networks, seen, filters])?;
    let convolved = layer.bias.f_unsqueeze(1)?.f_baddbmm(&rows, &kernel, 1.0, 1.0)?;
    // The pooling of a network alone, so that of equal values the same one counts.
    let width = POOL_WIDTH as i64;
    convolved
        .f_view([networks * windows, 1, positions, filters])?
        .f_permute([0, 3, 1, 2])?
        .f_max_pool2d([1, width], [1, width], [0, 0], [1, 1], false)?
        .f_relu()?
        .f_permute([0, 2, 3, 1])?
        .f_reshape([networks, windows, positions / width, filters])
}

fn dropped(values: &Tensor, mask: &Mask) -> Result<Tensor, TchError> {
    values.f_mul(&mask.kept)?.f_mul_scalar(mask.multiplier)
}

/// `[networks, windows, inputs]` to `[networks, windows, units]`.
fn linear(input: &Tensor, layer: &Layer<'_>) -> Result<Tensor, TchError> {
    layer.bias.f_unsqueeze(1)?.f_baddbmm(input, &layer.weight.f_transpose(1, 2)?, 1.0, 1.0)
}
