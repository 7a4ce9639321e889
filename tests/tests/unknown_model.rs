//! A model that is not served is NOT_FOUND by name.

use polaris_proto::v1::PredictRequest;
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry};
use tonic::Code;
use tonic_types::StatusExt;

#[tokio::test]
async fn unknown_and_unserved_models() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory()).args(&["--models", "QKI.K562,PUM2.K562"]).start().await?;
    for id in ["SRSF1.K562", "TARDBP.K562", "../QKI.K562", ""] {
        let model_ids = vec!["QKI.K562".to_owned(), id.to_owned()];
        let request = PredictRequest { windows: vec![Random::new(8).window(INPUT_LENGTH)], model_ids };
        let status = server.client().predict(request).await.unwrap_err();
        assert_eq!(status.code(), Code::NotFound, "{status}");
        assert_eq!(status.get_details_resource_info().unwrap().resource_name, id);
    }
    Ok(())
}
