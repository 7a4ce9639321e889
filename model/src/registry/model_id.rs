//! Names of models.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// `<RBP>.<cell line>`, for example `RBFOX2.K562`. Also a directory name: letters, digits, `-` and `_`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelId {
    rbp: String,
    cell_line: String,
}

/// Not a model's name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{id:?} is no model id; expected <RBP>.<cell line> in letters, digits, - and _, such as RBFOX2.K562")]
pub struct ModelIdError {
    id: String,
    field: &'static str,
}

impl ModelIdError {
    /// The part at fault: `rbp` or `cell_line`.
    pub fn field(&self) -> &'static str {
        self.field
    }
}

impl ModelId {
    /// Names the model of an RNA-binding protein in a cell line.
    ///
    /// # Errors
    /// If either part is empty or holds another character than letters, digits, `-` and `_`.
    pub fn new(rbp: &str, cell_line: &str) -> Result<Self, ModelIdError> {
        let good = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        match [("rbp", rbp), ("cell_line", cell_line)].into_iter().find(|(_, part)| !good(part)) {
            None => Ok(Self { rbp: rbp.to_owned(), cell_line: cell_line.to_owned() }),
            Some((field, _)) => Err(ModelIdError { id: format!("{rbp}.{cell_line}"), field }),
        }
    }

    /// The RNA-binding protein.
    pub fn rbp(&self) -> &str {
        &self.rbp
    }

    /// The cell line.
    pub fn cell_line(&self) -> &str {
        &self.cell_line
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.rbp, self.cell_line)
    }
}

impl FromStr for ModelId {
    type Err = ModelIdError;

    fn from_str(text: &str) -> Result<Self, ModelIdError> {
        let (rbp, cell_line) =
            text.split_once('.').ok_or_else(|| ModelIdError { id: text.to_owned(), field: "cell_line" })?;
        Self::new(rbp, cell_line)
    }
}

impl TryFrom<String> for ModelId {
    type Error = ModelIdError;

    fn try_from(text: String) -> Result<Self, ModelIdError> {
        text.parse()
    }
}

impl From<ModelId> for String {
    fn from(id: ModelId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_refusals() {
        let id: ModelId = "HNRNPU-2.K562".parse().unwrap();
        assert_eq!((id.rbp(), id.cell_line()), ("HNRNPU-2", "K562"));
        assert_eq!(id.to_string(), "HNRNPU-2.K562");
        for bad in ["", "QKI", ".K562", "QKI.", "../x.y", "QKI.K562.2", "Q KI.K562", "QKI./"] {
            assert!(bad.parse::<ModelId>().is_err(), "{bad}");
        }
    }
}
