//! Joins waiting jobs into batches.

use std::collections::VecDeque;
use std::sync::Arc;

use polaris_model::WindowInput;
use tokio::sync::mpsc;

use super::job::Job;
use super::{Predictor, QueueError};

/// Answers jobs in turn until the senders are gone and nothing waits.
pub(super) fn run(mut jobs: mpsc::Receiver<Job>, max_batch_windows: usize, predictor: &impl Predictor) {
    let mut waiting = VecDeque::new();
    loop {
        if waiting.is_empty() {
            match jobs.blocking_recv() {
                Some(job) => waiting.push_back(job),
                None => return,
            }
        }
        while let Ok(job) = jobs.try_recv() {
            waiting.push_back(job);
        }
        if let Some(batch) = Batch::next(&mut waiting, max_batch_windows) {
            waiting.extend(batch.run(predictor));
        }
    }
}

/// Windows that go through the same models at once.
struct Batch {
    models: Arc<[usize]>,
    windows: Vec<WindowInput>,
    /// Each job with the number of its windows in this batch.
    parts: Vec<(Job, usize)>,
}

impl Batch {
    /// The job that has waited longest, and others with the same models as far as there is room. `None` if
    /// nobody waits for any of them any more.
    fn next(waiting: &mut VecDeque<Job>, max_batch_windows: usize) -> Option<Self> {
        *waiting = waiting.drain(..).filter_map(Job::alive).collect();
        let mut batch =
            Self { models: Arc::clone(waiting.front()?.models()), windows: Vec::new(), parts: Vec::new() };
        let mut left = VecDeque::with_capacity(waiting.len());
        for mut job in waiting.drain(..) {
            let room = max_batch_windows - batch.windows.len();
            if room == 0 || *job.models() != batch.models {
                left.push_back(job);
                continue;
            }
            let before = batch.windows.len();
            batch.windows.extend(job.take(room));
            batch.parts.push((job, batch.windows.len() - before));
        }
        *waiting = left;
        Some(batch)
    }

    /// Predicts, and answers the jobs that are complete. Returns the others, which wait again behind what
    /// has come meanwhile, so that a large job does not keep small ones waiting.
    fn run(self, predictor: &impl Predictor) -> Vec<Job> {
        tracing::debug!(
            windows = self.windows.len(),
            jobs = self.parts.len(),
            models = self.models.len(),
            "batch"
        );
        let predictions = match predictor.predict(&self.windows, &self.models) {
            Ok(predictions) => predictions,
            Err(error) => {
                let error = Arc::new(error);
                for (job, _) in self.parts {
                    job.fail(QueueError::Engine(Arc::clone(&error)));
                }
                return Vec::new();
            }
        };
        let mut unfinished = Vec::new();
        let mut first = 0;
        for (job, windows) in self.parts {
            let next = first + windows * predictions.models;
            match (predictions.logits.get(first..next), predictions.probabilities.get(first..next)) {
                (Some(logits), Some(probabilities)) => unfinished.extend(job.add(logits, probabilities)),
                // Dropping a job answers that the engine has stopped, which a short answer amounts to.
                _ => drop(job),
            }
            first = next;
        }
        unfinished
    }
}
