//! ModelInfer: what models say of windows, as tensors.

use std::sync::Arc;

use polaris_model::Predictions;
use polaris_proto::inference::infer_parameter::ParameterChoice;
use polaris_proto::inference::model_infer_response::InferOutputTensor;
use polaris_proto::inference::{InferParameter, InferTensorContents, ModelInferRequest, ModelInferResponse};
use prost::Message;
use tonic::Response;

use crate::convert::{self, ENSEMBLE, Inference, OUTPUTS};
use crate::request_context::RequestContext;
use crate::service::{Serving, do_work, soon_answered, soon_checked, timed};
use crate::status::ServiceError;

/// Answers a call.
pub(super) async fn answer(
    serving: &Serving,
    context: &RequestContext,
    request: ModelInferRequest,
) -> Result<Response<ModelInferResponse>, ServiceError> {
    let max_windows = serving.rules.limits.max_windows;
    let (catalog, engine) = (Arc::clone(&serving.catalog), serving.engine.clone());
    let (name, id) = (request.model_name.clone(), request.id.clone());
    let soon_checked = soon_checked(1, || request.encoded_len());
    let (mut inference, plan) = do_work(soon_checked, move || {
        let mut inference = convert::inference(&request, &catalog, max_windows)?;
        let windows = std::mem::take(&mut inference.windows);
        let count = windows.len();
        let plan = engine.plan(windows, Arc::clone(&inference.selection.models));
        Ok::<_, ServiceError>(((inference, count), plan))
    })
    .await??;
    serving.admit(context, inference.1)?;
    let (predictions, timings) = serving.engine.predict(plan, context.caller(&serving.engine)).await?;
    let version = match name.as_str() {
        ENSEMBLE => String::new(),
        _ => serving.catalog.chosen(&inference.0.selection).map(|model| model.version.clone()).collect(),
    };
    let mut response =
        ModelInferResponse { model_name: name, model_version: version, id, ..ModelInferResponse::default() };
    if response.model_name == ENSEMBLE {
        let names = ParameterChoice::StringParam(inference.0.selection.names.join(","));
        let parameter = InferParameter { parameter_choice: Some(names) };
        response.parameters.insert("model_ids".to_owned(), parameter);
    }
    let soon_answered = soon_answered(predictions.logits.len(), inference.1);
    let response = do_work(soon_answered, move || {
        add_outputs(&mut response, &mut inference.0, predictions);
        response
    })
    .await?;
    Ok(timed(response, timings))
}

fn add_outputs(response: &mut ModelInferResponse, inference: &mut Inference, predictions: Predictions) {
    let Predictions { models, logits, probabilities } = predictions;
    let rows = logits.len().checked_div(models).unwrap_or(0);
    let shape: Vec<i64> = [rows, models].map(|size| i64::try_from(size).unwrap_or(i64::MAX)).to_vec();
    let mut values = [probabilities, logits];
    for &place in &inference.outputs {
        let (Some(name), Some(values)) = (OUTPUTS.get(place), values.get_mut(place)) else { continue };
        let mut output = InferOutputTensor {
            name: (*name).to_owned(),
            datatype: "FP32".to_owned(),
            shape: shape.clone(),
            ..InferOutputTensor::default()
        };
        let values = std::mem::take(values);
        if inference.raw {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            response.raw_output_contents.push(bytes);
        } else {
            output.contents =
                Some(InferTensorContents { fp32_contents: values, ..InferTensorContents::default() });
        }
        response.outputs.push(output);
    }
}
