//! How long the parts of a call took.

use std::time::{Duration, Instant};

/// How long a call waited and was calculated. Nothing for what was found among the kept predictions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Timings {
    /// Until its first batch, the wait for room included.
    pub(crate) queue: Duration,
    /// From then on; batches of others may have come between its own.
    pub(crate) compute: Duration,
}

/// Measures [`Timings`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Timer {
    start: Instant,
    first_batch: Option<Instant>,
}

impl Timer {
    pub(super) fn start() -> Self {
        Self { start: Instant::now(), first_batch: None }
    }

    /// Notes a batch; of the first it says how long it was waited for.
    pub(super) fn batch(&mut self) -> Option<Duration> {
        let first = self.first_batch.is_none();
        let batch = *self.first_batch.get_or_insert_with(Instant::now);
        first.then(|| batch - self.start)
    }

    pub(super) fn stop(self) -> Timings {
        let first_batch = self.first_batch.unwrap_or(self.start);
        Timings { queue: first_batch - self.start, compute: first_batch.elapsed() }
    }
}
