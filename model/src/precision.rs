//! How exactly an engine calculates.

use std::fmt;
use std::str::FromStr;

/// How exactly an engine calculates.
///
/// Weights are stored, and logits and maps are given, as 32-bit floats either way.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Precision {
    /// Every product of 32-bit floats is one of 32-bit floats. On a GPU, TF32, which keeps 10 of the 23 bits of a
    /// fraction, is off, and an engine refuses to start where it cannot be. Logits agree with those of any other exact
    /// calculation to about 1e-6, whatever windows share a batch.
    #[default]
    Strict,
    /// The large products may round what they multiply. On CUDA both convolutions and the first dense layer multiply
    /// bf16, which keeps 7 bits of a fraction, sum 32-bit floats, and store activations as bf16: half the memory
    /// traffic, and the tensor cores instead of the ordinary ones. What follows, from the first dense layer's ReLU to
    /// the logit, stays 32-bit. Logits move by some thousandths of the range that they have; differences between a window and
    /// its alternates by as little of theirs, since what a substitution does not reach is the same number in both.
    Fast,
}

/// A precision that there is not.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0:?} is no precision; use strict or fast")]
pub struct PrecisionError(String);

impl Precision {
    /// Every precision.
    pub const ALL: [Self; 2] = [Self::Strict, Self::Fast];
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for precision in Precision::ALL {
            assert_eq!(precision.to_string().parse(), Ok(precision));
        }
        assert_eq!(Precision::default().to_string(), "strict");
        for bad in ["", "Strict", "bf16", "tf32"] {
            let error = bad.parse::<Precision>().unwrap_err();
            assert_eq!(error.to_string(), format!("{bad:?} is no precision; use strict or fast"));
        }
    }
}
