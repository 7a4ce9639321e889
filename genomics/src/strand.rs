//! The two strands of a contig.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The strand a transcript is read from. Written `+` and `-`, also by serde.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Ord, PartialOrd, Debug, Serialize, Deserialize)]
pub enum Strand {
    /// `+`: the strand the reference is written in.
    #[serde(rename = "+")]
    Forward,
    /// `-`: its reverse complement.
    #[serde(rename = "-")]
    Reverse,
}

impl Strand {
    /// Both strands, forward first.
    pub const ALL: [Self; 2] = [Self::Forward, Self::Reverse];

    /// `+` or `-`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "+",
            Self::Reverse => "-",
        }
    }

    /// 0 for forward, 1 for reverse.
    pub const fn index(self) -> usize {
        match self {
            Self::Forward => 0,
            Self::Reverse => 1,
        }
    }
}

impl fmt::Display for Strand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A strand that is neither `+` nor `-`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("strand is {0:?}: expected \"+\" or \"-\"")]
pub struct StrandError(pub String);

impl FromStr for Strand {
    type Err = StrandError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "+" => Ok(Self::Forward),
            "-" => Ok(Self::Reverse),
            _ => Err(StrandError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for strand in Strand::ALL {
            assert_eq!(strand.to_string().parse(), Ok(strand));
        }
        assert_eq!(Strand::Forward.to_string(), "+");
        assert_eq!(Strand::Reverse.index(), 1);
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        let error = ".".parse::<Strand>().unwrap_err();
        assert_eq!(error.to_string(), r#"strand is ".": expected "+" or "-""#);
    }
}
