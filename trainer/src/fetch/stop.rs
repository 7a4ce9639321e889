//! A full disk stops all: whatever else arrived could not be kept either.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Whether to stop, and waits that end when it is said.
#[derive(Debug, Default)]
pub(super) struct Stop {
    said: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Ends all waits; nothing new is begun.
    pub(super) fn say(&self) {
        *self.lock() = true;
        self.changed.notify_all();
    }

    /// Whether it was said.
    pub(super) fn is_said(&self) -> bool {
        *self.lock()
    }

    /// Waits, unless or until it is said; answers whether it was.
    pub(super) fn wait(&self, duration: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), duration, |said| !*said);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_when_all_stop() {
        let stop = Stop::default();
        assert!(!stop.wait(Duration::from_millis(1)));
        std::thread::scope(|scope| {
            scope.spawn(|| stop.say());
            assert!(stop.wait(Duration::from_secs(600)));
        });
        assert!(stop.is_said());
    }
}
