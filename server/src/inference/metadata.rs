//! ModelMetadata: the tensors of a model.

use polaris_proto::inference::model_metadata_response::TensorMetadata;
use polaris_proto::inference::{ModelMetadataRequest, ModelMetadataResponse};

use crate::catalog::Catalog;
use crate::convert::{ENSEMBLE, EXPRESSION, OUTPUTS, REGION, SEQUENCE, named};
use crate::status::ServiceError;

/// What runs the models.
pub(super) const PLATFORM: &str = "polaris";

/// Inputs and outputs of a model, or of all.
pub(super) fn of_model(
    request: &ModelMetadataRequest,
    catalog: &Catalog,
) -> Result<ModelMetadataResponse, ServiceError> {
    let selection = named(&request.name, &request.version, catalog)?;
    let tensor = |name: &str, datatype: &str, width: Option<usize>| TensorMetadata {
        name: name.to_owned(),
        datatype: datatype.to_owned(),
        shape: std::iter::once(-1).chain(width.and_then(|width| i64::try_from(width).ok())).collect(),
    };
    let mut inputs = vec![tensor(SEQUENCE, "BYTES", None)];
    for cell_line in selection.expression.iter().flatten() {
        let name = match request.name.as_str() {
            ENSEMBLE => format!("{EXPRESSION}.{cell_line}"),
            _ => EXPRESSION.to_owned(),
        };
        inputs.push(tensor(&name, "FP32", Some(1)));
    }
    if catalog.chosen(&selection).any(|model| model.architecture.region()) {
        inputs.push(tensor(REGION, "INT64", Some(1)));
    }
    let versions = catalog.models().iter().filter(|model| model.id.to_string() == request.name);
    Ok(ModelMetadataResponse {
        name: request.name.clone(),
        versions: versions.map(|model| model.version.clone()).collect(),
        platform: PLATFORM.to_owned(),
        inputs,
        outputs: OUTPUTS.map(|name| tensor(name, "FP32", Some(selection.models.len()))).to_vec(),
    })
}
