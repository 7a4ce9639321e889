//! Networks to compare POLARIS with, and variants of it: trained and evaluated, never published.
//!
//! They share the training loop, recipes and seeds of POLARIS ([`crate::training::fit_comparison`]), so that a
//! difference is one of networks. All of them join covariates before the output, as POLARIS does; one without
//! covariates is the network as it was published.

mod pass;
#[cfg(test)]
mod tests;

pub(crate) use pass::{ComparisonBatch, DropoutPlace, logits};

use crate::architecture::{
    BASES, DENSE_UNITS, FILTERS, KERNEL_WIDTH, MAXIMUM_INPUT_LENGTH, MINIMUM_INPUT_LENGTH, POOL_WIDTH,
    Parameter, REGIONS,
};

/// Filters of the three convolutions of DeepSEA.
const DEEPSEA_FILTERS: [usize; 3] = [320, 480, 960];
/// Units of DeepSEA's dense layer.
const DEEPSEA_DENSE: usize = 925;
/// Units of the recurrent layer.
const LSTM_UNITS: usize = 50;
/// Units of the dense layers behind the recurrent one.
const LSTM_DENSE: [usize; 2] = [300, 64];
/// The most outputs: a bound against mistakes, not a property of the networks.
const MOST_OUTPUTS: usize = 1000;
/// The widest dilation, likewise.
const WIDEST_DILATION: usize = 16;

/// The layers that read the sequence.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Body {
    /// Those of POLARIS.
    Polaris {
        /// Positions between neighboring taps of the second convolution: 1, or 2 as the original tried for complexes.
        dilation: usize,
    },
    /// Convolution and LSTM: 100 filters of width 8, pooling, 50 LSTM units, pooling, dense 300 and 64.
    CnnLstm,
    /// DeepSEA (Zhou and Troyanskaya 2015), which Seqweaver (Park et al. 2021) took for RBPs: convolutions of 320, 480
    /// and 960 filters of width 8, poolings between them, dense 925.
    Seqweaver,
}

/// What a network reads.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Inputs {
    /// Length of the window in bases.
    pub length: usize,
    /// Whether the probability of being unpaired is a fifth channel beside the bases.
    pub structure: bool,
    /// Whether ln(TPM + 1) of the nearest gene is joined before the output.
    pub expression: bool,
    /// Whether the region class is joined before the output.
    pub region: bool,
}

/// A network for comparison. All weights follow from it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ComparisonNetwork {
    body: Body,
    inputs: Inputs,
    outputs: usize,
}

/// What a layer leaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LayerShape {
    /// Name of the layer.
    pub name: &'static str,
    /// Positions along the window; 1 for dense layers.
    pub positions: usize,
    /// Filters or units.
    pub channels: usize,
}

/// A network that cannot be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ComparisonNetworkError {
    /// Nothing would be left behind convolutions and poolings, or the window is absurdly long.
    #[error("input length {found}: {body} needs {minimum} to {MAXIMUM_INPUT_LENGTH} bases")]
    Length {
        /// Name of the layers.
        body: &'static str,
        /// Length asked for.
        found: usize,
        /// The shortest window that leaves a position behind all of them.
        minimum: usize,
    },
    /// No output, or too many.
    #[error("{0} outputs, expected 1 to {MOST_OUTPUTS}")]
    Outputs(usize),
    /// A dilation of none or too many positions.
    #[error("dilation {0}, expected 1 to {WIDEST_DILATION}")]
    Dilation(usize),
}

impl Body {
    /// What people call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Polaris { dilation: 1 } => "POLARIS",
            Self::Polaris { .. } => "dilated POLARIS",
            Self::CnnLstm => "CNN-LSTM",
            Self::Seqweaver => "Seqweaver",
        }
    }

    /// Layers along the sequence, up to the first of them that has no position left.
    fn sequence_layers(&self, length: usize) -> Vec<LayerShape> {
        let mut layers = Vec::new();
        let mut positions = length;
        let mut layer = |name, left, channels| {
            if positions > 0 {
                positions = left;
                layers.push(LayerShape { name, positions, channels });
            }
            positions
        };
        match *self {
            Self::Polaris { dilation } => {
                let left = layer("conv1", convolved(length, 1), FILTERS);
                let left = layer("pool1", left / POOL_WIDTH, FILTERS);
                let left = layer("conv2", convolved(left, dilation), FILTERS);
                layer("pool2", left / POOL_WIDTH, FILTERS);
            }
            Self::CnnLstm => {
                let left = layer("conv1", convolved(length, 1), FILTERS);
                let left = layer("pool1", left / POOL_WIDTH, FILTERS);
                let left = layer("lstm", left, LSTM_UNITS);
                layer("pool2", left / POOL_WIDTH, LSTM_UNITS);
            }
            Self::Seqweaver => {
                let left = layer("conv1", convolved(length, 1), DEEPSEA_FILTERS[0]);
                let left = layer("pool1", left / POOL_WIDTH, DEEPSEA_FILTERS[0]);
                let left = layer("conv2", convolved(left, 1), DEEPSEA_FILTERS[1]);
                let left = layer("pool2", left / POOL_WIDTH, DEEPSEA_FILTERS[1]);
                layer("conv3", convolved(left, 1), DEEPSEA_FILTERS[2]);
            }
        }
        layers
    }

    fn dense_units(&self) -> &'static [usize] {
        match self {
            Self::Polaris { .. } => &DENSE_UNITS,
            Self::CnnLstm => &LSTM_DENSE,
            Self::Seqweaver => &[DEEPSEA_DENSE],
        }
    }

    /// The shortest window that leaves a position behind all layers.
    pub fn minimum_length(&self) -> usize {
        let fits = |length: &usize| self.sequence_layers(*length).iter().all(|layer| layer.positions > 0);
        // Of POLARIS no shorter windows than those that can be published.
        let first = if matches!(self, Self::Polaris { .. }) { MINIMUM_INPUT_LENGTH } else { 1 };
        (first..=MAXIMUM_INPUT_LENGTH).find(fits).unwrap_or(MAXIMUM_INPUT_LENGTH)
    }
}

/// Positions behind a valid convolution.
fn convolved(positions: usize, dilation: usize) -> usize {
    positions.saturating_sub((KERNEL_WIDTH - 1) * dilation)
}

impl ComparisonNetwork {
    /// A network with an output for each of so many proteins.
    ///
    /// # Errors
    /// If the window is too short for the layers or absurdly long, or there is no output.
    pub fn new(body: Body, inputs: Inputs, outputs: usize) -> Result<Self, ComparisonNetworkError> {
        if let Body::Polaris { dilation } = body
            && !(1..=WIDEST_DILATION).contains(&dilation)
        {
            return Err(ComparisonNetworkError::Dilation(dilation));
        }
        let minimum = body.minimum_length();
        if !(minimum..=MAXIMUM_INPUT_LENGTH).contains(&inputs.length) {
            return Err(ComparisonNetworkError::Length { body: body.name(), found: inputs.length, minimum });
        }
        if !(1..=MOST_OUTPUTS).contains(&outputs) {
            return Err(ComparisonNetworkError::Outputs(outputs));
        }
        Ok(Self { body, inputs, outputs })
    }

    /// The layers that read the sequence.
    pub fn body(&self) -> Body {
        self.body
    }

    /// What it reads.
    pub fn inputs(&self) -> Inputs {
        self.inputs
    }

    /// Outputs, one for each protein.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// All layers from the sequence to the output with what they leave.
    pub fn layers(&self) -> Vec<LayerShape> {
        let mut layers = self.body.sequence_layers(self.inputs.length);
        let names = ["dense1", "dense2", "dense3"].into_iter().zip(self.body.dense_units());
        layers.extend(names.map(|(name, &channels)| LayerShape { name, positions: 1, channels }));
        layers.push(LayerShape { name: "output", positions: 1, channels: self.outputs });
        layers
    }

    /// Every weight tensor in a fixed order: layers as the sequence meets them, each with its weight and its bias.
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut all: Vec<(&'static str, Vec<usize>)> = Vec::new();
        let mut inputs = BASES + usize::from(self.inputs.structure);
        let mut flat = Vec::new();
        for LayerShape { name, positions, channels } in self.body.sequence_layers(self.inputs.length) {
            match name {
                "conv1" => all.extend(convolution("conv1.weight", "conv1.bias", channels, inputs)),
                "conv2" => all.extend(convolution("conv2.weight", "conv2.bias", channels, inputs)),
                "conv3" => all.extend(convolution("conv3.weight", "conv3.bias", channels, inputs)),
                "lstm" => all.extend([
                    ("lstm.input", vec![4 * channels, inputs]),
                    ("lstm.recurrent", vec![4 * channels, channels]),
                    ("lstm.bias", vec![4 * channels]),
                ]),
                _ => {}
            }
            inputs = channels;
            flat = vec![positions, channels];
        }
        let names = [
            ("dense1.weight", "dense1.bias"),
            ("dense2.weight", "dense2.bias"),
            ("dense3.weight", "dense3.bias"),
        ];
        for ((weight, bias), &units) in names.into_iter().zip(self.body.dense_units()) {
            let shape: Vec<usize> = std::iter::once(units).chain(flat).collect();
            all.extend([(weight, shape), (bias, vec![units])]);
            flat = vec![units];
        }
        let mut joined: usize = flat.iter().sum();
        if self.inputs.expression {
            all.extend([("expression.weight", vec![1, 1]), ("expression.bias", vec![1])]);
            joined += 1;
        }
        if self.inputs.region {
            all.extend([("region.weight", vec![REGIONS, REGIONS]), ("region.bias", vec![REGIONS])]);
            joined += REGIONS;
        }
        all.extend([("output.weight", vec![self.outputs, joined]), ("output.bias", vec![self.outputs])]);
        all.into_iter()
            .enumerate()
            .map(|(ordinal, (name, shape))| Parameter { name, shape, ordinal })
            .collect()
    }
}

fn convolution(
    weight: &'static str,
    bias: &'static str,
    filters: usize,
    inputs: usize,
) -> [(&'static str, Vec<usize>); 2] {
    [(weight, vec![filters, inputs, KERNEL_WIDTH]), (bias, vec![filters])]
}

/// The weights of a trained network for comparison, in host memory.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparisonWeights {
    pub(crate) network: ComparisonNetwork,
    /// In the order of [`ComparisonNetwork::parameters`], each row-major.
    pub(crate) tensors: Vec<Vec<f32>>,
}

impl ComparisonWeights {
    /// The network that the weights belong to.
    pub fn network(&self) -> ComparisonNetwork {
        self.network
    }

    /// Each tensor with its name and shape, in row-major order.
    pub fn iter(&self) -> impl Iterator<Item = (Parameter, &[f32])> {
        self.network.parameters().into_iter().zip(self.tensors.iter().map(Vec::as_slice))
    }
}
