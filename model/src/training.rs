//! Training of one network on labelled windows.

mod batches;
mod comparison;
mod fit;
mod native;
mod optimizer;
mod random;
mod recipe;
#[cfg(test)]
mod tests;
mod torch;
mod trainable;

pub use batches::{Example, ExampleError};
pub use comparison::{ComparisonExample, fit_comparison, predict_comparison};
pub use fit::{Epoch, TrainError, fit, predict, predict_logits};
pub use recipe::{Optimizer, Recipe, RecipeError, Schedule};
