//! Training of one network on labelled windows.

mod batches;
mod fit;
mod native;
mod optimizer;
mod random;
mod recipe;
#[cfg(test)]
mod tests;
mod torch;

pub use batches::{Example, ExampleError};
pub use fit::{Epoch, TrainError, fit, predict};
pub use recipe::{Optimizer, Recipe, RecipeError, Schedule};
