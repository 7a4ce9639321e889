//! Predict: one pass over all windows of the call.

use std::sync::Arc;

use polaris_proto::v1::{PredictRequest, PredictResponse};
use tokio::task::spawn_blocking;
use tonic::Request;

use super::Serving;
use super::rows::{Row, rows};
use crate::convert;
use crate::deadline::Deadline;
use crate::settings::Limits;
use crate::status::ServiceError;

/// Answers a call.
pub(super) async fn answer(
    serving: &Serving,
    limits: Limits,
    request: Request<PredictRequest>,
) -> Result<PredictResponse, ServiceError> {
    let deadline = Deadline::of(&request);
    let catalog = Arc::clone(&serving.catalog);
    // Checking thousands of windows takes milliseconds, too long for a thread that serves connections.
    let prediction =
        spawn_blocking(move || convert::prediction(request.into_inner(), &catalog, limits.max_windows))
            .await??;
    let models = Arc::clone(&prediction.selection.models);
    let predictions = serving.engine.predict(prediction.windows, models, deadline).await?;
    let model_ids = serving.catalog.ids(&prediction.selection);
    Ok(spawn_blocking(move || PredictResponse {
        model_ids,
        predictions: rows(&predictions).map(Row::values).collect(),
    })
    .await?)
}
