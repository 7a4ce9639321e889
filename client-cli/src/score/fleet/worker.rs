//! One server: a stream of requests, opened again when it breaks.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use polaris_proto::v1::{ListModelsRequest, ScoreVariantsRequest, ScoreVariantsResponse};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::super::reply::ReplyError;
use super::retry::{delay, is_overload, is_passing};
use super::{IN_FLIGHT, Job, Queue, Rules, Server};
use crate::connect::{self, describe};
use crate::console::Progress;
use crate::requirements::model_digest;

/// Why a server is asked no more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It has refused for good.
    #[error("the server at {name} failed: {reason}")]
    Refused {
        /// The server.
        name: String,
        /// In its words.
        reason: String,
        /// Another has refused the same request: so would all.
        of_all: bool,
    },
    /// It was asked again for as long as it may be.
    #[error(
        "the server at {name} failed, and again for {limit_s} s: {reason}: raise --retry-s to wait longer"
    )]
    GaveUp {
        /// The server.
        name: String,
        /// `--retry-s`.
        limit_s: u64,
        /// What it said last.
        reason: String,
    },
    /// Silence.
    #[error(
        "the server has not answered for {limit_s} s ({name}): raise --timeout-s, or lower --batch-windows"
    )]
    Silent {
        /// The server.
        name: String,
        /// `--timeout-s`.
        limit_s: u64,
    },
    /// It came back with other models.
    #[error("the server at {name} has other models than when the run began: start again")]
    OtherModels {
        /// The server.
        name: String,
    },
    /// An answer to something else.
    #[error("the server at {name} {error}")]
    Reply {
        /// The server.
        name: String,
        /// What is wrong with it.
        error: ReplyError,
    },
}

impl Failure {
    /// Whether the same run may succeed later.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::GaveUp { .. } | Self::Silent { .. })
    }

    /// Whether other servers can go on: what one answers wrongly, or with other models, another may answer well.
    pub(super) fn is_of_one_server(&self) -> bool {
        !matches!(self, Self::Refused { of_all: true, .. })
    }
}

/// How a stream came to its end.
enum End {
    /// Everything is answered and there is no more.
    Done,
    /// It broke.
    Broken(Status),
    /// No more tries.
    Failed(Failure),
}

/// Asks one server.
pub(super) struct Worker<'a> {
    server: &'a Server,
    rules: &'a Rules,
    queue: &'a Queue,
    progress: &'a Progress,
    /// There is no other server that could take over.
    alone: bool,
    /// Sent and not answered, in order.
    unanswered: VecDeque<Job>,
    /// Requests that may be unanswered: fewer after the server was full.
    most: usize,
    /// When it failed first after its last answer.
    failing_since: Option<Instant>,
    /// Failures since then.
    failures: u32,
}

impl<'a> Worker<'a> {
    pub(super) fn new(
        server: &'a Server,
        rules: &'a Rules,
        queue: &'a Queue,
        progress: &'a Progress,
        alone: bool,
    ) -> Self {
        Self {
            server,
            rules,
            queue,
            progress,
            alone,
            unanswered: VecDeque::new(),
            most: IN_FLIGHT,
            failing_since: None,
            failures: 0,
        }
    }

    /// Serves the queue until everything in it is answered.
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        loop {
            if self.unanswered.is_empty() {
                let Some(job) = self.queue.take().await else { return Ok(()) };
                self.unanswered.push_back(job);
            }
            match self.stream().await {
                End::Done => return Ok(()),
                End::Failed(failure) => {
                    self.queue.give_back(self.unanswered.drain(..));
                    return Err(failure);
                }
                End::Broken(status) => self.recover(status).await?,
            }
        }
    }

    /// Waits for as long as it takes until it is worth another try.
    async fn recover(&mut self, status: Status) -> Result<(), Failure> {
        let name = || self.server.name.clone();
        let reason = describe(&status);
        if !is_passing(&status) || (self.rules.own && !is_overload(&status)) {
            let of_all = self.unanswered.front_mut().is_some_and(|job| {
                job.refusals += 1;
                job.refusals > 1
            });
            self.queue.give_back(self.unanswered.drain(..));
            return Err(Failure::Refused { name: name(), reason, of_all });
        }
        let limit = self.rules.retry_limit;
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= limit {
            self.queue.give_back(self.unanswered.drain(..));
            return Err(Failure::GaveUp { name: name(), limit_s: limit.as_secs(), reason });
        }
        if is_overload(&status) {
            self.most = (self.most / 2).max(1);
        } else if self.failures == 0 {
            self.progress
                .warn(&format!("the server at {} is away ({reason}): asking again", self.server.name));
        }
        if !self.alone {
            self.queue.give_back(self.unanswered.drain(..));
        }
        let wait = delay(&status, self.failures).min(limit.saturating_sub(since.elapsed()));
        self.failures = self.failures.saturating_add(1);
        let back = async {
            tokio::time::sleep(wait).await;
            if is_overload(&status) { Ok(()) } else { self.check_models().await }
        };
        tokio::select! {
            back = back => back,
            // Others have done the rest meanwhile.
            () = self.queue.served() => Ok(()),
        }
    }

    /// Whether a server that was away has still the models of the run. That it is still away is no failure.
    async fn check_models(&self) -> Result<(), Failure> {
        let mut service = connect::service(self.server.channel.clone());
        let asked = timeout(self.rules.reply_limit, service.list_models(ListModelsRequest {})).await;
        let Ok(Ok(listed)) = asked else { return Ok(()) };
        let models = listed.into_inner().models;
        let chosen = models.into_iter().filter(|model| self.rules.models.binary_search(&model.id).is_ok());
        match model_digest(&chosen.collect::<Vec<_>>()) == self.rules.model_digest {
            true => Ok(()),
            false => Err(Failure::OtherModels { name: self.server.name.clone() }),
        }
    }

    /// Opens a stream, sends what is unanswered, and goes on until it breaks or there is no more.
    async fn stream(&mut self) -> End {
        let (sender, requests) = mpsc::channel::<ScoreVariantsRequest>(IN_FLIGHT);
        let mut sent = 0;
        let mut service = connect::service(self.server.channel.clone());
        // The first goes before the call, for a server that waits for it.
        self.send_more(&sender, &mut sent).await;
        let call = service.score_variants(ReceiverStream::new(requests));
        let mut replies = match timeout(self.rules.reply_limit, call).await {
            Ok(Ok(replies)) => replies.into_inner(),
            Ok(Err(status)) => return End::Broken(status),
            Err(_) => return End::Failed(self.silent()),
        };
        loop {
            self.send_more(&sender, &mut sent).await;
            let has_room = sent < self.most && sent == self.unanswered.len();
            tokio::select! {
                reply = next_reply(&mut replies, self.rules.reply_limit), if sent > 0 => match reply {
                    Some(Ok(reply)) => match self.answered(reply) {
                        Ok(()) => sent -= 1,
                        Err(failure) => return End::Failed(failure),
                    },
                    Some(Err(status)) => return End::Broken(status),
                    None => return End::Failed(self.silent()),
                },
                job = self.queue.take(), if has_room => match job {
                    Some(job) => self.unanswered.push_back(job),
                    None => {
                        drop(sender);
                        // The server ends the stream in its turn; whether it does is of no consequence.
                        let _ = timeout(Duration::from_secs(1), replies.message()).await;
                        return End::Done;
                    }
                },
            }
        }
    }

    /// Sends what has not been sent in this stream, as far as there is room.
    async fn send_more(&self, sender: &mpsc::Sender<ScoreVariantsRequest>, sent: &mut usize) {
        while let Some(job) = self.unanswered.get(*sent).filter(|_| *sent < self.most) {
            // A stream that is broken says so where replies are read.
            let _ = sender.send(job.request.clone()).await;
            *sent += 1;
        }
    }

    /// Hands an answer on.
    fn answered(&mut self, reply: ScoreVariantsResponse) -> Result<(), Failure> {
        let Some(job) = self.unanswered.front() else { return Ok(()) };
        let checked = job.expected.check(&reply, &self.rules.models);
        checked.map_err(|error| Failure::Reply { name: self.server.name.clone(), error })?;
        if let Some(job) = self.unanswered.pop_front() {
            // Nobody waits for it only when the run has ended.
            let _ = job.answer.send(reply);
            self.queue.answered();
        }
        self.failing_since = None;
        self.failures = 0;
        self.most = (self.most + 1).min(IN_FLIGHT);
        Ok(())
    }

    fn silent(&self) -> Failure {
        Failure::Silent { name: self.server.name.clone(), limit_s: self.rules.reply_limit.as_secs() }
    }
}

/// The next reply; none after the limit. That the stream ends although answers are due is a break of it.
async fn next_reply(
    replies: &mut Streaming<ScoreVariantsResponse>,
    limit: Duration,
) -> Option<Result<ScoreVariantsResponse, Status>> {
    match timeout(limit, replies.message()).await {
        Ok(Ok(Some(reply))) => Some(Ok(reply)),
        Ok(Ok(None)) => {
            Some(Err(Status::unavailable("the server ended the stream before it had answered everything")))
        }
        Ok(Err(status)) => Some(Err(status)),
        Err(_) => None,
    }
}
