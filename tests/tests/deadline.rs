//! A deadline that passes is answered by the server with DEADLINE_EXCEEDED.

use std::time::Duration;

use polaris_proto::v1::{PredictRequest, ScoreVariantsRequest};
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry};
use tonic::{Code, Request};

fn request(windows: usize) -> PredictRequest {
    let mut random = Random::new(10);
    PredictRequest {
        windows: (0..windows).map(|_| random.window(INPUT_LENGTH)).collect(),
        model_ids: Vec::new(),
    }
}

#[tokio::test]
async fn expired_on_arrival_and_while_waiting() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    // Nothing is kept, so that the same windows are work again.
    let mut server = Server::new(registry.directory())
        .args(&["--log", "polaris_server=debug"])
        .setting("ENGINE__CACHE_BYTES", 0)
        .start()
        .await?;
    let client = server.raw_client().await?;
    let mut late = Request::new(request(1));
    late.metadata_mut().insert("grpc-timeout", "1n".parse().unwrap());
    assert_eq!(client.clone().predict(late).await.unwrap_err().code(), Code::DeadlineExceeded);

    // Beside a request as large as they are. Neither takes as little as a millisecond.
    let mut busy = client.clone();
    let busy = tokio::spawn(async move { busy.predict(request(4096)).await });
    server.wait_for_line("windows=64 ", Duration::from_secs(10)).await?;
    for _ in 0..5 {
        let mut late = Request::new(request(4096));
        late.metadata_mut().insert("grpc-timeout", "1m".parse().unwrap());
        assert_eq!(client.clone().predict(late).await.unwrap_err().code(), Code::DeadlineExceeded);
    }
    busy.await.unwrap().unwrap();
    Ok(())
}

#[tokio::test]
async fn an_open_stream_ends_at_its_deadline() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory()).start().await?;
    let (_requests, open) = tokio::sync::mpsc::channel::<ScoreVariantsRequest>(1);
    let mut call = Request::new(tokio_stream::wrappers::ReceiverStream::new(open));
    call.metadata_mut().insert("grpc-timeout", "300m".parse().unwrap());
    let mut answers = server.raw_client().await?.score_variants(call).await.unwrap().into_inner();
    assert_eq!(answers.message().await.unwrap_err().code(), Code::DeadlineExceeded);
    Ok(())
}
