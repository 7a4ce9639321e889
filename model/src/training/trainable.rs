//! What the training loop asks of a network.

use tch::{Device, Tensor};

use super::fit::TrainError;
use super::random::Stream;
use super::recipe::Recipe;
use crate::architecture::Parameter;

/// A network together with the examples it learns from.
pub(super) trait Trainable {
    /// Every weight tensor, in the order in which the other methods get them.
    fn parameters(&self) -> Vec<Parameter>;

    /// First values of every weight tensor, in that order.
    fn first_weights(&self, recipe: &Recipe, seed: u64) -> Vec<Vec<f32>>;

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
