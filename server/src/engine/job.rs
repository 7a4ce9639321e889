//! A job in the queue.

use polaris_model::WindowInput;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::QueueError;
use super::question::{Answer, Part, Question};
use crate::deadline::Deadline;

/// Windows to calculate for one caller, worked off in one or several batches.
#[derive(Debug)]
pub(super) struct Job {
    waiting: std::vec::IntoIter<WindowInput>,
    question: Question,
    deadline: Deadline,
    done: Answer,
    reply: oneshot::Sender<Result<Answer, QueueError>>,
    /// Room in the queue, given back with the job.
    _permit: OwnedSemaphorePermit,
}

impl Job {
    pub(super) fn new(
        windows: Vec<WindowInput>,
        question: Question,
        deadline: Deadline,
        permit: OwnedSemaphorePermit,
        reply: oneshot::Sender<Result<Answer, QueueError>>,
    ) -> Self {
        let done = Answer::empty(question.models.len(), windows.len());
        Self { waiting: windows.into_iter(), question, deadline, done, reply, _permit: permit }
    }

    pub(super) fn question(&self) -> &Question {
        &self.question
    }

    /// Windows that have not gone to the engine.
    pub(super) fn remaining(&self) -> usize {
        self.waiting.len()
    }

    /// Takes up to `most` windows that have not gone to the engine.
    pub(super) fn take(&mut self, most: usize) -> impl Iterator<Item = WindowInput> + '_ {
        self.waiting.by_ref().take(most)
    }

    /// Gives the job back if somebody still waits for it; otherwise says so to a caller that is late.
    pub(super) fn alive(self) -> Option<Self> {
        if self.reply.is_closed() {
            return None;
        }
        if self.deadline.has_passed() {
            self.fail(QueueError::DeadlineExceeded);
            return None;
        }
        Some(self)
    }

    /// Adds what is said of windows taken before. Gives the job back if there are windows left, otherwise
    /// answers the caller.
    pub(super) fn add(mut self, part: Part<'_>) -> Option<Self> {
        self.done.extend(part);
        if self.remaining() > 0 {
            return Some(self);
        }
        // A caller that has just gone misses nothing.
        let _ = self.reply.send(Ok(self.done));
        None
    }

    pub(super) fn fail(self, error: QueueError) {
        let _ = self.reply.send(Err(error));
    }
}
