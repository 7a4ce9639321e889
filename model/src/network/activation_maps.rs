//! Class activation maps in closed form: what the activations of the second convolution add to the logit.
//!
//! Every layer after that convolution is linear, a ReLU, or a max pooling that hands each gradient to one position of
//! its window. So the gradient needs three small products with the weights, masked where a ReLU is 0, and no autograd.

use tch::{Kind, TchError, Tensor};

use super::{Batch, Head, Network, pool, position_major};
use crate::architecture::POOL_WIDTH;

/// How gradients weigh activations.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ActivationMap {
    /// Grad-CAM (Selvaraju et al. 2017; the paper's equations 1 and 2 before its ReLU): by their mean over positions.
    GradCam,
    /// HiResCAM (Draelos and Carin 2020): position by position.
    HiresCam,
}

/// The first dense layer's weights summed over positions, `[600, 100]`: the sum over positions of a gradient needs no
/// more, since pooling hands each gradient to some position.
#[derive(Debug)]
pub(crate) struct SummedDense1(Tensor);

impl Network {
    /// Sums once what every Grad-CAM of this network needs.
    pub(crate) fn summed_dense1(&self) -> Result<SummedDense1, TchError> {
        Ok(SummedDense1(self.layers.dense1.weight.f_sum_dim_intlist(1, false, Kind::Float)?))
    }

    /// Logits `[windows, 1]` and, from the same pass, signed maps `[windows, positions of the second convolution]`.
    pub(crate) fn logits_and_maps(
        &self,
        batch: &Batch,
        map: ActivationMap,
        summed: &SummedDense1,
    ) -> Result<(Tensor, Tensor), TchError> {
        let conv2 = self.convolved(&batch.sequence, None)?;
        match map {
            ActivationMap::GradCam => self.grad_cam(conv2, batch, summed),
            ActivationMap::HiresCam => self.hires_cam(&conv2, batch),
        }
    }

    fn grad_cam(
        &self,
        mut conv2: Tensor,
        batch: &Batch,
        summed: &SummedDense1,
    ) -> Result<(Tensor, Tensor), TchError> {
        // Rectified before it is pooled, because the map needs every activation.
        let activations = conv2.f_relu_()?;
        let head = self.head(&self.dense1(&pool(&activations)?)?, batch, None)?;
        let (_, _, _, positions) = activations.size4()?;
        let alpha = self.dense1_gradient(&head)?.f_matmul(&summed.0)?;
        let alpha = alpha.f_div_scalar(positions)?.f_unsqueeze(1)?;
        // In this order libtorch multiplies ten times as fast as in the other.
        let maps = alpha.f_bmm(&activations.f_squeeze_dim(2)?)?.f_squeeze_dim(1)?;
        Ok((head.logits, maps))
    }

    fn hires_cam(&self, conv2: &Tensor, batch: &Batch) -> Result<(Tensor, Tensor), TchError> {
        let width = POOL_WIDTH as i64;
        let (pooled, places) =
            conv2.f_max_pool2d_with_indices([1, width], [1, width], [0, 0], [1, 1], false)?;
        let pooled = pooled.f_relu()?;
        let head = self.head(&self.dense1(&pooled)?, batch, None)?;
        let weight = self.layers.dense1.weight.f_flatten(1, 2)?;
        let share = self.dense1_gradient(&head)?.f_matmul(&weight)?.f_mul(&position_major(&pooled)?)?;
        let (windows, _, _, positions) = conv2.size4()?;
        let maps = Tensor::f_zeros([windows, positions], (Kind::Float, share.device()))?;
        Ok((head.logits, maps.f_scatter_add(1, &position_major(&places)?, &share)?))
    }

    /// Gradient of the logit by the first dense layer before its ReLU, `[windows, 600]`.
    fn dense1_gradient(&self, head: &Head) -> Result<Tensor, TchError> {
        let layers = &self.layers;
        let units = head.dense3.size().last().copied().unwrap_or(0);
        let output = layers.output.weight.f_narrow(1, 0, units)?;
        let gradient = open(&head.dense3)?.f_mul(&output)?;
        let gradient = gradient.f_matmul(&layers.dense3.weight)?.f_mul(&open(&head.dense2)?)?;
        gradient.f_matmul(&layers.dense2.weight)?.f_mul(&open(&head.dense1)?)
    }
}

/// 1 where a ReLU lets its input through, else 0.
fn open(rectified: &Tensor) -> Result<Tensor, TchError> {
    rectified.f_sign()
}

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;
