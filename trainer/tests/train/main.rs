//! `train` on a small simulation: what it refuses, what it does when something fails, stacks of networks.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod failures;
mod inputs;
mod stacks;
mod world;
