//! A harness for end-to-end tests: registries made for the occasion, the real `polaris-server` process and clients
//! to it, and the whole way from a simulation to scored variants through the real programs.
//!
//! The programs are looked for in the target folder of the running test, so they have to be built before:
//! `cargo build --release --bins`, then `cargo test --release -p polaris-tests`.
//!
//! ```no_run
//! use polaris_tests::{Server, TestRegistry};
//!
//! # async fn example() -> Result<(), polaris_tests::HarnessError> {
//! let registry = TestRegistry::all_variants()?;
//! let server = Server::new(registry.directory()).start().await?;
//! let models = server.client().list_models(polaris_proto::v1::ListModelsRequest {}).await;
//! # Ok(())
//! # }
//! ```

mod authority;
mod clients;
mod error;
mod exit;
mod files;
mod http;
mod labelled_window;
mod pipeline;
mod process;
mod program;
mod random;
mod registry;
mod server;

pub use authority::{Authority, IssuedFiles};
pub use clients::{Client, RawClient};
pub use error::HarnessError;
pub use exit::Exit;
pub use files::{info, names, rows, text};
pub use http::{HttpAnswer, http};
pub use labelled_window::LabelledWindow;
pub use pipeline::Pipeline;
pub use process::ServerProcess;
pub use program::{Program, RunningProgram};
pub use random::{Random, engine_window};
pub use registry::{INPUT_LENGTH, TestRegistry, training_record};
pub use server::Server;
