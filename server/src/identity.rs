//! Who calls.

/// A caller known by its certificate or its token; it stands in the request's extensions. Callers without either have
/// none.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct ClientIdentity(pub(crate) String);
