//! Limits are published, and what is over them is refused with the numbers.

use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{
    Allele, ListModelsRequest, PredictRequest, Resized, ScoreVariantsRequest, VariantWindow,
};
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry};
use tonic::Code;

#[tokio::test]
async fn windows_and_bytes() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory())
        .setting("LIMITS__MAX_WINDOWS_PER_REQUEST", 4)
        .setting("LIMITS__MAX_REQUEST_BYTES", 2000)
        .start()
        .await?;
    let limits =
        server.client().list_models(ListModelsRequest {}).await.unwrap().into_inner().limits.unwrap();
    assert_eq!((limits.max_windows_per_request, limits.max_request_bytes), (4, 2000));

    let mut random = Random::new(7);
    let request = |windows| PredictRequest { windows, model_ids: Vec::new() };
    let mut windows: Vec<_> = (0..4).map(|_| random.window(INPUT_LENGTH)).collect();
    server.client().predict(request(windows.clone())).await.unwrap();
    windows.push(random.window(INPUT_LENGTH));
    let refused = server.client().predict(request(windows.clone())).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("5 windows") && refused.message().contains('4'), "{refused}");
    windows.extend((0..20).map(|_| random.window(INPUT_LENGTH)));
    let refused = server.client().predict(request(windows)).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange);
    assert!(refused.message().contains("2000"), "{refused}");

    // One reference and two resized alleles are five windows.
    let sequence = random.sequence(INPUT_LENGTH);
    let resized = Resized { left_anchored: sequence.clone(), right_anchored: sequence, ..Resized::default() };
    let allele = Allele { change: Some(Change::Resized(resized)) };
    let window = VariantWindow { reference: Some(random.window(INPUT_LENGTH)), alleles: vec![allele; 2] };
    let request = ScoreVariantsRequest { request_id: 1, model_ids: Vec::new(), windows: vec![window] };
    let mut answers =
        server.client().score_variants(tokio_stream::iter([request])).await.unwrap().into_inner();
    let refused = answers.message().await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("5 windows"), "{refused}");
    Ok(())
}
