//! Class activation maps of many windows and models in closed form; see `cpu/maps.rs` for why that works.

use tch::{Kind, TchError, Tensor};

use super::inputs::ChunkInputs;
use super::layout::{POOL, UNITS};
use super::pass::Dense;
use super::weights::StackedWeights;
use crate::ensemble::ActivationMap;

/// Logits `[models, windows]`, and signed maps `[models, windows, positions of the second convolution]`.
pub(super) type LogitsAndMaps = (Tensor, Tensor);

impl StackedWeights {
    /// Predicts and explains whole windows.
    pub(super) fn logits_and_maps(
        &self,
        inputs: &ChunkInputs,
        map: ActivationMap,
    ) -> Result<LogitsAndMaps, TchError> {
        let conv2 = self.convolve(inputs)?.conv2;
        let (dense, maps) = match map {
            ActivationMap::GradCam => self.grad_cam(conv2)?,
            ActivationMap::HiresCam => self.hires_cam(&conv2)?,
        };
        Ok((dense.output.f_add(&self.covariates(inputs)?)?, maps))
    }

    fn grad_cam(&self, mut conv2: Tensor) -> Result<(Dense, Tensor), TchError> {
        let (models, _, channels) = conv2.size3()?;
        // Rectified before it is pooled, because the map needs every activation.
        let activations = conv2.f_add_(&self.conv2_bias)?.f_relu_()?;
        let pooled2 = self.whole_windows(&activations)?.f_amax([3], false)?;
        let dense = self.dense(&self.dense1(&pooled2)?)?;
        let positions = self.layout.conv2 as i64;
        let alpha = self.dense1_gradient(&dense)?.f_bmm(&self.dense1_sum)?.f_div_scalar(positions)?;
        let alpha = alpha.f_to_kind(self.layout.kind)?.f_reshape([-1, 1, channels])?;
        let activations = activations.f_view([-1, self.layout.pitch as i64, channels])?;
        let maps = alpha.f_bmm(&activations.f_transpose(1, 2)?)?.f_to_kind(Kind::Float)?;
        Ok((dense, maps.f_view([models, -1, self.layout.pitch as i64])?.f_narrow(2, 0, positions)?))
    }

    fn hires_cam(&self, conv2: &Tensor) -> Result<(Dense, Tensor), TchError> {
        let (models, _, channels) = conv2.size3()?;
        // With which of the four positions each pooled value comes from; the first, if several are as high.
        let (highest, origin) = self.whole_windows(conv2)?.f_max_dim(3, false)?;
        let pooled2 = self.rectify(highest)?;
        let dense = self.dense(&self.dense1(&pooled2)?)?;
        let gradient = self.dense1_gradient(&dense)?.f_to_kind(self.layout.kind)?.f_bmm(&self.dense1)?;
        let share = gradient.f_view([models, -1, self.layout.pooled2 as i64, channels])?.f_mul(&pooled2)?;
        let shares = (0..POOL)
            .map(|position| {
                let own = origin.f_eq(position)?;
                share.f_mul(&own)?.f_sum_dim_intlist(-1, false, Kind::Float)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let maps = Tensor::f_stack(&shares, -1)?.f_flatten(2, 3)?;
        // Positions after the last pooled one have no gradient.
        let unpooled = self.layout.conv2 as i64 - self.layout.pooled2 as i64 * POOL;
        Ok((dense, maps.f_constant_pad_nd([0, unpooled])?))
    }

    /// Gradient of the logit by the first dense layer before its ReLU, `[models, windows, 600]`.
    fn dense1_gradient(&self, dense: &Dense) -> Result<Tensor, TchError> {
        let gradient = open(&dense.dense3)?.f_mul(&self.output)?;
        let gradient = gradient.f_bmm(&self.dense3)?.f_mul(&open(&dense.dense2)?)?;
        let gradient = gradient.f_bmm(&self.dense2)?.f_mul(&open(&dense.dense1)?)?;
        debug_assert_eq!(gradient.size().last(), Some(&UNITS));
        Ok(gradient)
    }
}

/// 1 where a ReLU lets its input through, else 0.
fn open(rectified: &Tensor) -> Result<Tensor, TchError> {
    rectified.f_sign()
}
