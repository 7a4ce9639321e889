//! The two ways to load a server: callers that wait for their answers, and calls that come whether or not the server
//! keeps up.

use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::task::{JoinError, JoinSet};

use super::call::{Caller, Request};
use super::supply::{Due, Supply};
use super::tally::{Outcome, Tally};
use crate::console::Progress;

/// How long a caller of the closed loop waits after a call that failed: a server that refuses at once is not to be
/// flooded, and one that has gone not to be counted millions of times.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(10);

/// What both ways have in common.
pub(super) struct Load<'a> {
    pub(super) caller: &'a Caller,
    /// Windows of a call.
    pub(super) windows: u64,
    pub(super) tally: &'a mut Tally,
    pub(super) progress: &'a Progress,
}

impl Load<'_> {
    /// So many callers, each of which sends its next call when its last is answered. Ends when all are answered that
    /// began before the end of the measured span.
    pub(super) async fn closed(&mut self, callers: usize, mut supply: Supply<Request>) -> anyhow::Result<()> {
        let mut outstanding = JoinSet::new();
        loop {
            while outstanding.len() < callers && Instant::now() < self.tally.span.end {
                let request = supply.next().await.context("the thread that makes requests ended early")?;
                let due = Instant::now();
                self.tally.sending(due);
                let call = call(self.caller.clone(), request, due);
                outstanding.spawn(async move {
                    let outcome = call.await;
                    if outcome.result.is_err() {
                        tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                    }
                    outcome
                });
            }
            match outstanding.join_next().await {
                Some(ended) => self.ended(ended)?,
                None => return Ok(()),
            }
        }
    }

    /// Calls when they are due, at most so many outstanding. Ends when all are answered.
    pub(super) async fn open(
        &mut self,
        max_outstanding: usize,
        mut supply: Supply<Due>,
    ) -> anyhow::Result<()> {
        let mut outstanding = JoinSet::new();
        let mut is_over = false;
        while !(is_over && outstanding.is_empty()) {
            tokio::select! {
                // What is answered leaves room for what is due.
                biased;
                Some(ended) = outstanding.join_next() => self.ended(ended)?,
                due = supply.next(), if !is_over => match due {
                    None => is_over = true,
                    Some(due) if outstanding.len() >= max_outstanding => self.tally.not_sent(due.at),
                    Some(Due { request, at }) => {
                        self.tally.sending(at);
                        outstanding.spawn(call(self.caller.clone(), request, at));
                    }
                },
            }
        }
        Ok(())
    }

    fn ended(&mut self, ended: Result<Outcome, JoinError>) -> anyhow::Result<()> {
        let outcome = ended.context("the task of a call ended early")?;
        if outcome.result.is_ok() {
            self.progress.add(self.windows);
        }
        self.tally.ended(outcome);
        Ok(())
    }
}

async fn call(caller: Caller, request: Request, due: Instant) -> Outcome {
    let sent = Instant::now();
    let result = caller.call(request).await;
    Outcome { due, sent, ended: Instant::now(), result }
}
