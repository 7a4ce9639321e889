//! Reader -> cutters -> stream of requests -> writer, every queue bounded, the order of records kept.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use polaris_proto::v1::{ScoreVariantsRequest, ScoreVariantsResponse};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;

use super::cutting::Plans;
use super::plan::{Plan, RecordPlan};
use super::reply::{Expected, Scored};
use super::request::{Packed, PlacedWindow, pack};
use super::writer::Writer;
use crate::connect::{self, in_time};
use crate::console::Progress;
use crate::output_file::OutputError;
use crate::requirements::RequestLimits;
use crate::session::Interrupts;

/// Requests that are sent and not answered, at most.
const IN_FLIGHT: usize = 4;
/// Runs of records that wait for their replies, and as many that wait to be written.
const QUEUED_CHUNKS: usize = 8;

/// What a run asks, and how.
pub(super) struct Asking {
    pub(super) channel: Channel,
    /// Sent with each request; none for all.
    pub(super) requested: Vec<String>,
    /// Ids that every reply must have, sorted.
    pub(super) expected: Vec<String>,
    pub(super) limits: RequestLimits,
    /// Longest wait for one reply.
    pub(super) reply_limit: Duration,
}

/// Records that wait for the replies to their requests.
struct Waiting {
    records: Vec<RecordPlan>,
    windows: Vec<PlacedWindow>,
    expected: Vec<Expected>,
}

/// Scores everything that `plans` gives and writes it. The writer comes back uncommitted.
pub(super) async fn run(
    asking: Asking,
    plans: Plans,
    writer: Writer,
    progress: Arc<Progress>,
    interrupts: &mut Interrupts,
) -> anyhow::Result<Writer> {
    let (scored_sender, scored) = mpsc::channel(QUEUED_CHUNKS);
    let written = spawn_writer(writer, scored, progress)?;
    let flowed = interrupts.unless(flow(asking, plans, scored_sender)).await;
    // The writer's queue has closed by now, so that it comes to its end.
    let written = written.await.context("the thread that writes ended early")?;
    match (written, flowed) {
        (Err(error), _) => Err(error.into()),
        (Ok(writer), Err(_)) if writer.is_closed() => Ok(writer),
        (Ok(writer), flowed) => flowed.map(|()| writer),
    }
}

fn spawn_writer(
    writer: Writer,
    scored: mpsc::Receiver<Scored>,
    progress: Arc<Progress>,
) -> anyhow::Result<oneshot::Receiver<Result<Writer, OutputError>>> {
    let (sender, written) = oneshot::channel();
    let work = move || {
        // Nobody waits for it only when the program ends.
        let _ = sender.send(writer.drain(scored, &progress));
    };
    std::thread::Builder::new().name("write".to_owned()).spawn(work).context("cannot start a thread")?;
    Ok(written)
}

async fn flow(asking: Asking, plans: Plans, scored: mpsc::Sender<Scored>) -> anyhow::Result<()> {
    let (request_sender, requests) = mpsc::channel(IN_FLIGHT);
    let (waiting_sender, waiting) = mpsc::channel(QUEUED_CHUNKS);
    let permits = Semaphore::new(IN_FLIGHT);
    let ask = ask(&asking, plans, &permits, request_sender, waiting_sender);
    let collect = collect(&asking, requests, &permits, waiting, scored);
    tokio::try_join!(ask, collect)?;
    Ok(())
}

/// Sends requests as fast as the server answers them.
async fn ask(
    asking: &Asking,
    mut plans: Plans,
    permits: &Semaphore,
    requests: mpsc::Sender<ScoreVariantsRequest>,
    waiting: mpsc::Sender<Waiting>,
) -> anyhow::Result<()> {
    let mut next_id = 0;
    while let Some(plan) = plans.next().await {
        let Plan { records, windows } = plan?;
        let Packed { requests: mut packed, windows } = pack(windows, &asking.requested, asking.limits);
        for request in &mut packed {
            request.request_id = next_id;
            next_id += 1;
        }
        let expected = packed.iter().map(Expected::of).collect();
        // A send fails only when the other half has failed, and then that is the error to show.
        if waiting.send(Waiting { records, windows, expected }).await.is_err() {
            return Ok(());
        }
        for request in packed {
            let Ok(permit) = permits.acquire().await else { return Ok(()) };
            permit.forget();
            if requests.send(request).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Matches replies with the records that wait for them.
async fn collect(
    asking: &Asking,
    requests: mpsc::Receiver<ScoreVariantsRequest>,
    permits: &Semaphore,
    mut waiting: mpsc::Receiver<Waiting>,
    scored: mpsc::Sender<Scored>,
) -> anyhow::Result<()> {
    let mut service = connect::service(asking.channel.clone());
    let call = service.score_variants(ReceiverStream::new(requests));
    let mut replies = in_time(asking.reply_limit, call).await?.into_inner();
    while let Some(Waiting { records, windows, expected }) = waiting.recv().await {
        let mut answered = Vec::with_capacity(expected.len());
        for expected in expected {
            let reply = next_reply(asking, &mut replies).await?;
            expected.check(&reply, &asking.expected)?;
            permits.add_permits(1);
            answered.push(reply);
        }
        if scored.send(Scored { records, windows, replies: answered }).await.is_err() {
            anyhow::bail!("the output is closed");
        }
    }
    Ok(())
}

async fn next_reply(
    asking: &Asking,
    replies: &mut Streaming<ScoreVariantsResponse>,
) -> anyhow::Result<ScoreVariantsResponse> {
    let reply = in_time(asking.reply_limit, replies.message()).await?;
    reply.context("the server ended the stream before it had answered everything: see its log")
}
