//! What the training loop asks of a network.

use tch::{Device, Tensor};

use super::fit::TrainError;
use super::random::Stream;
use crate::architecture::Parameter;

/// A network together with the examples it learns from.
pub(super) trait Trainable {
    /// Every weight tensor, in the order in which the other methods get them.
    fn parameters(&self) -> Vec<Parameter>;

    /// First values of a weight tensor.
    fn initial(&self, parameter: &Parameter, stream: &mut Stream) -> Vec<f32> {
        stream.initial(parameter)
    }

    /// Places of the kernels whose squares the recipe may add to the loss.
    fn kernels(&self) -> Vec<usize>;

    /// The number of examples.
    fn examples(&self) -> usize;

    /// Mean loss over the chosen examples, each window moved by its shift in bases. Values are dropped at the three
    /// rates, drawn from the stream.
    fn loss(
        &self,
        weights: &[Tensor],
        chosen: &[(usize, isize)],
        rates: [f64; 3],
        dropout: &mut Stream,
        device: Device,
    ) -> Result<Tensor, TrainError>;
}
