//! Predict: one pass over all windows of the call.

use std::sync::Arc;

use polaris_proto::v1::{PredictRequest, PredictResponse};
use prost::Message;
use tonic::Request;

use super::Serving;
use super::off_thread::{do_work, soon_answered, soon_checked};
use super::rows::{Row, rows};
use crate::convert::{self, Prediction};
use crate::deadline::Deadline;
use crate::settings::Limits;
use crate::status::ServiceError;

/// Answers a call.
pub(super) async fn answer(
    serving: &Serving,
    limits: Limits,
    request: Request<PredictRequest>,
) -> Result<PredictResponse, ServiceError> {
    let caller = serving.engine.caller(Deadline::of(&request));
    let request = request.into_inner();
    let (catalog, engine) = (Arc::clone(&serving.catalog), serving.engine.clone());
    // Checking thousands of windows takes milliseconds, too long for a thread that serves connections.
    let windows = request.windows.len();
    let soon_checked = soon_checked(windows, || request.encoded_len());
    let (selection, plan) = do_work(soon_checked, move || {
        let Prediction { selection, windows } = convert::prediction(request, &catalog, limits.max_windows)?;
        let plan = engine.plan(windows, Arc::clone(&selection.models));
        Ok::<_, ServiceError>((selection, plan))
    })
    .await??;
    let predictions = serving.engine.predict(plan, caller).await?;
    let model_ids = serving.catalog.ids(&selection);
    Ok(do_work(soon_answered(predictions.logits.len(), windows), move || PredictResponse {
        model_ids,
        predictions: rows(&predictions).map(Row::values).collect(),
    })
    .await?)
}
