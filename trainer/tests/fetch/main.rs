//! `polaris-trainer fetch` against a server of its own.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
#![expect(clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod failures;
mod harness;
mod pinned;
mod resumed;
mod server;
mod whole;
