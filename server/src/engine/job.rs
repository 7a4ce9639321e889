//! A job in the queue.

use std::collections::VecDeque;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::answer::Answer;
use super::plan::{Plan, WantedWindow};
use super::question::Question;
use super::{Caller, QueueError};

/// Rows to calculate for one caller, worked off in one or several batches.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) question: Question,
    pub(super) caller: Caller,
    /// Cost of all rows that it came with, times the models.
    pub(super) work: u64,
    /// Its place among all jobs that have come; given by the engine's thread.
    pub(super) arrival: u64,
    /// Windows with rows that have not gone to the engine.
    pub(super) wanted: VecDeque<WantedWindow>,
    /// Where models go some at a time: those before have been asked about the first window.
    pub(super) next_model: usize,
    pub(super) answer: Answer,
    reply: oneshot::Sender<Result<Answer, QueueError>>,
    /// Room in the queue, given back with the job.
    _permit: OwnedSemaphorePermit,
}

impl Job {
    pub(super) fn new(
        mut plan: Plan,
        caller: Caller,
        permit: OwnedSemaphorePermit,
        reply: oneshot::Sender<Result<Answer, QueueError>>,
    ) -> Self {
        let work = plan.cost() * plan.question.models.len() as u64;
        let answer = plan.take_answer();
        let Plan { question, wanted, .. } = plan;
        Self { question, caller, work, arrival: 0, wanted, next_model: 0, answer, reply, _permit: permit }
    }

    /// Gives the job back if somebody still waits for it; otherwise says so to a caller that is late.
    pub(super) fn alive(self) -> Option<Self> {
        if self.reply.is_closed() {
            return None;
        }
        if self.caller.deadline.has_passed() {
            self.fail(QueueError::DeadlineExceeded);
            return None;
        }
        Some(self)
    }

    /// Notes that the models up to `next` have been asked about the first window.
    pub(super) fn asked_up_to(&mut self, next: usize) {
        self.next_model = next;
        if next >= self.question.models.len() {
            self.wanted.pop_front();
            self.next_model = 0;
        }
    }

    /// Gives the job back if there is more to calculate, otherwise answers the caller.
    pub(super) fn finish(self) -> Option<Self> {
        if !self.wanted.is_empty() {
            return Some(self);
        }
        // A caller that has just gone misses nothing.
        let _ = self.reply.send(Ok(self.answer));
        None
    }

    pub(super) fn fail(self, error: QueueError) {
        let _ = self.reply.send(Err(error));
    }
}
