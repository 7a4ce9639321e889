//! Training of networks on labelled windows: one by one, or many of one architecture as a stack.

mod batches;
mod comparison;
mod first_weights;
mod fit;
mod native;
mod optimizer;
mod random;
mod recipe;
mod stacked;
#[cfg(test)]
mod tests;
mod torch;
mod trainable;

pub use batches::{Example, ExampleError};
pub use comparison::{ComparisonExample, fit_comparison, predict_comparison};
pub use fit::{Epoch, TrainError, arithmetic, fit, predict, predict_logits};
pub use recipe::{Optimizer, Recipe, RecipeError, Schedule};
pub use stacked::{StackedTask, fit_stacked, propose_stack, stack_bytes};
