//! What becomes of weights by their gradients.

/// Betas and epsilon of Adam (Kingma and Ba 2015).
pub(crate) const BETA1: f64 = 0.9;
pub(crate) const BETA2: f64 = 0.999;
pub(crate) const EPSILON: f64 = 1e-8;
/// Of RMSprop, as in Keras.
pub(crate) const RMS_DECAY: f64 = 0.9;
pub(crate) const RMS_EPSILON: f64 = 1e-7;

/// A step of an update rule.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// Stochastic gradient descent.
    Sgd {
        /// Step size.
        rate: f32,
    },
    /// RMSprop.
    RmsProp {
        /// Step size.
        rate: f32,
    },
    /// Adam with decoupled weight decay.
    AdamW {
        /// What weights of matrices are multiplied with first.
        shrink: f32,
        /// Step size, with the correction of the first moment.
        rate: f32,
        /// One over the correction of the square root of the second moment.
        scale: f32,
    },
}

/// Running means of gradients and of their squares, for rules that keep them.
#[derive(Debug)]
pub(super) struct Moments<T>(Option<[T; 2]>);

impl<T> Moments<T> {
    /// As `zeros` makes them, if they are kept.
    pub(super) fn new(kept: bool, mut zeros: impl FnMut() -> T) -> Self {
        Self(kept.then(|| [zeros(), zeros()]))
    }

    /// The part of both that `part` cuts out.
    #[inline(always)]
    pub(super) fn part<'a>(
        &'a mut self,
        part: impl Fn(&'a mut T) -> &'a mut [f32],
    ) -> Option<[&'a mut [f32]; 2]> {
        self.0.as_mut().map(|moments| moments.each_mut().map(part))
    }
}

/// Whether weight decay applies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Weights of a matrix or a kernel.
    Matrix,
    /// A bias.
    Bias,
}

impl Rule {
    /// Moves weights by their gradients.
    #[inline(always)]
    pub(super) fn apply(
        self,
        kind: Kind,
        weights: &mut [f32],
        gradients: &[f32],
        moments: Option<[&mut [f32]; 2]>,
    ) {
        match (self, moments) {
            (Self::AdamW { shrink, rate, scale }, Some([means, squares])) => {
                let shrink = if kind == Kind::Matrix { shrink } else { 1.0 };
                let moments = means.iter_mut().zip(squares.iter_mut());
                for ((weight, gradient), (mean, square)) in weights.iter_mut().zip(gradients).zip(moments) {
                    *mean += (1.0 - BETA1) as f32 * (gradient - *mean);
                    *square += (1.0 - BETA2) as f32 * (gradient * gradient - *square);
                    *weight = *weight * shrink - rate * *mean / (square.sqrt() * scale + EPSILON as f32);
                }
            }
            (Self::RmsProp { rate }, Some([_, squares])) => {
                for ((weight, gradient), square) in weights.iter_mut().zip(gradients).zip(squares) {
                    *square += (1.0 - RMS_DECAY) as f32 * (gradient * gradient - *square);
                    *weight -= rate * gradient / (square.sqrt() + RMS_EPSILON as f32);
                }
            }
            (Self::Sgd { rate } | Self::RmsProp { rate } | Self::AdamW { rate, .. }, _) => {
                for (weight, gradient) in weights.iter_mut().zip(gradients) {
                    *weight -= rate * gradient;
                }
            }
        }
    }
}
