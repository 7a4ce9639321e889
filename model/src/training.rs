//! Training of one network on labelled windows.

mod batches;
mod fit;
mod optimizer;
mod random;
mod recipe;

pub use batches::{Example, ExampleError};
pub use fit::{Epoch, TrainError, fit, predict};
pub use recipe::{Optimizer, Recipe, RecipeError, Schedule};
