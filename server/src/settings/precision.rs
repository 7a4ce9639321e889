//! How exactly the engine calculates.

use std::fmt;
use std::str::FromStr;

/// Arithmetic of the engine.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Precision {
    /// Plain single precision.
    #[default]
    Strict,
    /// What the device does fastest, as far as probabilities stay close to those of `Strict`.
    Fast,
}

/// Not a precision's name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0:?} is no precision; use strict or fast")]
pub(crate) struct PrecisionError(String);

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Strict => "strict",
            Self::Fast => "fast",
        })
    }
}

impl FromStr for Precision {
    type Err = PrecisionError;

    fn from_str(text: &str) -> Result<Self, PrecisionError> {
        match text {
            "strict" => Ok(Self::Strict),
            "fast" => Ok(Self::Fast),
            _ => Err(PrecisionError(text.to_owned())),
        }
    }
}
