//! A job in the queue.

use std::collections::VecDeque;

use tokio::sync::oneshot;
use tracing::Span;

use super::answer::Answer;
use super::plan::{Plan, WantedWindow};
use super::question::Question;
use super::room::Admitted;
use super::timings::Timer;
use super::{Caller, QueueError, Timings};
use crate::metrics::{CancelledWhere, metrics};

/// What a caller is told in the end.
pub(super) type Reply = Result<(Answer, Timings), QueueError>;

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
    /// What batches are linked to.
    pub(super) span: Span,
    timer: Timer,
    reply: oneshot::Sender<Reply>,
    /// Room in the queue, given back with the job.
    _room: Admitted,
}

impl Job {
    pub(super) fn new(
        mut plan: Plan,
        caller: Caller,
        timer: Timer,
        room: Admitted,
        reply: oneshot::Sender<Reply>,
    ) -> Self {
        let work = plan.cost() * plan.question.models.len() as u64;
        let answer = plan.take_answer();
        let Plan { question, wanted, .. } = plan;
        Self {
            question,
            caller,
            work,
            arrival: 0,
            wanted,
            next_model: 0,
            answer,
            span: Span::current(),
            timer,
            reply,
            _room: room,
        }
    }

    /// Gives the job back if somebody still waits for it; otherwise says so to a caller that is late.
    pub(super) fn alive(self) -> Option<Self> {
        let gone = self.reply.is_closed();
        if !gone && !self.caller.deadline.has_passed() {
            return Some(self);
        }
        if let Some(metrics) = metrics() {
            metrics.cancelled(CancelledWhere::Queue);
        }
        if !gone {
            self.fail(QueueError::DeadlineExceeded);
        }
        None
    }

    /// Notes that rows of it go to the engine.
    pub(super) fn begun(&mut self) {
        if let (Some(waited), Some(metrics)) = (self.timer.batch(), metrics()) {
            metrics.waited(waited);
        }
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
        if self.reply.send(Ok((self.answer, self.timer.stop()))).is_err()
            && let Some(metrics) = metrics()
        {
            metrics.cancelled(CancelledWhere::Engine);
        }
        None
    }

    pub(super) fn fail(self, error: QueueError) {
        let _ = self.reply.send(Err(error));
    }
}
