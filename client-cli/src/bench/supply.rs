//! The thread that makes requests ahead of their calls, so that making them is no part of what is measured.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Instant;

use anyhow::Context;
use tokio::sync::mpsc as queue;

use super::call::Request;
use super::schedule::Schedule;
use super::traffic::Traffic;

/// Requests that are made and not taken.
const QUEUED: usize = 4;

/// A request, and when its call is due.
pub(super) struct Due {
    pub(super) request: Request,
    pub(super) at: Instant,
}

/// Requests to be sent. The thread behind it ends when this is dropped.
pub(super) struct Supply<T> {
    requests: queue::Receiver<T>,
    /// Wakes the thread while it waits for a call to be due.
    _alive: mpsc::Sender<()>,
}

impl<T: Send + 'static> Supply<T> {
    /// The next request, none after the last.
    pub(super) async fn next(&mut self) -> Option<T> {
        self.requests.recv().await
    }

    fn spawn(
        make: impl FnOnce(queue::Sender<T>, mpsc::Receiver<()>) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (sender, requests) = queue::channel(QUEUED);
        let (alive, stop) = mpsc::channel();
        let thread = std::thread::Builder::new().name("requests".to_owned());
        thread.spawn(move || make(sender, stop)).context("cannot start a thread")?;
        Ok(Self { requests, _alive: alive })
    }
}

/// Requests without end, as fast as they are taken.
pub(super) fn ahead(mut traffic: Traffic) -> anyhow::Result<Supply<Request>> {
    Supply::spawn(move |requests, _stop| while requests.blocking_send(traffic.next()).is_ok() {})
}

/// Requests that come when they are due. A thread of its own waits to within tens of microseconds, where the
/// runtime's timer has a resolution of a millisecond.
pub(super) fn on_schedule(
    mut traffic: Traffic,
    schedule: Schedule,
    start: Instant,
) -> anyhow::Result<Supply<Due>> {
    Supply::spawn(move |requests, stop| {
        for at in schedule.map(|due| start + due) {
            let request = traffic.next();
            let wait = at.saturating_duration_since(Instant::now());
            let stopped = stop.recv_timeout(wait) != Err(RecvTimeoutError::Timeout);
            if stopped || requests.blocking_send(Due { request, at }).is_err() {
                return;
            }
        }
    })
}
