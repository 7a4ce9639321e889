//! The weights of many models as one tensor a layer.

use tch::{TchError, Tensor};

use super::chosen::Source;
use super::layout::Layout;

/// Weights of some models; the first dimension of every tensor is the model.
///
/// Covariates are folded: their branches and their part of the output unit are linear, so that one number says what a
/// value adds to the logit. It is 0 for a model that does not read the covariate.
#[derive(Debug)]
pub(super) struct StackedWeights {
    pub(super) layout: Layout,
    /// `[models, conv1 inputs, channels]`: base by base of the kernel, then the bias.
    pub(super) conv1: Tensor,
    /// `[models, 8 * channels, channels]`: inputs position by position of the kernel.
    pub(super) conv2: Tensor,
    /// `[models, channels, 8 * channels]`: the same by input channel, last position of the kernel first.
    pub(super) conv2_taps: Tensor,
    /// `[models, 1, channels]`.
    pub(super) conv2_bias: Tensor,
    /// `[models, 600, positions * channels]`.
    pub(super) dense1: Tensor,
    /// `[models, 600, channels]`, 32-bit: the same summed over positions, which Grad-CAM needs.
    pub(super) dense1_sum: Tensor,
    /// `[models, 1, 600]`, 32-bit, as all that follows.
    pub(super) dense1_bias: Tensor,
    /// `[models, 300, 600]`.
    pub(super) dense2: Tensor,
    /// `[models, 1, 300]`.
    pub(super) dense2_bias: Tensor,
    /// `[models, 64, 300]`.
    pub(super) dense3: Tensor,
    /// `[models, 1, 64]`.
    pub(super) dense3_bias: Tensor,
    /// `[models, 1, 64]`.
    pub(super) output: Tensor,
    /// `[models, 1]`: what an expression of 1 adds to the logit.
    pub(super) expression: Tensor,
    /// `[models, 6]`: what each region class adds to the logit.
    pub(super) region: Tensor,
    /// `[models, 1]`: what is added to every logit.
    pub(super) output_bias: Tensor,
    /// `[models]`, 64-bit integers: the column of expression that each model reads.
    pub(super) column: Tensor,
}

impl StackedWeights {
    /// The weights of some of the models: a view where they lie side by side, else a copy.
    pub(super) fn select(&self, source: &Source) -> Result<Self, TchError> {
        let take = |tensor: &Tensor| match source {
            Source::Run { first, count } => tensor.f_narrow(0, *first, *count),
            Source::Picked(indices) => tensor.f_index_select(0, indices),
        };
        Ok(Self {
            layout: self.layout,
            conv1: take(&self.conv1)?,
            conv2: take(&self.conv2)?,
            conv2_taps: take(&self.conv2_taps)?,
            conv2_bias: take(&self.conv2_bias)?,
            dense1: take(&self.dense1)?,
            dense1_sum: take(&self.dense1_sum)?,
            dense1_bias: take(&self.dense1_bias)?,
            dense2: take(&self.dense2)?,
            dense2_bias: take(&self.dense2_bias)?,
            dense3: take(&self.dense3)?,
            dense3_bias: take(&self.dense3_bias)?,
            output: take(&self.output)?,
            expression: take(&self.expression)?,
            region: take(&self.region)?,
            output_bias: take(&self.output_bias)?,
            column: take(&self.column)?,
        })
    }

    /// How many models there are.
    pub(super) fn models(&self) -> Result<i64, TchError> {
        Ok(self.conv1.size3()?.0)
    }
}
