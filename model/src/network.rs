//! The network as libtorch operations, for training and for inference one model at a time.
//!
//! Layers are those of the published POLARIS network: two convolutions with max pooling, three dense
//! layers, and linear branches for the covariates that join before the output unit.

#[cfg(test)]
pub(crate) mod fixtures;

use tch::{Device, Kind, TchError, Tensor};

use crate::architecture::{Architecture, KERNEL_WIDTH, POOL_WIDTH};
use crate::weights::{Weights, WeightsError};

/// One network with its weights on a device.
#[derive(Debug)]
pub(crate) struct Network {
    architecture: Architecture,
    layers: Layers,
}

#[derive(Debug)]
struct Layer {
    weight: Tensor,
    bias: Tensor,
}

#[derive(Debug)]
struct Layers {
    conv1: Layer,
    conv2: Layer,
    dense1: Layer,
    dense2: Layer,
    dense3: Layer,
    expression: Option<Layer>,
    region: Option<Layer>,
    output: Layer,
}

/// Multipliers for dropout in the three places where the network has it: 0, or 1 / (1 - rate).
#[derive(Debug)]
pub(crate) struct DropoutMasks {
    /// `[windows, 1, positions, 100]` after the first pooling.
    pub(crate) pool1: Tensor,
    /// `[windows, 1, positions, 100]` after the second pooling.
    pub(crate) pool2: Tensor,
    /// `[windows, 300]` after the second dense layer.
    pub(crate) dense2: Tensor,
}

/// A batch as the network reads it, all 32-bit floats.
#[derive(Debug)]
pub(crate) struct Batch {
    /// `[windows, 4, length]`, one-hot.
    pub(crate) sequence: Tensor,
    /// `[windows, 1]`, ln(TPM + 1).
    pub(crate) expression: Tensor,
    /// `[windows, 6]`, one-hot.
    pub(crate) region: Tensor,
}

impl Network {
    /// Copies weights onto a device.
    pub(crate) fn new(weights: &Weights, device: Device) -> Result<Self, TchError> {
        let tensors = weights
            .iter()
            .map(|(parameter, values)| {
                let shape: Vec<i64> = parameter.shape.iter().map(|&size| size as i64).collect();
                Tensor::f_from_slice(values)?.f_reshape(shape)?.f_to_device(device)
            })
            .collect::<Result<Vec<_>, _>>()?;
        Self::from_tensors(weights.architecture(), tensors)
    }

    /// Takes tensors in the order of [`Architecture::parameters`].
    pub(crate) fn from_tensors(architecture: Architecture, tensors: Vec<Tensor>) -> Result<Self, TchError> {
        let mut tensors = tensors.into_iter();
        let mut layer = || match (tensors.next(), tensors.next()) {
            (Some(weight), Some(bias)) => Ok(Layer { weight, bias }),
            _ => Err(TchError::Shape("fewer tensors than the architecture has".to_owned())),
        };
        let layers = Layers {
            conv1: layer()?,
            conv2: layer()?,
            dense1: layer()?,
            dense2: layer()?,
            dense3: layer()?,
            expression: architecture.expression().then(&mut layer).transpose()?,
            region: architecture.region().then(&mut layer).transpose()?,
            output: layer()?,
        };
        Ok(Self { architecture, layers })
    }

    /// Copies the weights back to host memory.
    pub(crate) fn weights(&self) -> Result<Weights, NetworkError> {
        let layers = &self.layers;
        let all = [
            Some(&layers.conv1),
            Some(&layers.conv2),
            Some(&layers.dense1),
            Some(&layers.dense2),
            Some(&layers.dense3),
            layers.expression.as_ref(),
            layers.region.as_ref(),
            Some(&layers.output),
        ];
        let tensors = all
            .into_iter()
            .flatten()
            .flat_map(|layer| [&layer.weight, &layer.bias])
            .map(host_values)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Weights::new(self.architecture, tensors)?)
    }

    /// Logits `[windows, 1]`: the output unit before the sigmoid.
    pub(crate) fn logits(&self, batch: &Batch, dropout: Option<&DropoutMasks>) -> Result<Tensor, TchError> {
        let mut pooled = pool_and_rectify(&self.convolved(&batch.sequence, dropout)?)?;
        if let Some(masks) = dropout {
            pooled = pooled.f_mul(&masks.pool2.f_permute([0, 3, 1, 2])?)?;
        }
        self.head(&self.dense1(&pooled)?, batch, dropout)
    }

    /// The second convolution of one-hot sequences, `[windows, 100, 1, positions]`, before pooling and ReLU.
    fn convolved(&self, sequence: &Tensor, dropout: Option<&DropoutMasks>) -> Result<Tensor, TchError> {
        // Positions outermost, channels innermost: pooling then runs along memory, and the flattened activations
        // are position-major, as the first dense layer's weights are.
        let sequence = sequence.f_transpose(1, 2)?.f_contiguous()?.f_unsqueeze(1)?.f_permute([0, 3, 1, 2])?;
        let mut pooled = pool_and_rectify(&convolve(&sequence, &self.layers.conv1)?)?;
        if let Some(masks) = dropout {
            pooled = pooled.f_mul(&masks.pool1.f_permute([0, 3, 1, 2])?)?;
        }
        convolve(&pooled, &self.layers.conv2)
    }

    /// The first dense layer before its ReLU, `[windows, 600]`, of what the second pooling left.
    fn dense1(&self, pooled: &Tensor) -> Result<Tensor, TchError> {
        let layer = &self.layers.dense1;
        position_major(pooled)?.f_linear(&layer.weight.f_flatten(1, 2)?, Some(&layer.bias))
    }

    /// All layers after the first dense one, whose values before the ReLU are `dense1`: logits `[windows, 1]`.
    fn head(
        &self,
        dense1: &Tensor,
        batch: &Batch,
        dropout: Option<&DropoutMasks>,
    ) -> Result<Tensor, TchError> {
        let layers = &self.layers;
        let mut dense2 = linear(&dense1.f_relu()?, &layers.dense2)?.f_relu()?;
        if let Some(masks) = dropout {
            dense2 = dense2.f_mul(&masks.dense2)?;
        }
        let mut joined = vec![linear(&dense2, &layers.dense3)?.f_relu()?];
        if let Some(layer) = &layers.expression {
            joined.push(linear(&batch.expression, layer)?);
        }
        if let Some(layer) = &layers.region {
            joined.push(linear(&batch.region, layer)?);
        }
        linear(&Tensor::f_cat(&joined, 1)?, &layers.output)
    }
}

/// A network whose weights libtorch or their own checks refuse.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// libtorch failed.
    #[error("libtorch: {0}")]
    Torch(TchError),
    /// The weights are not usable.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

// No `#[from]`: that would make the cause, which the message has, the error's source as well.
impl From<TchError> for NetworkError {
    fn from(cause: TchError) -> Self {
        Self::Torch(cause)
    }
}

fn convolve(input: &Tensor, layer: &Layer) -> Result<Tensor, TchError> {
    debug_assert_eq!(layer.weight.size().last(), Some(&(KERNEL_WIDTH as i64)));
    input.f_conv2d(&layer.weight.f_unsqueeze(2)?, Some(&layer.bias), [1, 1], [0, 0], [1, 1], 1)
}

/// Max pooling and ReLU commute; in this order the ReLU has a quarter of the values to read.
pub(crate) fn pool_and_rectify(input: &Tensor) -> Result<Tensor, TchError> {
    pool(input)?.f_relu()
}

pub(crate) fn pool(input: &Tensor) -> Result<Tensor, TchError> {
    let width = POOL_WIDTH as i64;
    input.f_max_pool2d([1, width], [1, width], [0, 0], [1, 1], false)
}

/// `[windows, 100, 1, positions]` to `[windows, positions * 100]`.
pub(crate) fn position_major(pooled: &Tensor) -> Result<Tensor, TchError> {
    pooled.f_permute([0, 2, 3, 1])?.f_flatten(1, 3)
}

fn linear(input: &Tensor, layer: &Layer) -> Result<Tensor, TchError> {
    input.f_linear(&layer.weight, Some(&layer.bias))
}

/// Copies a tensor of any device into a vector of 32-bit floats, row-major.
pub(crate) fn host_values(tensor: &Tensor) -> Result<Vec<f32>, TchError> {
    let flat =
        tensor.f_detach()?.f_to_kind(Kind::Float)?.f_to_device(Device::Cpu)?.f_contiguous()?.f_reshape(-1)?;
    let mut values = vec![0f32; flat.numel()];
    flat.f_copy_data(&mut values, flat.numel())?;
    Ok(values)
}
