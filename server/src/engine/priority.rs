//! What a caller says about its own urgency.

/// The class of a caller.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Priority {
    /// By the size of its work.
    #[default]
    BySize,
    /// Before those that are bulk, whatever its size.
    Interactive,
    /// Behind those that are interactive, whatever its size, and without their part of the room.
    Bulk,
}
