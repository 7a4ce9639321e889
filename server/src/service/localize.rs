//! Localize: the windows of a call, some at a time, answered in order.

mod clusters;
mod maps;
mod selection;
mod size;

use std::future::ready;
use std::sync::Arc;

use futures_util::future::Either;
use futures_util::{Stream, StreamExt, stream};
use polaris_proto::v1::{LocalizeRequest, LocalizeResponse};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tonic::Status;
use tracing::Instrument;

use super::Serving;
use super::off_thread::{do_work, soon_checked};
use crate::catalog::Selection;
use crate::convert::{self, Localization, LocalizedWindow, MapForm};
use crate::deadline::Deadline;
use crate::engine::Caller;
use crate::request_context::RequestContext;
use crate::status::ServiceError;
use maps::Explanation;

/// One chunk is calculated while another is brought into its form or waits for a caller who reads slowly.
const CHUNKS_IN_FLIGHT: usize = 2;

/// Checks a call and answers it window by window. Work goes on only as far as the caller reads, a few chunks ahead. The
/// stream ends with the first error, after the answers to what came before; once the server stops, no further windows
/// are begun.
///
/// # Errors
/// If the request is wrong, or a response of it could be larger than the limit.
pub(super) async fn answers(
    serving: Serving,
    context: RequestContext,
    stopping: CancellationToken,
    request: LocalizeRequest,
) -> Result<impl Stream<Item = Result<LocalizeResponse, Status>> + Send + 'static, ServiceError> {
    let limits = serving.rules.limits;
    let catalog = Arc::clone(&serving.catalog);
    let (localization, chunk_windows) = spawn_blocking(move || {
        let localization = convert::localization(request, &catalog, limits.max_windows)?;
        let bytes = size::within(&localization, &catalog, limits.max_response_bytes)?;
        let chunk_windows = size::chunk_windows(localization.form.map.method, bytes);
        Ok::<_, ServiceError>((localization, chunk_windows))
    })
    .await??;
    let Localization { selection, windows, form } = localization;
    serving.admit(&context, windows.iter().map(|window| window.rows.len()).sum())?;
    let caller = context.caller(&serving.engine);
    let request_id = context.request_id;
    let call = Arc::new(Call { serving, selection, form, deadline: context.deadline, caller });
    let answers = stream::iter(chunks(windows, chunk_windows)).map(move |chunk| {
        if stopping.is_cancelled() {
            return Either::Right(ready(Err(ServiceError::Stopping)));
        }
        // A task of its own, because nobody polls this stream while the caller does not read: work that holds room in
        // the queue must go on.
        let task = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&call).answer(chunk).in_current_span()));
        Either::Left(async move { task.await? })
    });
    Ok(answers.buffered(CHUNKS_IN_FLIGHT).flat_map(move |answer| {
        stream::iter(match answer {
            Ok(responses) => responses.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error.status(&request_id))],
        })
    }))
}

/// Windows with their indices in the request.
type Chunk = Vec<(usize, LocalizedWindow)>;

fn chunks(windows: Vec<LocalizedWindow>, most: usize) -> impl Iterator<Item = Chunk> + Send + 'static {
    let mut windows = windows.into_iter().enumerate();
    std::iter::from_fn(move || {
        let chunk: Chunk = windows.by_ref().take(most).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// What all windows of a call share.
#[derive(Debug)]
struct Call {
    serving: Serving,
    selection: Selection,
    form: MapForm,
    deadline: Deadline,
    caller: Caller,
}

impl Call {
    async fn answer(self: Arc<Self>, chunk: Chunk) -> Result<Vec<LocalizeResponse>, ServiceError> {
        let deadline = self.deadline;
        tokio::select! {
            biased;
            () = deadline.passed() => Err(ServiceError::DeadlineExceeded),
            responses = self.explain(chunk) => responses,
        }
    }

    async fn explain(self: Arc<Self>, mut chunk: Chunk) -> Result<Vec<LocalizeResponse>, ServiceError> {
        let rows: Vec<_> =
            chunk.iter_mut().flat_map(|(_, window)| std::mem::take(&mut window.rows)).collect();
        let bytes = || rows.iter().map(|row| row.sequence.len()).sum();
        let soon_planned = soon_checked(rows.len(), bytes);
        let call = Arc::clone(&self);
        let plan = do_work(soon_planned, move || {
            let models = Arc::clone(&call.selection.models);
            call.serving.engine.plan_maps(rows, models, call.form.map.method)
        })
        .await?;
        let localizations = Arc::new(self.serving.engine.localize(plan, self.caller).await?);
        let mut responses = Vec::with_capacity(chunk.len());
        let mut first_row = 0;
        for (index, window) in chunk {
            let (call, localizations) = (Arc::clone(&self), Arc::clone(&localizations));
            let allele = window.allele;
            // Window by window, so that not much is done for a caller who has gone.
            let response = spawn_blocking(move || {
                let input_length = call.serving.catalog.input_length();
                let explanation =
                    Explanation { localizations: &localizations, form: &call.form, input_length, first_row };
                explanation.response(index, allele, call.selection.names.to_vec())
            });
            responses.push(response.await??);
            first_row += 1 + allele.map_or(0, convert::Compared::rows);
        }
        Ok(responses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_keep_the_order_of_the_windows() {
        let window = LocalizedWindow { rows: Vec::new(), allele: None };
        let found: Vec<Vec<usize>> = chunks(vec![window; 5], 2)
            .map(|chunk| chunk.into_iter().map(|(index, _)| index).collect())
            .collect();
        assert_eq!(found, [vec![0, 1], vec![2, 3], vec![4]]);
    }
}
