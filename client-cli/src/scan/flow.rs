//! Planner -> requests, several in flight -> sink -> tracks, every queue bounded, the order kept.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;

use super::Destination;
use super::asking::{Answer, Asking};
use super::batches::{Batch, Planned, Planner};
use super::layer::Layer;
use super::output::Writing;
use super::sink::Sink;
use super::spool::Spool;
use super::summary::Summary;
use crate::console::Progress;
use crate::session::Interrupts;
use crate::tracks::TrackError;

/// Threads of a run. They may use its folder, so that it must not go before they have ended.
struct Threads {
    /// Held by each thread while it runs.
    running: mpsc::Sender<Infallible>,
    stop: Arc<AtomicBool>,
}

impl Threads {
    fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&AtomicBool) -> anyhow::Result<T> + Send + 'static,
    ) -> JoinHandle<anyhow::Result<T>> {
        let (running, stop) = (self.running.clone(), Arc::clone(&self.stop));
        tokio::task::spawn_blocking(move || {
            let outcome = work(&stop);
            drop(running);
            outcome
        })
    }
}

/// Scans all layers of the planner and writes the tracks.
pub(super) async fn run(
    asking: Asking,
    planner: Planner,
    destination: Destination,
    summary: Summary,
    progress: &Arc<Progress>,
    interrupts: &mut Interrupts,
) -> anyhow::Result<Summary> {
    let (running, mut ended) = mpsc::channel(1);
    let threads = Threads { running, stop: Arc::default() };
    let flowed = interrupts.unless(flow(&threads, asking, planner, destination, summary, progress)).await;
    if flowed.is_err() {
        threads.stop.store(true, Ordering::Relaxed);
    }
    drop(threads);
    // Nothing is ever sent: this is the wait for the last thread. It is short, as all look at `stop`; who interrupts
    // even this wants the process gone, and the threads with it.
    let waited = async {
        ended.recv().await;
        Ok(())
    };
    let waited = interrupts.unless(waited).await;
    let summary = flowed?;
    waited?;
    Ok(summary)
}

async fn flow(
    threads: &Threads,
    asking: Asking,
    planner: Planner,
    destination: Destination,
    mut summary: Summary,
    progress: &Arc<Progress>,
) -> anyhow::Result<Summary> {
    let models = asking.ids().to_vec();
    let sink = Sink::create(planner.layers.clone(), models.len(), asking.length(), &destination.folder)?;
    let (batch_sender, batches) = mpsc::channel::<Batch>(asking.in_flight());
    let (answer_sender, answers) = mpsc::channel::<Answer>(1);
    let counting = Arc::clone(progress);
    let planning = threads.spawn(move |stop| {
        counting.start_counting("asking:", "windows", Some(planner.windows()));
        Ok(planner.run(&batch_sender, stop, &counting)?)
    });
    let counting = Arc::clone(progress);
    let sinking = threads.spawn(move |_| Ok(sink.drain(answers, &counting)?));
    ask(&asking, batches, answer_sender).await?;
    // The queues have closed by now, so that both threads come to their ends.
    let planned = ended(planning).await?;
    let layers = ended(sinking).await?;
    summary.asked = planned.asked;
    summary.left_out = planned.left_out;
    summary.gaps = planned.gaps.iter().map(Vec::len).sum();
    let progress = Arc::clone(progress);
    let writing =
        threads.spawn(move |stop| Ok(write(&destination, &models, &layers, &planned, stop, &progress)?));
    summary.tracks = ended(writing).await?;
    Ok(summary)
}

/// Asks about the batches, several at a time, and hands the answers on in order.
async fn ask(
    asking: &Asking,
    batches: mpsc::Receiver<Batch>,
    answers: mpsc::Sender<Answer>,
) -> anyhow::Result<()> {
    let mut answered =
        ReceiverStream::new(batches).map(|batch| asking.answer(batch)).buffered(asking.in_flight());
    while let Some(answer) = answered.next().await {
        // A send fails only when the sink has failed, and then that is the error to show.
        if answers.send(answer?).await.is_err() {
            break;
        }
    }
    Ok(())
}

async fn ended<T>(thread: JoinHandle<anyhow::Result<T>>) -> anyhow::Result<T> {
    thread.await.context("a thread of the scan ended early")?
}

fn write(
    destination: &Destination,
    models: &[String],
    layers: &[(Layer, Spool)],
    planned: &Planned,
    stop: &AtomicBool,
    progress: &Progress,
) -> Result<usize, TrackError> {
    let writing = Writing {
        folder: &destination.folder,
        format: destination.format,
        reference: destination.bundle.reference(),
        models,
        stop,
    };
    let files = u64::try_from(layers.len() * models.len()).unwrap_or(u64::MAX);
    progress.start_counting("writing:", "tracks", Some(files));
    writing.gaps(layers.iter().map(|(layer, _)| layer).zip(planned.gaps.iter().map(Vec::as_slice)))?;
    writing.tracks(layers, progress)
}
