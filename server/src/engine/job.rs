//! A job in the queue.

use std::sync::Arc;

use polaris_model::{Predictions, WindowInput};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::QueueError;
use crate::deadline::Deadline;

/// Windows to predict for one caller, worked off in one or several batches.
#[derive(Debug)]
pub(super) struct Job {
    waiting: std::vec::IntoIter<WindowInput>,
    models: Arc<[usize]>,
    deadline: Deadline,
    done: Predictions,
    reply: oneshot::Sender<Result<Predictions, QueueError>>,
    /// Room in the queue, given back with the job.
    _permit: OwnedSemaphorePermit,
}

impl Job {
    pub(super) fn new(
        windows: Vec<WindowInput>,
        models: Arc<[usize]>,
        deadline: Deadline,
        permit: OwnedSemaphorePermit,
        reply: oneshot::Sender<Result<Predictions, QueueError>>,
    ) -> Self {
        let values = windows.len() * models.len();
        let done = Predictions {
            models: models.len(),
            logits: Vec::with_capacity(values),
            probabilities: Vec::with_capacity(values),
        };
        Self { waiting: windows.into_iter(), models, deadline, done, reply, _permit: permit }
    }

    pub(super) fn models(&self) -> &Arc<[usize]> {
        &self.models
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

    /// Adds the values of windows taken before. Gives the job back if there are windows left, otherwise
    /// answers the caller.
    pub(super) fn add(mut self, logits: &[f32], probabilities: &[f32]) -> Option<Self> {
        self.done.logits.extend_from_slice(logits);
        self.done.probabilities.extend_from_slice(probabilities);
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
