//! Room in the queue, measured in rows.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::cost::INTERACTIVE_WINDOWS;
use super::{Priority, QueueError};
use crate::metrics::metrics;

/// Part of the queue that small requests have beside the rest, so that a bulk caller who fills it does not shut them out.
const SMALL_PART: usize = 16;

/// Room that has been taken, given back when dropped.
#[derive(Debug)]
pub(super) struct Admitted {
    _permit: OwnedSemaphorePermit,
    rows: u32,
}

impl Admitted {
    fn new(permit: OwnedSemaphorePermit, rows: u32) -> Self {
        if let Some(metrics) = metrics() {
            metrics.queue_windows.add(i64::from(rows));
        }
        Self { _permit: permit, rows }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if let Some(metrics) = metrics() {
            metrics.queue_windows.sub(i64::from(self.rows));
        }
    }
}

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
        if let Some(metrics) = metrics() {
            metrics.queue_capacity.set(Self::most_jobs(queue_windows).try_into().unwrap_or(i64::MAX));
        }
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
    pub(super) async fn enter(&self, rows: usize, priority: Priority) -> Result<Admitted, QueueError> {
        let full =
            QueueError::Full { windows: rows, queue_windows: self.queue_windows, waited: self.longest_wait };
        let Some(count) = u32::try_from(rows).ok().filter(|_| rows <= self.queue_windows) else {
            return Err(QueueError::TooLarge { windows: rows, queue_windows: self.queue_windows });
        };
        // Whoever can never have enough of the small part must not hold up others there.
        let small =
            priority != Priority::Bulk && rows <= INTERACTIVE_WINDOWS.min(self.queue_windows / SMALL_PART);
        let enter = async {
            tokio::select! {
                biased;
                permit = Arc::clone(&self.small).acquire_many_owned(count), if small => permit,
                permit = Arc::clone(&self.all).acquire_many_owned(count) => permit,
            }
        };
        match timeout(self.longest_wait, enter).await {
            Ok(permit) => permit.map(|permit| Admitted::new(permit, count)).map_err(|_| QueueError::Stopped),
            Err(_) => Err(full),
        }
    }

    #[cfg(test)]
    pub(super) fn free(&self) -> (usize, usize) {
        (self.all.available_permits(), self.small.available_permits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn small_requests_wait_for_both_parts() {
        let room = Room::new(32, Duration::from_secs(5));
        let bulk = room.enter(32, Priority::BySize).await.unwrap();
        let small = room.enter(2, Priority::BySize).await.unwrap();
        let waits = |rows| {
            let room = room.clone();
            tokio::spawn(async move { room.enter(rows, Priority::BySize).await })
        };
        // Too large for the small part, where it must not be in the way of the others.
        let (large, first) = (waits(3), waits(1));
        tokio::task::yield_now().await;
        drop(small);
        let first = first.await.unwrap().unwrap();
        assert_eq!(room.free(), (0, 1));
        let second = waits(2);
        tokio::task::yield_now().await;
        drop(bulk);
        let (large, second) = (large.await.unwrap().unwrap(), second.await.unwrap().unwrap());
        assert_eq!(room.free(), (27, 1));
        drop((first, large, second));
        assert_eq!(room.free(), (32, 2));
        let bulk = room.enter(1, Priority::Bulk).await.unwrap();
        assert_eq!(room.free(), (31, 2));
        drop(bulk);
        let never = room.enter(33, Priority::BySize).await;
        assert!(matches!(never, Err(QueueError::TooLarge { windows: 33, queue_windows: 32 })));
    }
}
