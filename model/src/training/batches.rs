//! Labelled windows and batches of them.

use std::borrow::Borrow;

use polaris_genomics::{RegionClass, SequenceError};
use tch::{Device, TchError, Tensor};

use super::random::{Stream, kept_multiplier};
use super::recipe::Recipe;
use crate::architecture::{Architecture, DENSE_UNITS, FILTERS};
use crate::cpu::learning::Dropout;
use crate::ensemble::check_sequence;
use crate::inputs::{self, InputError};
use crate::network::{Batch, DropoutMasks};

/// A labelled window, with some bases to either side so that it can be shifted.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// RNA-strand sequence in A C G T N: `flank_bases`, then the window, then `flank_bases`.
    pub sequence: Vec<u8>,
    /// Bases beyond the window on either side.
    pub flank_bases: usize,
    /// ln(TPM + 1) of the nearest gene; ignored by networks without expression.
    pub expression: f32,
    /// Region class at the midpoint; ignored by networks without region.
    pub region: Option<RegionClass>,
    /// Whether the protein binds here.
    pub positive: bool,
}

/// Examples that cannot be trained on.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ExampleError {
    /// An example of another length.
    #[error("example {example}: {found} bases, {expected} are expected with {flank_bases} to either side")]
    Length {
        /// Index of the example, from 0.
        example: usize,
        /// Bases expected.
        expected: usize,
        /// Bases found.
        found: usize,
        /// Bases beyond the window on either side.
        flank_bases: usize,
    },
    /// Not enough bases to shift a window.
    #[error("example {example}: {found} bases to either side, the recipe shifts by up to {expected}")]
    Flank {
        /// Index of the example, from 0.
        example: usize,
        /// Bases that the recipe needs.
        expected: usize,
        /// Bases that the example has.
        found: usize,
    },
    /// A letter that is no base.
    #[error("example {example}: {cause}")]
    Letter {
        /// Index of the example, from 0.
        example: usize,
        /// Letter and place.
        cause: SequenceError,
    },
    /// A covariate that is not a number.
    #[error("example {example}: expression is {found}")]
    Expression {
        /// Index of the example, from 0.
        example: usize,
        /// The value, as text.
        found: String,
    },
    /// Structure of another number of bases than the sequence.
    #[error("example {example}: {found} probabilities of being unpaired for {expected} bases")]
    Structure {
        /// Index of the example, from 0.
        example: usize,
        /// Bases of the sequence.
        expected: usize,
        /// Probabilities given.
        found: usize,
    },
    /// A probability of being unpaired that is none.
    #[error("example {example}: a probability of being unpaired is {found}, expected 0 to 1")]
    Unpaired {
        /// Index of the example, from 0.
        example: usize,
        /// The value, as text.
        found: String,
    },
    /// Labels of another number of proteins than the network's.
    #[error("example {example}: {found} labels for {expected} outputs")]
    Labels {
        /// Index of the example, from 0.
        example: usize,
        /// Outputs of the network.
        expected: usize,
        /// Labels given.
        found: usize,
    },
    /// Nothing to tell apart.
    #[error("{positives} bound and {negatives} unbound windows: both kinds are needed")]
    OneClass {
        /// Bound windows.
        positives: usize,
        /// Unbound windows.
        negatives: usize,
    },
}

/// Checks that examples fit the architecture.
pub(super) fn check(
    examples: &[impl Borrow<Example>],
    architecture: Architecture,
) -> Result<(), ExampleError> {
    let length = architecture.input_length();
    examples
        .iter()
        .map(Borrow::borrow)
        .enumerate()
        .try_for_each(|(index, example)| check_one(index, example, length))
}

/// Checks that an example fits a network of windows of so many bases.
pub(super) fn check_one(index: usize, example: &Example, input_length: usize) -> Result<(), ExampleError> {
    let expected = input_length + 2 * example.flank_bases;
    if example.sequence.len() != expected {
        return Err(ExampleError::Length {
            example: index,
            expected,
            found: example.sequence.len(),
            flank_bases: example.flank_bases,
        });
    }
    check_sequence(&example.sequence, 0).map_err(|cause| ExampleError::Letter { example: index, cause })?;
    if !example.expression.is_finite() {
        return Err(ExampleError::Expression { example: index, found: example.expression.to_string() });
    }
    Ok(())
}

/// Checks that examples can be trained on with a recipe.
pub(super) fn check_trainable<'a>(
    examples: impl Iterator<Item = &'a Example>,
    recipe: &Recipe,
    labels: impl Iterator<Item = bool>,
) -> Result<(), ExampleError> {
    let (bound, unbound): (Vec<bool>, Vec<bool>) = labels.partition(|positive| *positive);
    let (positives, negatives) = (bound.len(), unbound.len());
    if positives == 0 || negatives == 0 {
        return Err(ExampleError::OneClass { positives, negatives });
    }
    match examples.enumerate().find(|(_, example)| example.flank_bases < recipe.shift_bases) {
        None => Ok(()),
        Some((index, example)) => Err(ExampleError::Flank {
            example: index,
            expected: recipe.shift_bases,
            found: example.flank_bases,
        }),
    }
}

/// The window of an example, moved by a shift in bases.
pub(super) fn window(example: &Example, shift: isize, length: usize) -> &[u8] {
    let start = example.flank_bases.saturating_add_signed(shift);
    example.sequence.get(start..start + length).unwrap_or_default()
}

/// A batch of the chosen examples, each window moved by its shift in bases.
pub(super) fn batch(
    architecture: Architecture,
    chosen: &[(&Example, isize)],
    device: Device,
) -> Result<Batch, InputError> {
    let length = architecture.input_length();
    let windows = chosen.iter().map(|(example, shift)| window(example, *shift, length));
    let expression: Vec<f32> = chosen.iter().map(|(example, _)| example.expression).collect();
    Ok(Batch {
        sequence: inputs::sequences(windows, length, device)?,
        expression: inputs::expression(&expression, device)?,
        region: inputs::regions(chosen.iter().map(|(example, _)| example.region), device)?,
    })
}

/// Labels of the chosen examples, `[windows, 1]`, 1 for bound.
pub(super) fn labels(chosen: &[(&Example, isize)], device: Device) -> Result<Tensor, TchError> {
    let labels: Vec<f32> = chosen.iter().map(|(example, _)| f32::from(u8::from(example.positive))).collect();
    inputs::expression(&labels, device)
}

/// Draws the dropout of one step.
pub(super) fn dropout(
    architecture: Architecture,
    windows: usize,
    rates: [f64; 3],
    stream: &mut Stream,
) -> Dropout {
    Dropout {
        pool1: stream.dropout(windows * architecture.pooled1_positions() * FILTERS, rates[0]),
        pool2: stream.dropout(windows * architecture.pooled2_positions() * FILTERS, rates[1]),
        dense2: stream.dropout(windows * DENSE_UNITS[1], rates[2]),
        kept: rates.map(kept_multiplier),
    }
}

/// As [`dropout`], as tensors.
pub(super) fn dropout_tensors(
    architecture: Architecture,
    windows: usize,
    rates: [f64; 3],
    stream: &mut Stream,
    device: Device,
) -> Result<DropoutMasks, TchError> {
    let Dropout { pool1, pool2, dense2, .. } = dropout(architecture, windows, rates, stream);
    let tensor =
        |values: &[f32], shape: &[i64]| Tensor::f_from_slice(values)?.f_reshape(shape)?.f_to_device(device);
    let (windows, filters) = (windows as i64, FILTERS as i64);
    Ok(DropoutMasks {
        pool1: tensor(&pool1, &[windows, 1, architecture.pooled1_positions() as i64, filters])?,
        pool2: tensor(&pool2, &[windows, 1, architecture.pooled2_positions() as i64, filters])?,
        dense2: tensor(&dense2, &[windows, DENSE_UNITS[1] as i64])?,
    })
}
