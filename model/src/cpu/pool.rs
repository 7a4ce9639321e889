//! Room that is made once and used again.

use std::sync::{Mutex, PoisonError};

/// As many values as were ever in use at once.
#[derive(Debug, Default)]
pub(crate) struct Pool<R>(Mutex<Vec<R>>);

impl<R: Default> Pool<R> {
    /// Lends a value to some work.
    pub(crate) fn with<A>(&self, work: impl FnOnce(&mut R) -> A) -> A {
        // A value is whole whenever the lock is free, whatever happened to who held it.
        let free = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut room = free.unwrap_or_default();
        let answer = work(&mut room);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(room);
        answer
    }
}
