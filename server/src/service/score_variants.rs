//! ScoreVariants: requests of a stream, several at once, answered in order.

mod scores;

use std::future::ready;
use std::sync::Arc;

use futures_util::future::Either;
use futures_util::{Stream, StreamExt, stream};
use polaris_model::WindowInput;
use polaris_proto::v1::{ScoreVariantsRequest, ScoreVariantsResponse};
use prost::Message;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tonic::{Status, Streaming};
use tracing::Instrument;

use super::Serving;
use super::off_thread::{do_work, soon_answered, soon_checked};
use crate::convert;
use crate::deadline::Deadline;
use crate::engine::Caller;
use crate::request_context::RequestContext;
use crate::status::ServiceError;

/// Answers a stream. It ends with the first error, after the answers to what came before.
pub(super) fn answers(
    serving: Serving,
    context: RequestContext,
    stopping: CancellationToken,
    incoming: Streaming<ScoreVariantsRequest>,
) -> impl Stream<Item = Result<ScoreVariantsResponse, Status>> + Send + 'static {
    let (deadline, max_in_flight) = (context.deadline, serving.rules.limits.max_in_flight);
    // One for all requests of the stream.
    let caller = context.caller(&serving.engine);
    let call = Arc::new((serving, context));
    requests(incoming, deadline, stopping)
        .map(move |request| match request {
            Ok(request) => {
                let call = Arc::clone(&call);
                let work = async move {
                    let (serving, context) = &*call;
                    let answer = answer(serving, context, caller, request).await;
                    answer.map_err(|error| error.status(&context.request_id))
                };
                // A task of its own, because nobody polls this stream while the caller does not read: work
                // that holds room in the queue must go on.
                let task = AbortOnDropHandle::new(tokio::spawn(work.in_current_span()));
                Either::Left(async move {
                    task.await.unwrap_or_else(|error| Err(Status::from(&ServiceError::from(error))))
                })
            }
            Err(status) => Either::Right(ready(Err(status))),
        })
        .buffered(max_in_flight)
}

/// What comes in, until the caller has no more, the deadline passes, or the server stops.
fn requests(
    incoming: Streaming<ScoreVariantsRequest>,
    deadline: Deadline,
    stopping: CancellationToken,
) -> impl Stream<Item = Result<ScoreVariantsRequest, Status>> + Send + 'static {
    stream::unfold(Some(incoming), move |incoming| {
        let stopping = stopping.clone();
        async move {
            let mut incoming = incoming?;
            let end = tokio::select! {
                biased;
                () = stopping.cancelled() => ServiceError::Stopping,
                () = deadline.passed() => ServiceError::DeadlineExceeded,
                request = incoming.next() => return request.map(|request| (request, Some(incoming))),
            };
            Some((Err(Status::from(&end)), None))
        }
    })
}

async fn answer(
    serving: &Serving,
    context: &RequestContext,
    caller: Caller,
    request: ScoreVariantsRequest,
) -> Result<ScoreVariantsResponse, ServiceError> {
    let max_windows = serving.rules.limits.max_windows;
    let (catalog, engine) = (Arc::clone(&serving.catalog), serving.engine.clone());
    let rows = request.windows.iter().map(|window| 1 + window.alleles.len()).sum();
    let soon_checked = soon_checked(rows, || request.encoded_len());
    let (scoring, plan, asked) = do_work(soon_checked, move || {
        let mut scoring = convert::scoring(request, &catalog, max_windows)?;
        let windows = std::mem::take(&mut scoring.windows);
        let asked = windows.iter().map(WindowInput::rows).sum();
        let plan = engine.plan(windows, Arc::clone(&scoring.selection.models));
        Ok::<_, ServiceError>((scoring, plan, asked))
    })
    .await??;
    serving.admit(context, asked)?;
    let (predictions, _) = serving.engine.predict(plan, caller).await?;
    let catalog = Arc::clone(&serving.catalog);
    do_work(soon_answered(predictions.logits.len(), rows), move || {
        scores::response(&scoring, &predictions, &catalog)
    })
    .await?
}
