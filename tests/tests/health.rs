//! Nothing is said to serve, and nothing is answered, before the last model is loaded.

use std::time::Duration;

use polaris_proto::v1::{GetModelRequest, ListModelsRequest, ModelState, PredictRequest, ServerInfoRequest};
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry};
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_types::StatusExt;

const SERVICE: &str = "polaris.v1.PolarisService";
const INFERENCE: &str = "inference.GRPCInferenceService";
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn not_serving_until_the_last_model_is_loaded() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let model = registry.stall_loading("TARDBP.K562")?;
    let mut server = Server::new(registry.directory()).args(&["--log", "debug"]).spawn()?;
    server.wait_for_line("QKI.K562", LIMIT).await?;
    for service in ["", SERVICE, INFERENCE, "TARDBP.K562"] {
        assert_eq!(server.health(service).await.unwrap(), ServingStatus::NotServing, "{service:?}");
    }
    assert_eq!(server.health("polaris.v1.Other").await.unwrap_err().code(), Code::NotFound);
    let request =
        PredictRequest { windows: vec![Random::new(4).window(INPUT_LENGTH)], model_ids: Vec::new() };
    let refusals = [
        server.client().predict(request.clone()).await.unwrap_err(),
        server.client().list_models(ListModelsRequest {}).await.unwrap_err(),
        server.client().score_variants(tokio_stream::empty()).await.unwrap_err(),
    ];
    for refusal in refusals {
        assert_eq!(refusal.code(), Code::Unavailable, "{refusal}");
        assert!(refusal.get_details_retry_info().unwrap().retry_delay.is_some());
    }

    let get = async |id: &str| server.client().get_model(GetModelRequest { id: id.to_owned() }).await;
    assert_eq!(get("TARDBP.K562").await.unwrap().into_inner().state(), ModelState::Loading);
    assert_eq!(get("SRSF1.K562").await.unwrap_err().code(), Code::Unavailable);
    let info = server.client().server_info(ServerInfoRequest {}).await.unwrap().into_inner();
    assert_eq!((info.models, info.model_set_digest.as_str(), info.device.as_str()), (0, "", "cpu"));

    let path = registry.model_file("TARDBP.K562");
    tokio::task::spawn_blocking(move || std::fs::write(path, model)).await.unwrap().unwrap();
    server.wait_until_serving(LIMIT).await?;
    for service in [SERVICE, INFERENCE, "TARDBP.K562", "QKI.K562"] {
        assert_eq!(server.health(service).await.unwrap(), ServingStatus::Serving, "{service:?}");
    }
    server.client().predict(request).await.unwrap();
    Ok(())
}
