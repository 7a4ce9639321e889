//! A full queue refuses with RESOURCE_EXHAUSTED and a hint when to come again.

use polaris_proto::v1::PredictRequest;
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry};
use tonic::Code;
use tonic_types::StatusExt;

#[tokio::test]
async fn what_finds_no_room_is_refused_with_a_hint() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory())
        .setting("LIMITS__MAX_WINDOWS_PER_REQUEST", 128)
        .setting("ENGINE__QUEUE_WINDOWS", 128)
        .setting("ENGINE__QUEUE_WAIT_MS", 1)
        .start()
        .await?;
    let mut random = Random::new(11);
    let windows: Vec<_> = (0..128).map(|_| random.window(INPUT_LENGTH)).collect();
    let request = PredictRequest { windows, model_ids: Vec::new() };
    let calls: Vec<_> = (0..16)
        .map(|_| {
            let (mut client, request) = (server.client(), request.clone());
            tokio::spawn(async move { client.predict(request).await })
        })
        .collect();
    let (mut answered, mut refused) = (0, 0);
    for call in calls {
        match call.await.unwrap() {
            Ok(answer) => {
                assert_eq!(answer.into_inner().predictions.len(), 128);
                answered += 1;
            }
            Err(status) => {
                assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
                assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
                refused += 1;
            }
        }
    }
    assert!(answered > 0 && refused > 0, "{answered} {refused}");
    // The room of the refused is free again.
    server.client().predict(request).await.unwrap();
    Ok(())
}
