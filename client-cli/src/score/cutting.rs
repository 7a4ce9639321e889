//! Reads and cuts on threads of their own, several chunks at a time, and hands the plans on in order.

use std::sync::mpsc as blocking;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Context;
use tokio::sync::{mpsc, oneshot};

use super::cutter::Cutter;
use super::plan::Plan;
use super::source::Source;
use crate::vcf::Record;

/// More threads than this do not make it faster: the models are slower than any of them.
const MOST_CUTTERS: usize = 4;

type Planned = oneshot::Receiver<anyhow::Result<Plan>>;
type Job = (Vec<Record>, oneshot::Sender<anyhow::Result<Plan>>);

/// Plans in the order of the input. Dropped, it ends the threads behind it.
pub(super) struct Plans {
    ordered: mpsc::Receiver<Planned>,
}

impl Plans {
    /// Starts to read and cut. `chunk_records` records make a plan.
    pub(super) fn start(source: Source, cutter: &Cutter, chunk_records: usize) -> anyhow::Result<Self> {
        let cutters = thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST_CUTTERS));
        let (ordered_sender, ordered) = mpsc::channel(2 * cutters);
        let (job_sender, jobs) = blocking::sync_channel::<Job>(cutters);
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..cutters {
            let (jobs, cutter) = (Arc::clone(&jobs), cutter.clone());
            spawn("cut", move || cut(&jobs, &cutter))?;
        }
        spawn("read", move || read(source, chunk_records, &job_sender, &ordered_sender))?;
        Ok(Self { ordered })
    }

    /// The next plan; none at the end of the input.
    pub(super) async fn next(&mut self) -> Option<anyhow::Result<Plan>> {
        let planned = self.ordered.recv().await?;
        Some(planned.await.unwrap_or_else(|_| Err(anyhow::anyhow!("a thread that cuts windows ended early"))))
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).context("cannot start a thread")?;
    Ok(())
}

fn read(
    mut source: Source,
    chunk_records: usize,
    jobs: &blocking::SyncSender<Job>,
    ordered: &mpsc::Sender<Planned>,
) {
    loop {
        let (sender, planned) = oneshot::channel();
        let job = match source.next_records(chunk_records) {
            Ok(records) if records.is_empty() => return,
            Ok(records) => Ok((records, sender)),
            Err(error) => Err((error, sender)),
        };
        if ordered.blocking_send(planned).is_err() {
            return;
        }
        match job {
            Ok(job) => {
                if jobs.send(job).is_err() {
                    return;
                }
            }
            Err((error, sender)) => {
                // Nobody is left to hear of it only when the run has ended.
                let _ = sender.send(Err(error.into()));
                return;
            }
        }
    }
}

fn cut(jobs: &Mutex<blocking::Receiver<Job>>, cutter: &Cutter) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((records, sender)) = job else { return };
        if sender.is_closed() {
            continue;
        }
        let _ = sender.send(cutter.plan(records).map_err(Into::into));
    }
}
