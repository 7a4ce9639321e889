//! What can go wrong around a test.

use std::path::PathBuf;
use std::time::Duration;

/// A failure of the harness itself, or of the server where the test expects it to work.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// A program has not been built.
    #[error("{0} is missing: run `cargo build --bins` with the profile of this test before")]
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
    /// A certificate cannot be made.
    #[error("certificate: {0}")]
    Certificate(String),
    /// A line of a file that the programs write.
    #[error("unexpected line `{0}`")]
    Line(String),
    /// The reference bundle cannot be opened.
    #[error(transparent)]
    Bundle(#[from] polaris_genomics::BundleError),
    /// The reference cannot be read.
    #[error(transparent)]
    Reference(#[from] polaris_genomics::ReferenceError),
    /// No channel to the server.
    #[error(transparent)]
    Transport(#[from] tonic::transport::Error),
    /// No HTTP/2 connection to the server.
    #[error(transparent)]
    Http(#[from] hyper::Error),
    /// Something did not happen in time.
    #[error("{what} did not happen within {limit:?}; it said:\n{stderr}")]
    Late {
        /// What was waited for.
        what: String,
        /// For how long.
        limit: Duration,
        /// The program's standard error up to now.
        stderr: String,
    },
    /// A program ended while it should run on.
    #[error("it ended with {status}:\n{stderr}")]
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
