//! How exactly an engine calculates.

use std::fmt;
use std::str::FromStr;

/// How exactly an engine calculates.
///
/// Weights are stored, and logits and maps are given, as 32-bit floats either way.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Precision {
    /// Products are those of 32-bit floats. On a GPU, TF32, which keeps 10 of the 23 bits of a fraction, is off, and an
    /// engine refuses to start where it cannot be. Probabilities differ from those calculated in float64 by less than 1e-5
    /// (`cargo bench` measures how much), and on the processor they do not depend on what shares a batch.
    #[default]
    Strict,
    /// The second convolution and the first dense layer, and on a GPU the first convolution, multiply bfloat16, which keeps
    /// 7 bits of a fraction, and sum 32-bit floats. What follows the first dense layer stays 32-bit. Probabilities of
    /// trained models move by up to some thousandths; an ensemble measures how much when it is loaded
    /// ([`crate::Ensemble::rounding_error`]).
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
