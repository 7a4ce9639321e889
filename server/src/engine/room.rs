//! Room in the queue, measured in rows.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::QueueError;
use super::cost::INTERACTIVE_WINDOWS;

/// Part of the queue that small requests have beside the rest, so that a bulk caller who fills it does not shut them out.
const SMALL_PART: usize = 16;

/// Permits, one for each row that waits or is being calculated.
#[derive(Clone, Debug)]
pub(super) struct Room {
    all: Arc<Semaphore>,
    small: Arc<Semaphore>,
    queue_windows: usize,
    longest_wait: Duration,
}

impl Room {
    pub(super) fn new(queue_windows: usize, longest_wait: Duration) -> Self {
        Self {
            all: Arc::new(Semaphore::new(queue_windows)),
            small: Arc::new(Semaphore::new(queue_windows / SMALL_PART)),
            queue_windows,
            longest_wait,
        }
    }

    /// More than all jobs that can wait: each holds at least one permit.
    pub(super) fn most_jobs(queue_windows: usize) -> usize {
        queue_windows + queue_windows / SMALL_PART
    }

    /// Waits for room for so many rows, at least one.
    pub(super) async fn enter(&self, rows: usize) -> Result<OwnedSemaphorePermit, QueueError> {
        let full =
            QueueError::Full { windows: rows, queue_windows: self.queue_windows, waited: self.longest_wait };
        let Some(count) = u32::try_from(rows).ok().filter(|_| rows <= self.queue_windows) else {
            return Err(full);
        };
        if rows <= INTERACTIVE_WINDOWS
            && let Ok(permit) = Arc::clone(&self.small).try_acquire_many_owned(count)
        {
            return Ok(permit);
        }
        match timeout(self.longest_wait, Arc::clone(&self.all).acquire_many_owned(count)).await {
            Ok(permit) => permit.map_err(|_| QueueError::Stopped),
            Err(_) => Err(full),
        }
    }

    #[cfg(test)]
    pub(super) fn free(&self) -> (usize, usize) {
        (self.all.available_permits(), self.small.available_permits())
    }
}
