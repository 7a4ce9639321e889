//! Ends of the program that are neither success nor a plain failure.

/// More alleles were skipped than are allowed; the outputs are whole.
pub(crate) const TOO_MANY_SKIPPED: u8 = 3;
/// The variants seem to be on another assembly.
pub(crate) const WRONG_BUILD: u8 = 4;
/// A server is away, silent or full: the same command may succeed later.
pub(crate) const MAY_PASS: u8 = 5;

/// An error with an exit code of its own.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Exit {
    /// The exit code.
    pub(crate) code: u8,
    /// What is said.
    pub(crate) message: String,
}
