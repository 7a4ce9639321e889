//! The servers of a run: each takes requests from one queue as fast as it answers, and what one has failed to answer is
//! asked again, of it or of another.

mod retry;
mod worker;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use polaris_proto::v1::{ScoreVariantsRequest, ScoreVariantsResponse};
use tokio::sync::{Notify, oneshot};

pub(super) use self::worker::Failure;
use self::worker::Worker;
use super::reply::Expected;
use crate::connect::Channel;
use crate::console::Progress;

/// Requests that one server has and has not answered, at most.
pub(super) const IN_FLIGHT: usize = 4;

/// A server to ask.
#[derive(Clone)]
pub(super) struct Server {
    /// For messages.
    pub(super) name: String,
    pub(super) channel: Channel,
}

/// How requests are asked.
pub(super) struct Rules {
    /// Ids that every reply must have, sorted.
    pub(super) models: Vec<String>,
    /// Digest of the models of the run: a server that comes back with others is refused.
    pub(super) model_digest: String,
    /// Longest wait for one reply.
    pub(super) reply_limit: Duration,
    /// How long a server that fails is asked again.
    pub(super) retry_limit: Duration,
    /// The server is our own: it may be full, but its death is final.
    pub(super) own: bool,
}

/// A request, and where its answer goes.
struct Job {
    request: ScoreVariantsRequest,
    expected: Expected,
    answer: oneshot::Sender<ScoreVariantsResponse>,
    /// Servers that have refused it, as far as it was this one that they refused.
    refusals: u32,
}

/// Requests that wait for a server.
#[derive(Default)]
pub(super) struct Queue {
    jobs: Mutex<Jobs>,
    changed: Notify,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    /// Requests that a server has: they are answered or come back.
    outstanding: usize,
    closed: bool,
}

impl Jobs {
    fn is_served(&self) -> bool {
        self.closed && self.waiting.is_empty() && self.outstanding == 0
    }
}

impl Queue {
    /// Adds a request; its answer comes through what is given back.
    pub(super) fn ask(&self, request: ScoreVariantsRequest) -> oneshot::Receiver<ScoreVariantsResponse> {
        let (answer, answered) = oneshot::channel();
        let expected = Expected::of(&request);
        self.lock().waiting.push_back(Job { request, expected, answer, refusals: 0 });
        self.changed.notify_one();
        answered
    }

    /// There will be no more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_waiters();
    }

    /// Gives requests back, before all others and in their order.
    fn give_back(&self, jobs: impl DoubleEndedIterator<Item = Job>) {
        let mut inner = self.lock();
        for job in jobs.rev() {
            inner.outstanding = inner.outstanding.saturating_sub(1);
            inner.waiting.push_front(job);
        }
        drop(inner);
        self.changed.notify_waiters();
    }

    /// One that was taken is answered.
    fn answered(&self) {
        let mut inner = self.lock();
        inner.outstanding = inner.outstanding.saturating_sub(1);
        let served = inner.is_served();
        drop(inner);
        if served {
            self.changed.notify_waiters();
        }
    }

    /// The next request; none when everything is answered and there will be no more. Until then, what another server has
    /// may come back.
    async fn take(&self) -> Option<Job> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that nothing is missed in between.
            changed.as_mut().enable();
            {
                let mut inner = self.lock();
                if let Some(job) = inner.waiting.pop_front() {
                    inner.outstanding += 1;
                    if !inner.waiting.is_empty() {
                        self.changed.notify_one();
                    }
                    return Some(job);
                }
                if inner.is_served() {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// Waits until everything is answered and there will be no more.
    async fn served(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.lock().is_served() {
                return;
            }
            changed.await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the queue until everything in it is answered. Fails when no server is left, or at once when asking others is of no
/// use.
pub(super) async fn serve(
    servers: &[Server],
    rules: &Rules,
    queue: &Queue,
    progress: &Progress,
) -> Result<(), Failure> {
    let alone = servers.len() == 1;
    let mut workers: FuturesUnordered<_> =
        servers.iter().map(|server| Worker::new(server, rules, queue, progress, alone).run()).collect();
    let mut last = None;
    while let Some(ended) = workers.next().await {
        match ended {
            Ok(()) => {}
            Err(failure) if failure.is_of_one_server() => {
                if !workers.is_empty() {
                    progress.warn(&format!("going on without it, others do its work: {failure}"));
                }
                last = Some(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    match last {
        Some(failure) if !queue.lock().is_served() => Err(failure),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn nobody_leaves_while_something_may_come_back() {
        let queue = Queue::default();
        let _answer = queue.ask(ScoreVariantsRequest::default());
        queue.close();
        let job = queue.take().await.unwrap();
        let mut idle = Box::pin(queue.take());
        assert!((&mut idle).now_or_never().is_none() && queue.served().now_or_never().is_none());
        queue.give_back(std::iter::once(job));
        let again = idle.now_or_never().unwrap().unwrap();
        let mut idle = Box::pin(queue.take());
        assert!((&mut idle).now_or_never().is_none());
        drop(again);
        queue.answered();
        assert!(idle.now_or_never().unwrap().is_none() && queue.served().now_or_never().is_some());
    }
}
