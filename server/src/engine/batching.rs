//! Joins waiting jobs into batches.

use std::collections::VecDeque;
use std::sync::Arc;

use polaris_model::WindowInput;
use tokio::sync::mpsc;

use super::job::Job;
use super::question::Question;
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

/// Windows of which the same is asked, to be calculated at once.
struct Batch {
    question: Question,
    windows: Vec<WindowInput>,
    /// Each job with the number of its windows in this batch.
    parts: Vec<(Job, usize)>,
}

impl Batch {
    /// The job that has waited longest, and others that ask the same as far as there is room. `None` if
    /// nobody waits for any of them any more.
    fn next(waiting: &mut VecDeque<Job>, max_batch_windows: usize) -> Option<Self> {
        *waiting = waiting.drain(..).filter_map(Job::alive).collect();
        let question = waiting.front()?.question().clone();
        let most_windows = question.most_windows(max_batch_windows);
        let mut batch = Self { question, windows: Vec::new(), parts: Vec::new() };
        let mut left = VecDeque::with_capacity(waiting.len());
        for mut job in waiting.drain(..) {
            let room = most_windows - batch.windows.len();
            if room == 0 || *job.question() != batch.question {
                left.push_back(job);
                continue;
            }
            let before = batch.windows.len();
            batch.windows.extend(job.take(room));
            let rows = batch.windows[before..].iter().map(WindowInput::rows).sum();
            batch.parts.push((job, rows));
        }
        *waiting = left;
        Some(batch)
    }

    /// Calculates, and answers the jobs that are complete. Returns the others, which wait again behind what
    /// has come meanwhile, so that a large job does not keep small ones waiting.
    fn run(self, predictor: &impl Predictor) -> Vec<Job> {
        tracing::debug!(
            windows = self.windows.len(),
            jobs = self.parts.len(),
            models = self.question.models.len(),
            method = self.question.method.map(tracing::field::debug),
            "batch"
        );
        let answer = match self.question.ask(predictor, &self.windows) {
            Ok(answer) => answer,
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
            let next = first + windows;
            match answer.part(first..next) {
                Some(part) => unfinished.extend(job.add(part)),
                // Dropping a job answers that the engine has stopped, which a short answer amounts to.
                None => drop(job),
            }
            first = next;
        }
        unfinished
    }
}
