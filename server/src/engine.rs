//! The engine: one thread that owns the models, and the bounded queue before it.
//!
//! A caller makes a [`Plan`] of its windows, which looks up what is known already, then gets a permit for each row that
//! is not, and leaves a job with a reply channel. The thread joins what waits into batches. Work whose caller has gone or
//! whose deadline has passed never reaches the models. A permit is one row's, whatever is asked about it: permits bound
//! memory, not time; `cost` says what takes how long, and `turns` who goes next.

mod answer;
mod batch;
mod batching;
mod cost;
mod job;
mod part;
mod plan;
mod predictor;
mod priority;
mod question;
mod result_cache;
mod room;
mod row_key;
mod timings;
mod turns;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use polaris_model::localization::LocalizationMethod;
use polaris_model::{EngineError, Localizations, Predictions, WindowInput};
use tokio::sync::{mpsc, oneshot};

use crate::deadline::Deadline;
use crate::metrics::{CancelledWhere, metrics};
use crate::settings::EngineSettings;
use answer::Answer;
use job::Job;
pub(crate) use plan::{MapPlan, Plan};
pub(crate) use predictor::Predictor;
pub(crate) use priority::Priority;
use question::Question;
use result_cache::ResultCache;
use room::Room;
use timings::Timer;
pub(crate) use timings::Timings;

/// Why there is no prediction.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum QueueError {
    /// No room for the windows within the longest wait.
    #[error("the queue had no room for {windows} windows within {} ms (it holds {queue_windows})", .waited.as_millis())]
    Full {
        /// Windows of the call, alternates included.
        windows: usize,
        /// What the queue holds.
        queue_windows: usize,
        /// How long the call waited.
        waited: Duration,
    },
    /// More windows than the queue ever has room for.
    #[error("{windows} windows are more than the queue holds, {queue_windows}: send several requests")]
    TooLarge {
        /// Windows of the call, alternates included.
        windows: usize,
        /// What the queue holds.
        queue_windows: usize,
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
    /// The engine has answered something else than was asked.
    #[error("the engine answered fewer values than were asked for")]
    ShortAnswer,
}

/// Who asks: one call, whatever number of jobs it leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    id: u64,
    deadline: Deadline,
    priority: Priority,
}

impl Caller {
    /// The same caller in another class.
    pub(crate) fn with_priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }
}

/// The callers' end of the queue.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    jobs: mpsc::Sender<Job>,
    room: Room,
    cache: Option<Arc<ResultCache>>,
    callers: Arc<AtomicU64>,
}

/// The engine's end of the queue.
#[derive(Debug)]
pub(crate) struct EngineQueue {
    jobs: mpsc::Receiver<Job>,
    max_batch_windows: usize,
    cache: Option<Arc<ResultCache>>,
}

/// Makes queues, one for each set of models. They share one room, so that the bound holds while work of an old set is
/// finished beside that of a new one.
#[derive(Debug)]
pub(crate) struct Queues {
    settings: EngineSettings,
    room: Room,
    callers: Arc<AtomicU64>,
}

impl Queues {
    /// With all room free.
    pub(crate) fn new(settings: EngineSettings) -> Self {
        let room = Room::new(settings.queue_windows, settings.queue_wait);
        Self { settings, room, callers: Arc::default() }
    }

    /// Makes an empty queue.
    pub(crate) fn open(&self) -> (Engine, EngineQueue) {
        let (sender, receiver) = mpsc::channel(Room::most_jobs(self.settings.queue_windows));
        // Of its own: results are kept by the places of models in a set.
        let cache = ResultCache::new(self.settings.cache_bytes).map(Arc::new);
        let (room, callers) = (self.room.clone(), Arc::clone(&self.callers));
        let engine = Engine { jobs: sender, room, cache: cache.clone(), callers };
        let max_batch_windows = self.settings.max_batch_windows;
        (engine, EngineQueue { jobs: receiver, max_batch_windows, cache })
    }
}

impl EngineQueue {
    /// Answers jobs on this thread until every [`Engine`] is dropped.
    pub(crate) fn run(self, predictor: &impl Predictor) {
        batching::run(self.jobs, self.max_batch_windows, self.cache.as_deref(), predictor);
    }
}

impl Engine {
    /// A new caller, to whom answers are of use until its deadline.
    pub(crate) fn caller(&self, deadline: Deadline) -> Caller {
        let id = self.callers.fetch_add(1, Ordering::Relaxed);
        Caller { id, deadline, priority: Priority::default() }
    }

    /// Readies windows to be predicted with the chosen models (indices into [`polaris_model::Ensemble::models`]). Takes
    /// some microseconds for each.
    pub(crate) fn plan(&self, windows: Vec<WindowInput>, models: Arc<[usize]>) -> Plan {
        Plan::new(Question { models, method: None }, windows, self.cache.as_deref())
    }

    /// Readies windows to be explained, as [`Engine::plan`] does those to be predicted. Maps are not kept.
    pub(crate) fn plan_maps(
        &self,
        windows: Vec<WindowInput>,
        models: Arc<[usize]>,
        method: LocalizationMethod,
    ) -> MapPlan {
        MapPlan { plan: Plan::new(Question { models, method: Some(method) }, windows, None), method }
    }

    /// Predicts what is planned: a row for each window and each of its substitutions. Dropping the future gives the work
    /// up.
    ///
    /// # Errors
    /// If there is no room, the deadline passes, or the engine fails or has ended.
    pub(crate) async fn predict(
        &self,
        plan: Plan,
        caller: Caller,
    ) -> Result<(Predictions, Timings), QueueError> {
        let (answer, timings) = self.ask(plan, caller).await?;
        Ok((answer.predictions, timings))
    }

    /// Predicts what is planned and says what drives each prediction, as [`polaris_model::Ensemble::localize`] does.
    /// Dropping the future gives the work up.
    ///
    /// # Errors
    /// As [`Engine::predict`].
    pub(crate) async fn localize(&self, plan: MapPlan, caller: Caller) -> Result<Localizations, QueueError> {
        let MapPlan { plan, method } = plan;
        let (Answer { predictions, values }, _) = self.ask(plan, caller).await?;
        Ok(Localizations { predictions, method, values })
    }

    async fn ask(&self, plan: Plan, caller: Caller) -> Result<(Answer, Timings), QueueError> {
        tokio::select! {
            biased;
            () = caller.deadline.passed() => Err(QueueError::DeadlineExceeded),
            outcome = self.submit(plan, caller) => outcome,
        }
    }

    async fn submit(&self, mut plan: Plan, caller: Caller) -> Result<(Answer, Timings), QueueError> {
        let rows = plan.wanted_rows();
        if rows == 0 {
            return Ok((plan.take_answer(), Timings::default()));
        }
        let timer = Timer::start();
        let waiting = Waiting;
        let entered = self.room.enter(rows, caller.priority).await;
        waiting.ended();
        let (reply, answer) = oneshot::channel();
        let job = Job::new(plan, caller, timer, entered?, reply);
        self.jobs.send(job).await.map_err(|_| QueueError::Stopped)?;
        answer.await.unwrap_or(Err(QueueError::Stopped))
    }
}

/// A caller who waits for room; when it is dropped it was given up.
struct Waiting;

impl Waiting {
    fn ended(self) {
        std::mem::forget(self);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(metrics) = metrics() {
            metrics.cancelled(CancelledWhere::Admission);
        }
    }
}

#[cfg(test)]
mod tests;
