//! ListModels tells what the manifests say.

use polaris_proto::v1::ListModelsRequest;
use polaris_tests::{HarnessError, INPUT_LENGTH, Server, TestRegistry};

#[tokio::test]
async fn models_and_their_figures() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory()).start().await?;
    let answer = server.client().list_models(ListModelsRequest {}).await.unwrap().into_inner();
    let found: Vec<_> = answer
        .models
        .iter()
        .map(|model| (model.id.as_str(), model.uses_expression, model.uses_region))
        .collect();
    let expected = [
        ("PUM2.K562", false, true),
        ("QKI.HepG2", true, false),
        ("QKI.K562", true, true),
        ("TARDBP.K562", false, false),
    ];
    assert_eq!(found, expected);
    for model in &answer.models {
        let manifest = registry.registry().manifest(&model.id.parse().unwrap())?;
        assert_eq!((&model.version, &model.sha256), (&manifest.version, &manifest.model_sha256));
        assert_eq!(model.input_length as usize, INPUT_LENGTH);
        assert_eq!((model.assembly.as_str(), model.recipe.as_str()), ("toy", "standard"));
        assert!((model.auroc.unwrap() - 0.85).abs() < 1e-12 && (model.auprc.unwrap() - 0.65).abs() < 1e-12);
    }
    let limits = answer.limits.unwrap();
    assert_eq!((limits.max_windows_per_request, limits.max_request_bytes), (4096, 16 << 20));
    assert_eq!(limits.max_response_bytes, 4 << 20);
    Ok(())
}
