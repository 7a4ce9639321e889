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
use tonic::transport::Channel;

pub(super) use self::worker::Failure;
use self::worker::Worker;
use super::reply::Expected;
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
    /// How long a server that fails is asked again; none for our own, whose death is final.
    pub(super) retry_limit: Option<Duration>,
}

/// A request, and where its answer goes.
struct Job {
    request: ScoreVariantsRequest,
    expected: Expected,
    answer: oneshot::Sender<ScoreVariantsResponse>,
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
    closed: bool,
}

impl Queue {
    /// Adds a request; its answer comes through what is given back.
    pub(super) fn ask(&self, request: ScoreVariantsRequest) -> oneshot::Receiver<ScoreVariantsResponse> {
        let (answer, answered) = oneshot::channel();
        let expected = Expected::of(&request);
        self.lock().waiting.push_back(Job { request, expected, answer });
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
            inner.waiting.push_front(job);
        }
        drop(inner);
        self.changed.notify_waiters();
    }

    /// The next request; none when there will be no more.
    async fn take(&self) -> Option<Job> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that nothing is missed in between.
            changed.as_mut().enable();
            {
                let mut inner = self.lock();
                if let Some(job) = inner.waiting.pop_front() {
                    if !inner.waiting.is_empty() {
                        self.changed.notify_one();
                    }
                    return Some(job);
                }
                if inner.closed {
                    return None;
                }
            }
            changed.await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the queue until it is closed and empty. Fails when no server is left, or at once when asking again is of no use.
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
                    progress.warn(&format!("going on without it: {failure}"));
                }
                last = Some(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    let unanswered = !queue.lock().waiting.is_empty() || !queue.lock().closed;
    match last {
        Some(failure) if unanswered => Err(failure),
        _ => Ok(()),
    }
}
