//! The paper's experiments: each trains or tests many networks and writes one table and one file for programs.

pub(crate) mod ablation;
pub(crate) mod cross_cell;
pub(crate) mod learning_curve;
mod networks;
mod results;
mod tested;
mod training;
mod windows;
