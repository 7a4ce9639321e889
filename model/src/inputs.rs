//! Windows as tensors.

use polaris_genomics::{RegionClass, SequenceError, one_hot};
use tch::{Device, TchError, Tensor};

use crate::architecture::{BASES, REGIONS};

/// One-hot sequences, `[windows, 4, length]`.
///
/// # Errors
/// With the index of the window that holds another letter than A C G T N or has another length.
pub(crate) fn sequences<'a>(
    windows: impl ExactSizeIterator<Item = &'a [u8]>,
    length: usize,
    device: Device,
) -> Result<Tensor, InputError> {
    let count = windows.len();
    let mut values = vec![0f32; count * BASES * length];
    for ((window, sequence), out) in windows.enumerate().zip(values.chunks_exact_mut(BASES * length)) {
        if sequence.len() != length {
            return Err(InputError::Length { window, expected: length, found: sequence.len() });
        }
        one_hot(sequence, out).map_err(|cause| InputError::Sequence { window, cause })?;
    }
    let shape = [count as i64, BASES as i64, length as i64];
    Ok(Tensor::f_from_slice(&values)?.f_reshape(shape)?.f_to_device(device)?)
}

/// One-hot region classes, `[windows, 6]`; all zero where there is none.
pub(crate) fn regions(
    windows: impl ExactSizeIterator<Item = Option<RegionClass>>,
    device: Device,
) -> Result<Tensor, TchError> {
    let count = windows.len();
    let mut values = vec![0f32; count * REGIONS];
    for (region, out) in windows.zip(values.chunks_exact_mut(REGIONS)) {
        if let Some(value) = region.and_then(|region| out.get_mut(region.index())) {
            *value = 1.0;
        }
    }
    Tensor::f_from_slice(&values)?.f_reshape([count as i64, REGIONS as i64])?.f_to_device(device)
}

/// A column of expression values, `[windows, 1]`.
pub(crate) fn expression(values: &[f32], device: Device) -> Result<Tensor, TchError> {
    Tensor::f_from_slice(values)?.f_reshape([values.len() as i64, 1])?.f_to_device(device)
}

/// Windows that a network cannot read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A window of another length than the network's.
    #[error("window {window}: {found} bases, {expected} are expected")]
    Length {
        /// Index of the window in its batch, from 0.
        window: usize,
        /// Length that the network reads.
        expected: usize,
        /// Length of the window.
        found: usize,
    },
    /// A letter that is no base.
    #[error("window {window}: {cause}")]
    Sequence {
        /// Index of the window in its batch, from 0.
        window: usize,
        /// What is wrong; part of the message, so not its source as well.
        cause: SequenceError,
    },
    /// libtorch failed.
    #[error("libtorch: {0}")]
    Torch(TchError),
}

// No `#[from]`: that would make the cause, which the message has, the error's source as well.
impl From<TchError> for InputError {
    fn from(cause: TchError) -> Self {
        Self::Torch(cause)
    }
}
