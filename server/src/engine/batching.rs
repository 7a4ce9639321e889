//! The engine's loop: joins waiting jobs into batches.

use tokio::sync::mpsc;

use super::Predictor;
use super::batch::Batch;
use super::cost::Bounds;
use super::job::Job;
use super::result_cache::ResultCache;
use super::turns::Turns;

/// Answers jobs until the senders are gone and nothing waits. Batches are made of what waits; there is no timer.
pub(super) fn run(
    mut jobs: mpsc::Receiver<Job>,
    max_batch_windows: usize,
    cache: Option<&ResultCache>,
    predictor: &impl Predictor,
) {
    let bounds = Bounds { max_batch_windows, models: predictor.model_count() };
    let mut turns = Turns::new(bounds);
    let mut arrivals = 0;
    let mut waiting = Vec::new();
    let mut add = |waiting: &mut Vec<Job>, mut job: Job| {
        job.arrival = arrivals;
        arrivals += 1;
        waiting.push(job);
    };
    loop {
        if waiting.is_empty() {
            match jobs.blocking_recv() {
                Some(job) => add(&mut waiting, job),
                None => return,
            }
        }
        while let Ok(job) = jobs.try_recv() {
            add(&mut waiting, job);
        }
        if let Some(batch) = next_batch(&mut waiting, &mut turns, bounds, cache) {
            waiting.extend(batch.run(predictor));
        }
    }
}

/// Rows of the job whose turn it is, and of others that ask the same as far as there is room. `None` if nobody waits of
/// those whose turn it is. Jobs of which nobody wants the answer any more are dropped.
fn next_batch<'a>(
    waiting: &mut Vec<Job>,
    turns: &mut Turns,
    bounds: Bounds,
    cache: Option<&'a ResultCache>,
) -> Option<Batch<'a>> {
    let turn = turns.next(waiting);
    let mut batch = None;
    let mut left = Vec::with_capacity(waiting.len());
    for (index, job) in waiting.drain(..).enumerate() {
        let Some(job) = job.alive() else { continue };
        if index >= turn.jobs {
            left.push(job);
            continue;
        }
        let batch = batch.get_or_insert_with(|| Batch::for_job(&job, bounds, cache));
        if batch.accepts(&job) {
            batch.join(job);
        } else {
            left.push(job);
        }
    }
    *waiting = left;
    let batch = batch?;
    turns.took(turn, batch.work_by_caller());
    Some(batch)
}
