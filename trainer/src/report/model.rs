//! Names of models as files have them.

/// A model by its name; unlike an id of the registry it may be anything that a file says.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Model {
    /// The RNA-binding protein: what stands before the first point.
    pub(super) rbp: String,
    /// The cell line; empty if the name has no point.
    pub(super) line: String,
}

impl Model {
    /// From `<RBP>.<cell line>`.
    pub(super) fn new(name: &str) -> Self {
        let (rbp, line) = name.split_once('.').unwrap_or((name, ""));
        Self { rbp: rbp.to_owned(), line: line.to_owned() }
    }
}

impl std::fmt::Display for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line.is_empty() { f.write_str(&self.rbp) } else { write!(f, "{}.{}", self.rbp, self.line) }
    }
}
