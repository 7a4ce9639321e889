//! What can go wrong around a test.

use std::path::PathBuf;
use std::time::Duration;

/// A failure of the harness itself, or of the server where the test expects it to work.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// The server has not been built.
    #[error("{0} is missing: run `cargo build -p polaris-server` with the profile of this test before")]
    NotBuilt(PathBuf),
    /// The system refuses something.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The registry cannot be made.
    #[error(transparent)]
    Registry(#[from] polaris_model::RegistryError),
    /// A model id or architecture of the test is wrong.
    #[error("{0}")]
    Model(String),
    /// No channel to the server.
    #[error(transparent)]
    Transport(#[from] tonic::transport::Error),
    /// No HTTP/2 connection to the server.
    #[error(transparent)]
    Http(#[from] hyper::Error),
    /// Something did not happen in time.
    #[error("{what} did not happen within {limit:?}; the server said:\n{stderr}")]
    Late {
        /// What was waited for.
        what: String,
        /// For how long.
        limit: Duration,
        /// The server's standard error up to now.
        stderr: String,
    },
    /// The server ended while it should serve.
    #[error("the server ended with {status}:\n{stderr}")]
    Ended {
        /// Exit status.
        status: String,
        /// Its standard error.
        stderr: String,
    },
}

impl HarnessError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
