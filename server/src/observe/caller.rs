//! The name of who calls, as the layer that asks for it tells the one that logs.

use std::sync::{Arc, OnceLock};

use crate::identity::ClientIdentity;

/// Stands in the extensions of each request, to be told who calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller(Arc<OnceLock<ClientIdentity>>);

impl Caller {
    /// It is this one; the first counts.
    pub(crate) fn is(&self, identity: &ClientIdentity) {
        let _ = self.0.set(identity.clone());
    }

    /// The name, if it is known.
    pub(super) fn name(&self) -> Option<&str> {
        self.0.get().map(|identity| identity.0.as_str())
    }
}
