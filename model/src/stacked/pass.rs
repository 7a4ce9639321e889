//! Whole passes of many windows through many models.
//!
//! Both convolutions are products of matrices. The first multiplies what its positions read, laid out once for all
//! models. The second needs no such copy: a row of eight positions, 800 numbers side by side, is what one position of it
//! reads, and those that start a position later are the same memory read from there. Eight products, one for each start,
//! make all positions.

use tch::{Kind, TchError, Tensor};

use super::inputs::ChunkInputs;
use super::layout::{POOL, WIDTH};
use super::weights::StackedWeights;

/// What the convolutions made of some windows.
#[derive(Debug)]
pub(super) struct Activations {
    /// The first pooling after its ReLU, `[models, windows * pitch + 8, channels]`; the last eight rows hold anything.
    pub(super) pooled1: Tensor,
    /// The second convolution without its bias, `[models, windows * pitch, channels]`; what lies beyond the last
    /// position of a window holds anything.
    pub(super) conv2: Tensor,
}

/// What the dense layers made of some windows, all after their ReLU: `[models, windows, units]`.
#[derive(Debug)]
pub(super) struct Dense {
    pub(super) dense1: Tensor,
    pub(super) dense2: Tensor,
    pub(super) dense3: Tensor,
    /// What the last layer adds to the logit, `[models, windows]`.
    pub(super) output: Tensor,
}

impl StackedWeights {
    /// Both convolutions of whole windows.
    pub(super) fn convolve(&self, inputs: &ChunkInputs) -> Result<Activations, TchError> {
        let pooled1 = self.pooled1(&inputs.bases, WIDTH)?;
        let (models, rows, channels) = pooled1.size3()?;
        let rows = rows - WIDTH;
        let conv2 =
            Tensor::f_empty([models, rows / WIDTH, WIDTH, channels], (self.layout.kind, pooled1.device()))?;
        for start in 0..WIDTH {
            let seen = pooled1.f_narrow(1, start, rows)?;
            let seen = seen.f_view([models, rows / WIDTH, WIDTH * channels])?;
            let _ = seen.f_bmm_out(&conv2.f_select(2, start)?, &self.conv2)?;
        }
        Ok(Activations { pooled1, conv2: conv2.f_view([models, rows, channels])? })
    }

    /// The first convolution with bias, pooling and ReLU of what its positions read, `[positions, conv1 inputs]`:
    /// `[models, positions / 4 + spare, channels]`. Spare rows hold anything.
    pub(super) fn pooled1(&self, bases: &Tensor, spare: i64) -> Result<Tensor, TchError> {
        let (positions, inputs) = bases.size2()?;
        let (models, _, channels) = self.conv1.size3()?;
        let conv1 = bases.f_unsqueeze(0)?.f_expand([models, positions, inputs], false)?.f_bmm(&self.conv1)?;
        let rows = positions / POOL;
        let pooled = Tensor::f_empty([models, rows + spare, channels], (conv1.f_kind()?, conv1.device()))?;
        let conv1 = conv1.f_view([models, rows, POOL, channels])?;
        let mut place = pooled.f_narrow(1, 0, rows)?;
        let _ = conv1.f_amax_out(&place, [2], false)?;
        let _ = place.f_relu_()?;
        Ok(pooled)
    }

    /// The second pooling after bias and ReLU, `[models, windows, positions, channels]`.
    pub(super) fn pooled2(&self, activations: &Activations) -> Result<Tensor, TchError> {
        self.pool2(&self.whole_windows(&activations.conv2)?)
    }

    /// The positions of the second convolution that are pooled, `[models, windows, positions, 4, channels]`.
    pub(super) fn whole_windows(&self, conv2: &Tensor) -> Result<Tensor, TchError> {
        let (models, _, channels) = conv2.size3()?;
        let pitch = self.layout.pitch as i64;
        let groups = conv2.f_view([models, -1, pitch / POOL, POOL, channels])?;
        groups.f_narrow(2, 0, self.layout.pooled2 as i64)
    }

    /// Pools the second convolution, `[models, windows, positions, 4, channels]`, and adds bias and ReLU, which commute
    /// with that.
    pub(super) fn pool2(&self, conv2: &Tensor) -> Result<Tensor, TchError> {
        self.rectify(conv2.f_amax([3], false)?)
    }

    /// Adds bias and ReLU of the second convolution to what is left after pooling.
    pub(super) fn rectify(&self, mut pooled: Tensor) -> Result<Tensor, TchError> {
        pooled.f_add_(&self.conv2_bias.f_unsqueeze(1)?)?.f_relu_()
    }

    /// The first dense layer before its ReLU, `[models, windows, 600]`, 32-bit.
    pub(super) fn dense1(&self, pooled2: &Tensor) -> Result<Tensor, TchError> {
        let product = pooled2.f_flatten(2, 3)?.f_bmm(&self.dense1.f_transpose(1, 2)?)?;
        product.f_to_kind(Kind::Float)?.f_add_(&self.dense1_bias)
    }

    /// The layers after the first dense one, whose values before the ReLU are `dense1`.
    pub(super) fn dense(&self, dense1: &Tensor) -> Result<Dense, TchError> {
        let dense1 = dense1.f_relu()?;
        let dense2 = layer(&dense1, &self.dense2, &self.dense2_bias)?;
        let dense3 = layer(&dense2, &self.dense3, &self.dense3_bias)?;
        let output = dense3.f_bmm(&self.output.f_transpose(1, 2)?)?.f_squeeze_dim(2)?;
        Ok(Dense { dense1, dense2, dense3, output })
    }

    /// What covariates and the last bias add to the logits, `[models, windows]`.
    pub(super) fn covariates(&self, inputs: &ChunkInputs) -> Result<Tensor, TchError> {
        let expression = inputs.expression.f_index_select(1, &self.column)?.f_transpose(0, 1)?;
        let region = self.region.f_matmul(&inputs.region.f_transpose(0, 1)?)?;
        expression.f_mul(&self.expression)?.f_add(&region)?.f_add_(&self.output_bias)
    }
}

fn layer(input: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor, TchError> {
    bias.f_baddbmm(input, &weight.f_transpose(1, 2)?, 1.0, 1.0)?.f_relu_()
}
