//! Planner -> requests -> assembly -> writer, every queue bounded, the order of targets kept.

use std::time::Duration;

use anyhow::Context;
use futures_util::{Stream, StreamExt, TryStreamExt};
use polaris_proto::v1::polaris_service_client::PolarisServiceClient;
use polaris_proto::v1::{LocalizationMethod, LocalizeRequest, LocalizeResponse, MapOptions};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::assembly::Assembly;
use super::error::LocalizeError;
use super::explained::Explained;
use super::plan::Sink;
use super::reply::ReplyError;
use super::request::{Budget, Planned, pack, windows};
use super::target::Target;
use crate::connect::{Channel, in_time};
use crate::console::Progress;

/// Requests that are sent and not yet put together, at most.
const IN_FLIGHT: usize = 4;

/// Requests that are sent and not yet put together, at most, of one method. The server takes requests in turn: of
/// mutagenesis, each would wait for all before it, longer than for any answer.
fn in_flight(options: &MapOptions) -> usize {
    match options.method() {
        LocalizationMethod::Mutagenesis => 1,
        _ => IN_FLIGHT,
    }
}

/// What a run asks, and how.
pub(super) struct Asking {
    /// With the limits of both directions set.
    pub(super) service: PolarisServiceClient<Channel>,
    pub(super) budget: Budget,
    pub(super) options: MapOptions,
    /// Whether the models are all that the server has.
    pub(super) all_models: bool,
    /// Bases of a window.
    pub(super) length: usize,
    /// Longest wait for one response.
    pub(super) reply_limit: Duration,
}

/// Targets whose requests are under way.
struct Waiting {
    targets: Vec<Target>,
    /// Group, and target and window of each answer, of each request.
    answers: Vec<(usize, Vec<(usize, usize)>)>,
}

/// Asks about everything that the planner gives, some targets at a time, and hands the maps on.
pub(super) async fn run(
    asking: &Asking,
    planned: mpsc::Receiver<anyhow::Result<Vec<Target>>>,
    explained: mpsc::Sender<Explained>,
    progress: &Progress,
) -> anyhow::Result<()> {
    let (request_sender, requests) = mpsc::channel(1);
    let (waiting_sender, waiting) = mpsc::channel(IN_FLIGHT);
    let ask = ask(asking, planned, waiting_sender, request_sender);
    let collect = collect(asking, waiting, requests, explained, progress);
    tokio::try_join!(ask, collect)?;
    Ok(())
}

/// Sends requests as fast as their answers are put together.
async fn ask(
    asking: &Asking,
    mut planned: mpsc::Receiver<anyhow::Result<Vec<Target>>>,
    waiting: mpsc::Sender<Waiting>,
    requests: mpsc::Sender<LocalizeRequest>,
) -> anyhow::Result<()> {
    while let Some(targets) = planned.recv().await {
        let mut targets = targets?;
        let packed = pack(&mut targets, &asking.budget, &asking.options, asking.all_models);
        let answers = packed.iter().map(|planned| (planned.group, planned.windows.clone())).collect();
        // A send fails only when the other half has failed, and then that is the error to show.
        if waiting.send(Waiting { targets, answers }).await.is_err() {
            return Ok(());
        }
        for Planned { request, .. } in packed {
            if requests.send(request).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// All responses to a request.
pub(super) async fn call(asking: &Asking, request: LocalizeRequest) -> anyhow::Result<Vec<LocalizeResponse>> {
    let mut service = asking.service.clone();
    let expected = request.windows.len();
    let stream = asking.in_time(service.localize(request)).await?.into_inner();
    replies(asking, stream, expected).await
}

/// As many responses as are expected, and no more.
async fn replies(
    asking: &Asking,
    mut stream: impl Stream<Item = Result<LocalizeResponse, Status>> + Unpin,
    expected: usize,
) -> anyhow::Result<Vec<LocalizeResponse>> {
    let mut replies = Vec::with_capacity(expected);
    while let Some(reply) = asking.in_time(stream.try_next()).await? {
        replies.push(reply);
        // What goes on may have no end.
        if replies.len() > expected {
            break;
        }
    }
    match replies.len() == expected {
        true => Ok(replies),
        false => Err(ReplyError::Windows { expected, found: replies.len() }.into()),
    }
}

impl Asking {
    /// The value of a call, or what the server did instead of answering within the limit.
    async fn in_time<T>(&self, call: impl Future<Output = Result<T, Status>>) -> anyhow::Result<T> {
        if self.options.method() != LocalizationMethod::Mutagenesis {
            return in_time(self.reply_limit, call).await;
        }
        // One window is asked about at a time: fewer would be none.
        match timeout(self.reply_limit, in_time(Duration::MAX, call)).await {
            Ok(answered) => answered,
            Err(_) => anyhow::bail!(
                "the server has not answered for {} s: mutagenesis takes long: ask fewer models with --models, or \
                 raise --timeout-s",
                self.reply_limit.as_secs()
            ),
        }
    }
}

/// Puts the answers together, target after target.
async fn collect(
    asking: &Asking,
    mut waiting: mpsc::Receiver<Waiting>,
    requests: mpsc::Receiver<LocalizeRequest>,
    explained: mpsc::Sender<Explained>,
    progress: &Progress,
) -> anyhow::Result<()> {
    let groups = &asking.budget.groups;
    let mut calls = ReceiverStream::new(requests)
        .map(|request| call(asking, request))
        .buffered(in_flight(&asking.options));
    while let Some(Waiting { targets, answers }) = waiting.recv().await {
        let begin = |target| Assembly::new(target, groups, asking.length);
        let mut assemblies: Vec<Assembly> = targets.into_iter().map(begin).collect();
        for (group, windows) in answers {
            let replies = calls.next().await.context("the requests ended early")??;
            for (index, ((target, window), reply)) in windows.iter().zip(&replies).enumerate() {
                if let (Some(assembly), Some(models)) = (assemblies.get_mut(*target), groups.get(group)) {
                    assembly.add(*window, index, group, models, reply)?;
                }
            }
            if group + 1 == groups.len() {
                progress.add(u64::try_from(windows.len()).unwrap_or(u64::MAX));
            }
        }
        for assembly in assemblies {
            // A send fails only when the writer has failed, and then that is the error to show.
            if explained.send(assembly.finish()).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Runs a planner on a thread of its own. It is stopped by dropping the receiver.
pub(super) fn start_planning(
    work: impl FnOnce(Sink<'_>) -> Result<(), LocalizeError> + Send + 'static,
    budget_windows: usize,
) -> anyhow::Result<mpsc::Receiver<anyhow::Result<Vec<Target>>>> {
    let (sender, planned) = mpsc::channel(IN_FLIGHT);
    let plan = move || {
        let mut targets: Vec<Target> = Vec::new();
        let mut filled = 0;
        let outcome = work(&mut |target| {
            // A target without windows costs as much to hold as one.
            let cost = target.windows.iter().map(|asked| windows(&asked.message)).sum::<usize>().max(1);
            if filled + cost > budget_windows && !targets.is_empty() {
                filled = 0;
                if sender.blocking_send(Ok(std::mem::take(&mut targets))).is_err() {
                    return false;
                }
            }
            filled += cost;
            targets.push(target);
            true
        });
        let last = outcome.map(|()| targets).map_err(Into::into);
        // Nobody is left to hear of it only when the run has ended.
        let _ = sender.blocking_send(last);
    };
    std::thread::Builder::new().name("plan".to_owned()).spawn(plan).context("cannot start a thread")?;
    Ok(planned)
}

#[cfg(test)]
mod tests {
    use tonic::transport::Endpoint;

    use super::*;
    use crate::credentials::Authorization;
    use crate::requirements::RequestLimits;

    const LIMITS: RequestLimits = RequestLimits { windows: 4, bytes: 1 << 10, response_bytes: 1 << 10 };

    #[tokio::test]
    async fn responses_are_as_many_as_windows() {
        let asking = Asking {
            service: PolarisServiceClient::new(Channel::new(
                Endpoint::from_static("http://localhost:1").connect_lazy(),
                Authorization::default(),
            )),
            budget: Budget::new(&[], 8, false, false, LIMITS),
            options: MapOptions::default(),
            all_models: true,
            length: 8,
            reply_limit: Duration::from_secs(5),
        };
        let ask = async |answered: usize| {
            let stream = tokio_stream::iter(vec![Ok(LocalizeResponse::default()); answered]);
            replies(&asking, stream, 2).await.map(|replies| replies.len()).map_err(|error| error.to_string())
        };
        assert_eq!(ask(2).await, Ok(2));
        assert!(ask(1).await.unwrap_err().contains("explained 1 of 2 windows"));
        // The rest is not waited for.
        assert!(ask(9).await.unwrap_err().contains("explained 3 of 2 windows"));
    }
}
