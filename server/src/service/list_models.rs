//! ListModels: the manifests, as far as a caller needs them.

use polaris_model::{Manifest, Split};
use polaris_proto::v1::{Limits as ProtoLimits, ListModelsResponse, Model};

use crate::settings::Limits;

/// The answer, which stays the same as long as the models do.
pub(super) fn response<'a>(models: impl Iterator<Item = &'a Manifest>, limits: Limits) -> ListModelsResponse {
    ListModelsResponse { models: models.map(model).collect(), limits: Some(self::limits(limits)) }
}

/// The limits as they are told.
pub(super) fn limits(limits: Limits) -> ProtoLimits {
    ProtoLimits {
        max_windows_per_request: limits.max_windows,
        max_request_bytes: limits.max_bytes,
        max_response_bytes: limits.max_response_bytes,
    }
}

/// A model as it is told.
pub(super) fn model(manifest: &Manifest) -> Model {
    // The random split lets overlapping windows fall on both sides, so its figures are not told.
    let evaluation =
        manifest.training.evaluations.iter().find(|evaluation| evaluation.split == Split::Chromosome);
    Model {
        id: manifest.id.to_string(),
        version: manifest.version.clone(),
        rbp: manifest.rbp.clone(),
        cell_line: manifest.cell_line.clone(),
        assembly: manifest.training.assembly.clone(),
        input_length: u32::try_from(manifest.architecture.input_length()).unwrap_or(u32::MAX),
        uses_expression: manifest.architecture.expression(),
        uses_region: manifest.architecture.region(),
        auroc: evaluation.and_then(|evaluation| evaluation.mean_auroc()),
        auprc: evaluation.and_then(|evaluation| evaluation.mean_auprc()),
        recipe: manifest.training.recipe.name.clone(),
        sha256: manifest.model_sha256.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::manifest;

    #[test]
    fn figures_are_those_of_the_chromosome_split() {
        let limits = Limits {
            max_windows: 7,
            max_bytes: 2048,
            max_response_bytes: 4096,
            max_in_flight: 1,
            windows_per_second: 0,
        };
        let mut measured = manifest("QKI.K562", 151, true);
        let answer = response(std::iter::once(&measured), limits);
        let model = &answer.models[0];
        assert_eq!((model.id.as_str(), model.input_length, model.uses_expression), ("QKI.K562", 151, true));
        assert!((model.auroc.unwrap() - 0.75).abs() < 1e-12 && (model.auprc.unwrap() - 0.65).abs() < 1e-12);
        let told = answer.limits.unwrap();
        assert_eq!((told.max_windows_per_request, told.max_response_bytes), (7, 4096));
        measured.training.evaluations.clear();
        assert_eq!(response(std::iter::once(&measured), limits).models[0].auroc, None);
    }
}
