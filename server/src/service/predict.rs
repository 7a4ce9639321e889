//! Predict: one pass over all windows of the call.

use std::sync::Arc;

use polaris_proto::v1::{PredictRequest, PredictResponse};
use prost::Message;
use tonic::Response;

use super::Serving;
use super::off_thread::{do_work, soon_answered, soon_checked};
use super::rows::{Row, rows};
use super::timed::timed;
use crate::convert::{self, Prediction};
use crate::request_context::RequestContext;
use crate::status::ServiceError;

/// Answers a call.
pub(super) async fn answer(
    serving: &Serving,
    context: &RequestContext,
    request: PredictRequest,
) -> Result<Response<PredictResponse>, ServiceError> {
    let max_windows = serving.rules.limits.max_windows;
    let (catalog, engine) = (Arc::clone(&serving.catalog), serving.engine.clone());
    // Checking thousands of windows takes milliseconds, too long for a thread that serves connections.
    let windows = request.windows.len();
    let soon_checked = soon_checked(windows, || request.encoded_len());
    let (selection, plan) = do_work(soon_checked, move || {
        let Prediction { selection, windows } = convert::prediction(request, &catalog, max_windows)?;
        let plan = engine.plan(windows, Arc::clone(&selection.models));
        Ok::<_, ServiceError>((selection, plan))
    })
    .await??;
    serving.admit(context, windows)?;
    let (predictions, timings) = serving.engine.predict(plan, context.caller(&serving.engine)).await?;
    let model_ids = selection.names.to_vec();
    let response = do_work(soon_answered(predictions.logits.len(), windows), move || PredictResponse {
        model_ids,
        predictions: rows(&predictions).map(Row::values).collect(),
    })
    .await?;
    Ok(timed(response, timings))
}
