//! The engine: one thread that owns the models, and the bounded queue before it.
//!
//! A caller first gets a permit for each of its windows, then leaves a job with a reply channel. The thread
//! joins what waits into batches. Work whose caller has gone or whose deadline has passed never reaches the
//! models. A permit is one window's, whatever is asked about it: permits bound memory, not time.

mod batching;
mod job;
mod question;

use std::sync::Arc;
use std::time::Duration;

use polaris_model::localization::LocalizationMethod;
use polaris_model::{EngineError, Ensemble, Localizations, Predictions, WindowInput};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use crate::deadline::Deadline;
use crate::settings::EngineSettings;
use job::Job;
use question::{Answer, Question};

/// What calculates: the ensemble, or a stand-in under test.
pub(crate) trait Predictor {
    /// As [`Ensemble::predict`].
    fn predict(&self, windows: &[WindowInput], models: &[usize]) -> Result<Predictions, EngineError>;

    /// As [`Ensemble::localize`].
    fn localize(
        &self,
        windows: &[WindowInput],
        models: &[usize],
        method: LocalizationMethod,
    ) -> Result<Localizations, EngineError>;
}

impl Predictor for Ensemble {
    fn predict(&self, windows: &[WindowInput], models: &[usize]) -> Result<Predictions, EngineError> {
        Self::predict(self, windows, models)
    }

    fn localize(
        &self,
        windows: &[WindowInput],
        models: &[usize],
        method: LocalizationMethod,
    ) -> Result<Localizations, EngineError> {
        Self::localize(self, windows, models, method)
    }
}

/// Why there is no prediction.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum QueueError {
    /// No room for the windows within the longest wait.
    #[error("the queue had no room for {windows} windows within {} ms (it holds {queue_windows})", .waited.as_millis())]
    Full {
        /// Windows of the call.
        windows: usize,
        /// What the queue holds.
        queue_windows: usize,
        /// How long the call waited.
        waited: Duration,
    },
    /// The caller's deadline has passed.
    #[error("the deadline passed while the request waited for the engine")]
    DeadlineExceeded,
    /// The engine has ended.
    #[error("the engine has stopped")]
    Stopped,
    /// The engine has failed.
    #[error("the engine failed: {0}")]
    Engine(Arc<EngineError>),
}

/// The callers' end of the queue.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    jobs: mpsc::Sender<Job>,
    permits: Arc<Semaphore>,
    queue_windows: usize,
    queue_wait: Duration,
}

/// The engine's end of the queue.
#[derive(Debug)]
pub(crate) struct EngineQueue {
    jobs: mpsc::Receiver<Job>,
    max_batch_windows: usize,
}

/// Makes an empty queue.
pub(crate) fn queue(settings: &EngineSettings) -> (Engine, EngineQueue) {
    // Every job holds at least one of the window permits, so there are never more jobs than that.
    let (sender, receiver) = mpsc::channel(settings.queue_windows);
    let engine = Engine {
        jobs: sender,
        permits: Arc::new(Semaphore::new(settings.queue_windows)),
        queue_windows: settings.queue_windows,
        queue_wait: settings.queue_wait,
    };
    (engine, EngineQueue { jobs: receiver, max_batch_windows: settings.max_batch_windows })
}

impl EngineQueue {
    /// Answers jobs on this thread until every [`Engine`] is dropped.
    pub(crate) fn run(self, predictor: &impl Predictor) {
        batching::run(self.jobs, self.max_batch_windows, predictor);
    }
}

impl Engine {
    /// Predicts windows with the chosen models (indices into [`Ensemble::models`]). Dropping the future
    /// gives the work up.
    ///
    /// # Errors
    /// If there is no room, the deadline passes, or the engine fails or has ended.
    pub(crate) async fn predict(
        &self,
        windows: Vec<WindowInput>,
        models: Arc<[usize]>,
        deadline: Deadline,
    ) -> Result<Predictions, QueueError> {
        Ok(self.ask(windows, Question { models, method: None }, deadline).await?.predictions)
    }

    /// Predicts windows and says what drives each prediction, as [`Ensemble::localize`] does. Dropping the future gives
    /// the work up.
    ///
    /// # Errors
    /// As [`Engine::predict`].
    pub(crate) async fn localize(
        &self,
        windows: Vec<WindowInput>,
        models: Arc<[usize]>,
        method: LocalizationMethod,
        deadline: Deadline,
    ) -> Result<Localizations, QueueError> {
        let question = Question { models, method: Some(method) };
        let Answer { predictions, values } = self.ask(windows, question, deadline).await?;
        Ok(Localizations { predictions, method, values })
    }

    async fn ask(
        &self,
        windows: Vec<WindowInput>,
        question: Question,
        deadline: Deadline,
    ) -> Result<Answer, QueueError> {
        tokio::select! {
            biased;
            () = deadline.passed() => Err(QueueError::DeadlineExceeded),
            outcome = self.submit(windows, question, deadline) => outcome,
        }
    }

    async fn submit(
        &self,
        windows: Vec<WindowInput>,
        question: Question,
        deadline: Deadline,
    ) -> Result<Answer, QueueError> {
        let full = QueueError::Full {
            windows: windows.len(),
            queue_windows: self.queue_windows,
            waited: self.queue_wait,
        };
        let Some(count) = u32::try_from(windows.len()).ok().filter(|_| windows.len() <= self.queue_windows)
        else {
            return Err(full);
        };
        let permits = Arc::clone(&self.permits).acquire_many_owned(count);
        let permit = match timeout(self.queue_wait, permits).await {
            Ok(permit) => permit.map_err(|_| QueueError::Stopped)?,
            Err(_) => return Err(full),
        };
        let (reply, answer) = oneshot::channel();
        let job = Job::new(windows, question, deadline, permit, reply);
        self.jobs.send(job).await.map_err(|_| QueueError::Stopped)?;
        answer.await.unwrap_or(Err(QueueError::Stopped))
    }
}

#[cfg(test)]
mod tests;
