//! Reader -> cutters -> requests to the servers -> writer, every queue bounded, the order of records kept.

use std::sync::Arc;

use anyhow::Context;
use polaris_proto::v1::ScoreVariantsResponse;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::cutter::Cutter;
use super::cutting::Plans;
use super::fleet::{self, IN_FLIGHT, Queue, Rules, Server};
use super::guard::Guard;
use super::plan::{Plan, RecordPlan};
use super::reply::Scored;
use super::request::{Packed, PlacedWindow, pack};
use super::writer::{WriteError, Writer};
use crate::console::Progress;
use crate::requirements::RequestLimits;
use crate::session::Interrupts;

/// Requests for each server that wait for it, beside those that it has.
const QUEUED_REQUESTS: usize = 2;
/// Runs of records that wait for their replies, and as many that wait to be written.
const QUEUED_CHUNKS: usize = 8;

/// What a run asks, and whom.
pub(super) struct Asking {
    pub(super) servers: Vec<Server>,
    /// Sent with each request; none for all.
    pub(super) requested: Vec<String>,
    pub(super) rules: Rules,
    pub(super) limits: RequestLimits,
    pub(super) guard: Guard,
    /// Says what is wrong with a REF.
    pub(super) cutter: Cutter,
}

/// Records that wait for the replies to their requests.
struct Waiting {
    records: Vec<RecordPlan>,
    windows: Vec<PlacedWindow>,
    requests: usize,
}

/// An answer that is to come.
type Answer = oneshot::Receiver<ScoreVariantsResponse>;

/// Scores everything that `plans` gives and writes it. The writer comes back uncommitted.
pub(super) async fn run(
    asking: Asking,
    plans: Plans,
    writer: Writer,
    progress: Arc<Progress>,
    interrupts: &mut Interrupts,
) -> anyhow::Result<Writer> {
    let (scored_sender, scored) = mpsc::channel(QUEUED_CHUNKS);
    let written = spawn_writer(writer, scored, Arc::clone(&progress))?;
    let flowed = interrupts.unless(flow(asking, plans, scored_sender, &progress)).await;
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
) -> anyhow::Result<oneshot::Receiver<Result<Writer, WriteError>>> {
    let (sender, written) = oneshot::channel();
    let work = move || {
        // Nobody waits for it only when the program ends.
        let _ = sender.send(writer.drain(scored, &progress));
    };
    std::thread::Builder::new().name("write".to_owned()).spawn(work).context("cannot start a thread")?;
    Ok(written)
}

async fn flow(
    asking: Asking,
    plans: Plans,
    scored: mpsc::Sender<Scored>,
    progress: &Progress,
) -> anyhow::Result<()> {
    let Asking { servers, requested, rules, limits, guard, cutter } = asking;
    let most = (IN_FLIGHT + QUEUED_REQUESTS) * servers.len();
    let (answer_sender, answers) = mpsc::channel(most);
    let (waiting_sender, waiting) = mpsc::channel(QUEUED_CHUNKS);
    let (permits, queue) = (Semaphore::new(most), Queue::default());
    let asker = Asker { requested, limits, guard, cutter, permits: &permits, queue: &queue, progress };
    let serve = async { fleet::serve(&servers, &rules, &queue, progress).await.map_err(anyhow::Error::from) };
    let ask = asker.ask(plans, waiting_sender, answer_sender);
    let collect = collect(&permits, waiting, answers, scored);
    tokio::try_join!(serve, ask, collect)?;
    Ok(())
}

/// Turns plans into requests.
struct Asker<'a> {
    requested: Vec<String>,
    limits: RequestLimits,
    guard: Guard,
    cutter: Cutter,
    permits: &'a Semaphore,
    queue: &'a Queue,
    progress: &'a Progress,
}

impl Asker<'_> {
    /// Asks as fast as the servers answer.
    async fn ask(
        mut self,
        mut plans: Plans,
        waiting: mpsc::Sender<Waiting>,
        answers: mpsc::Sender<Answer>,
    ) -> anyhow::Result<()> {
        let mut next_id = 0;
        while let Some(plan) = plans.next().await {
            let plan = plan?;
            for message in self.guard.look(&plan, |record| self.cutter.mismatch(record))? {
                self.progress.warn(&message);
            }
            let Plan { records, windows, .. } = plan;
            let Packed { requests, windows } = pack(windows, &self.requested, self.limits);
            // A send fails only when another part has failed, and then that is the error to show.
            if waiting.send(Waiting { records, windows, requests: requests.len() }).await.is_err() {
                return Ok(());
            }
            for mut request in requests {
                request.request_id = next_id;
                next_id += 1;
                let Ok(permit) = self.permits.acquire().await else { return Ok(()) };
                permit.forget();
                if answers.send(self.queue.ask(request)).await.is_err() {
                    return Ok(());
                }
            }
        }
        self.guard.end()?;
        self.queue.close();
        Ok(())
    }
}

/// Matches replies with the records that wait for them.
async fn collect(
    permits: &Semaphore,
    mut waiting: mpsc::Receiver<Waiting>,
    mut answers: mpsc::Receiver<Answer>,
    scored: mpsc::Sender<Scored>,
) -> anyhow::Result<()> {
    while let Some(Waiting { records, windows, requests }) = waiting.recv().await {
        let mut replies = Vec::with_capacity(requests);
        for _ in 0..requests {
            let answer = answers.recv().await.context("the requests ended early")?;
            replies.push(answer.await.context("no server answers any longer")?);
            permits.add_permits(1);
        }
        if scored.send(Scored { records, windows, replies }).await.is_err() {
            anyhow::bail!("the output is closed");
        }
    }
    Ok(())
}
