//! The shape of the network: what is fixed by the paper and the options that vary between models.

use serde::{Deserialize, Serialize};

/// Filters of each convolution.
pub(crate) const FILTERS: usize = 100;
/// Width of each convolution kernel, in positions.
pub(crate) const KERNEL_WIDTH: usize = 8;
/// Width and stride of each max pooling, in positions.
pub(crate) const POOL_WIDTH: usize = 4;
/// Units of the three dense layers that read the sequence.
pub(crate) const DENSE_UNITS: [usize; 3] = [600, 300, 64];
/// Bases of the one-hot input: A, C, G, T.
pub(crate) const BASES: usize = 4;
/// Region classes of the one-hot region input.
pub(crate) const REGIONS: usize = 6;

/// The shortest window that leaves one position after both poolings.
pub(crate) const MINIMUM_INPUT_LENGTH: usize = 59;
/// The longest window accepted; a bound against mistyped settings, not a property of the network.
pub(crate) const MAXIMUM_INPUT_LENGTH: usize = 100_000;

/// Positions after the first convolution and pooling over a window of `input_length` bases.
pub(crate) fn pooled1_positions(input_length: usize) -> usize {
    (input_length + 1).saturating_sub(KERNEL_WIDTH) / POOL_WIDTH
}

/// Positions of the second convolution over a window of `input_length` bases.
pub(crate) fn conv2_positions(input_length: usize) -> usize {
    (pooled1_positions(input_length) + 1).saturating_sub(KERNEL_WIDTH)
}

/// Positions after the second pooling over a window of `input_length` bases.
pub(crate) fn pooled2_positions(input_length: usize) -> usize {
    conv2_positions(input_length) / POOL_WIDTH
}

/// Options in which networks differ. All weights and inputs follow from it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "Unchecked")]
pub struct Architecture {
    input_length: usize,
    expression: bool,
    region: bool,
}

/// An architecture that cannot be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("input length {0} is outside {MINIMUM_INPUT_LENGTH}..={MAXIMUM_INPUT_LENGTH} bases")]
pub struct ArchitectureError(usize);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    input_length: usize,
    expression: bool,
    region: bool,
}

impl TryFrom<Unchecked> for Architecture {
    type Error = ArchitectureError;

    fn try_from(raw: Unchecked) -> Result<Self, Self::Error> {
        Self::new(raw.input_length, raw.expression, raw.region)
    }
}

/// A named weight tensor of an architecture.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parameter {
    /// Dotted name, layer first: `conv1.weight`.
    pub name: &'static str,
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// Place among the parameters of the network with both covariates, which numbers them for good.
    pub ordinal: usize,
}

impl Parameter {
    /// Number of elements.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

impl Architecture {
    /// A network over windows of `input_length` bases, with or without each covariate.
    ///
    /// # Errors
    /// If the window is too short for two convolutions and poolings, or absurdly long.
    pub fn new(input_length: usize, expression: bool, region: bool) -> Result<Self, ArchitectureError> {
        if !(MINIMUM_INPUT_LENGTH..=MAXIMUM_INPUT_LENGTH).contains(&input_length) {
            return Err(ArchitectureError(input_length));
        }
        Ok(Self { input_length, expression, region })
    }

    /// Length of the window in bases.
    pub fn input_length(&self) -> usize {
        self.input_length
    }

    /// Whether the network reads ln(TPM + 1) of the nearest gene.
    pub fn expression(&self) -> bool {
        self.expression
    }

    /// Whether the network reads the region class.
    pub fn region(&self) -> bool {
        self.region
    }

    /// Positions after the first convolution and pooling: 248 of 1000 bases.
    pub fn pooled1_positions(&self) -> usize {
        pooled1_positions(self.input_length)
    }

    /// Positions of the second convolution: 241 of 1000 bases.
    pub fn conv2_positions(&self) -> usize {
        conv2_positions(self.input_length)
    }

    /// Positions after the second pooling, which the first dense layer reads: 60 of 1000 bases.
    pub fn pooled2_positions(&self) -> usize {
        pooled2_positions(self.input_length)
    }

    /// Inputs of the output unit: the last dense layer and what the covariates add.
    pub fn output_inputs(&self) -> usize {
        DENSE_UNITS[2] + usize::from(self.expression) + if self.region { REGIONS } else { 0 }
    }

    /// Every weight tensor in a fixed order.
    pub fn parameters(&self) -> Vec<Parameter> {
        let [dense1, dense2, dense3] = DENSE_UNITS;
        let mut all: Vec<(&'static str, Vec<usize>, bool)> = vec![
            ("conv1.weight", vec![FILTERS, BASES, KERNEL_WIDTH], true),
            ("conv1.bias", vec![FILTERS], true),
            ("conv2.weight", vec![FILTERS, FILTERS, KERNEL_WIDTH], true),
            ("conv2.bias", vec![FILTERS], true),
            ("dense1.weight", vec![dense1, self.pooled2_positions(), FILTERS], true),
            ("dense1.bias", vec![dense1], true),
            ("dense2.weight", vec![dense2, dense1], true),
            ("dense2.bias", vec![dense2], true),
            ("dense3.weight", vec![dense3, dense2], true),
            ("dense3.bias", vec![dense3], true),
            ("expression.weight", vec![1, 1], self.expression),
            ("expression.bias", vec![1], self.expression),
            ("region.weight", vec![REGIONS, REGIONS], self.region),
            ("region.bias", vec![REGIONS], self.region),
            ("output.weight", vec![1, self.output_inputs()], true),
            ("output.bias", vec![1], true),
        ];
        all.drain(..)
            .enumerate()
            .filter(|(_, (_, _, present))| *present)
            .map(|(ordinal, (name, shape, _))| Parameter { name, shape, ordinal })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_shapes() {
        let full = Architecture::new(1000, true, true).unwrap();
        assert_eq!(
            (
                full.pooled1_positions(),
                full.conv2_positions(),
                full.pooled2_positions(),
                full.output_inputs()
            ),
            (248, 241, 60, 71)
        );
        let weights: usize = full.parameters().iter().map(Parameter::elements).sum();
        assert_eq!(weights, 3_883_680);
        let short = Architecture::new(151, false, false).unwrap();
        assert_eq!((short.conv2_positions(), short.pooled2_positions(), short.output_inputs()), (29, 7, 64));
    }

    #[test]
    fn length_limits() {
        assert_eq!(Architecture::new(MINIMUM_INPUT_LENGTH, true, true).unwrap().pooled2_positions(), 1);
        assert!(Architecture::new(MINIMUM_INPUT_LENGTH - 1, true, true).is_err());
        assert!(Architecture::new(MAXIMUM_INPUT_LENGTH + 1, true, true).is_err());
        let text = r#"{"input_length": 8, "expression": true, "region": true}"#;
        assert!(serde_json::from_str::<Architecture>(text).is_err());
    }

    #[test]
    fn covariates_leave_their_tensors_out() {
        let sequence_only = Architecture::new(1000, false, false).unwrap();
        let names: Vec<_> = sequence_only.parameters().into_iter().map(|p| (p.name, p.ordinal)).collect();
        assert_eq!(names.len(), 12);
        assert_eq!(names[10], ("output.weight", 14));
    }
}
