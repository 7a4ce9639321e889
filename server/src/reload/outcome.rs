//! What became of a reload.

/// A reload that has been done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Reload {
    /// What became of it.
    pub(crate) outcome: ReloadOutcome,
    /// Models that are served now, `<id>@<version>`, sorted.
    pub(crate) models: Vec<String>,
}

/// What became of a reload.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ReloadOutcome {
    /// New models answer.
    Loaded,
    /// The registry has what is served.
    Unchanged,
    /// What is there was not taken, for this reason; the models before answer, if there were any.
    Failed(String),
}

/// Nobody reloads any more.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the server is stopping")]
pub(crate) struct ReloadError;

impl ReloadOutcome {
    /// As the label of metrics has it.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::Unchanged => "unchanged",
            Self::Failed(_) => "failed",
        }
    }
}
