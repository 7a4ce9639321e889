//! What a call says and is told beside its message.

use polaris_proto::v1::PredictRequest;
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry};
use tonic::{Code, Request};
use tonic_types::StatusExt;

fn request(windows: usize) -> Request<PredictRequest> {
    let mut random = Random::new(5);
    let windows = (0..windows).map(|_| random.window(INPUT_LENGTH)).collect();
    Request::new(PredictRequest { windows, model_ids: Vec::new() })
}

#[tokio::test]
async fn request_ids_timings_and_priorities() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory()).start().await?;
    let mut named = request(3);
    named.metadata_mut().insert("x-request-id", "call-7".parse().unwrap());
    named.metadata_mut().insert("polaris-priority", "bulk".parse().unwrap());
    let reply = server.client().predict(named).await.unwrap();
    assert_eq!(reply.metadata().get("x-request-id").unwrap(), "call-7");
    let time = |key: &str| -> f64 { reply.metadata().get(key).unwrap().to_str().unwrap().parse().unwrap() };
    assert!(time("polaris-queue-ms") >= 0.0 && time("polaris-compute-ms") > 0.0);
    let mut wrong = request(1);
    wrong.metadata_mut().insert("polaris-priority", "urgent".parse().unwrap());
    let refused = server.client().predict(wrong).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(refused.metadata().get("x-request-id").unwrap().len(), 32);
    assert_eq!(
        refused.get_details_bad_request().unwrap().field_violations[0].field,
        "metadata[polaris-priority]"
    );
    Ok(())
}

#[tokio::test]
async fn a_client_that_asks_too_much_is_told_when_to_come_again() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let limit = ("LIMITS__WINDOWS_PER_SECOND_PER_CLIENT", 10);
    let server = Server::new(registry.directory()).setting(limit.0, limit.1).start().await?;
    // More than there is, once; it has to be made up for.
    server.client().predict(request(300)).await.unwrap();
    let refused = server.client().predict(request(1)).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    let wait = refused.get_details_retry_info().unwrap().retry_delay.unwrap();
    assert!(wait.as_secs() >= 20 && wait.as_secs() <= 30, "{wait:?}");
    assert!(refused.metadata().get("grpc-retry-pushback-ms").is_some());
    Ok(())
}

#[tokio::test]
async fn a_connection_ends_at_its_age_and_calls_go_on() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let age = ("SERVER__MAX_CONNECTION_AGE_S", 1);
    let server = Server::new(registry.directory()).setting(age.0, age.1).start().await?;
    let mut bare = server.raw_client().await?;
    bare.predict(request(1)).await.unwrap();
    let ends = async {
        while bare.predict(request(1)).await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), ends).await.unwrap();
    // A channel makes a new connection.
    server.client().predict(request(1)).await.unwrap();
    Ok(())
}
