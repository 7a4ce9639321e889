//! A harness for end-to-end tests: registries made for the occasion, the real `polaris-server` process, and
//! clients to it.
//!
//! The server's executable is looked for in the target folder of the running test, so it has to be built
//! before: `cargo build --release -p polaris-server`, then `cargo test --release -p polaris-tests`.
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

mod clients;
mod error;
mod process;
mod random;
mod registry;
mod server;

pub use clients::{Client, RawClient};
pub use error::HarnessError;
pub use process::{Exit, ServerProcess};
pub use random::{Random, engine_window};
pub use registry::{INPUT_LENGTH, TestRegistry, training_record};
pub use server::Server;
