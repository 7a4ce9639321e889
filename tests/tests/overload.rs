//! A full queue refuses with RESOURCE_EXHAUSTED and a hint when to come again.

use std::time::Duration;

use polaris_proto::v1::PredictRequest;
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry};
use tonic::Code;
use tonic_types::StatusExt;

/// Windows of the call that fills the queue.
const MOST_WINDOWS: usize = 4096;

#[tokio::test]
async fn what_finds_no_room_is_refused_with_a_hint() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    // Nothing is kept and no window comes twice, so that all is work.
    let mut server = Server::new(registry.directory())
        .args(&["--log", "polaris_server=debug"])
        .setting("LIMITS__MAX_WINDOWS_PER_REQUEST", MOST_WINDOWS)
        .setting("ENGINE__QUEUE_WINDOWS", MOST_WINDOWS)
        .setting("ENGINE__QUEUE_WAIT_MS", 1)
        .setting("ENGINE__CACHE_BYTES", 0)
        .start()
        .await?;
    let mut random = Random::new(11);
    let mut request = |windows| PredictRequest {
        windows: (0..windows).map(|_| random.window(INPUT_LENGTH)).collect(),
        model_ids: Vec::new(),
    };
    // Made first: the queue is full only as long as the first call is worked on.
    let (first, others) = (request(MOST_WINDOWS), [(); 8].map(|()| request(20)));
    let client = server.client();
    let call = |request: PredictRequest| {
        let mut client = client.clone();
        tokio::spawn(async move { client.predict(request).await })
    };
    let first = call(first);
    server.wait_for_line("windows=64 ", Duration::from_secs(10)).await?;
    let others = others.map(&call);
    for other in others {
        let status = other.await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
        assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    }
    assert_eq!(first.await.unwrap().unwrap().into_inner().predictions.len(), MOST_WINDOWS);
    // The room of all is free again.
    let again = call(request(MOST_WINDOWS)).await.unwrap().unwrap().into_inner();
    assert_eq!(again.predictions.len(), MOST_WINDOWS);
    Ok(())
}
