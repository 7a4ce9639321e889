//! A deadline that passes is answered by the server with DEADLINE_EXCEEDED.

use std::time::Duration;

use polaris_proto::v1::{PredictRequest, ScoreVariantsRequest};
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry};
use rustix::process::Signal;
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

/// Each of the late ones has more windows than the part of the queue that small requests have to themselves lets in.
#[tokio::test]
async fn what_expires_before_a_full_queue_never_reaches_the_engine() -> Result<(), HarnessError> {
    const MOST: usize = 8192;
    let registry = TestRegistry::all_variants()?;
    let mut server = Server::new(registry.directory())
        .args(&["--log", "polaris_server=debug"])
        .setting("LIMITS__MAX_WINDOWS_PER_REQUEST", MOST)
        .setting("ENGINE__QUEUE_WINDOWS", MOST)
        .setting("ENGINE__CACHE_BYTES", 0)
        .start()
        .await?;
    let client = server.raw_client().await?;
    let late = request(17);
    let mut busy = client.clone();
    let busy = tokio::spawn(async move { busy.predict(request(MOST)).await });
    server.wait_for_line("windows=64 ", Duration::from_secs(10)).await?;
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let (mut client, mut late) = (client.clone(), Request::new(late.clone()));
            late.metadata_mut().insert("grpc-timeout", "5m".parse().unwrap());
            tokio::spawn(async move { client.predict(late).await.map(|_| ()) })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
    }
    busy.await.unwrap().unwrap();
    server.signal(Signal::TERM)?;
    let exit = server.exit(Duration::from_secs(10)).await?;
    let windows = |line: &str| line.split(" windows=").nth(1)?.split(' ').next()?.parse::<usize>().ok();
    let calculated: usize =
        exit.stderr.lines().filter(|line| line.contains(" batch ")).filter_map(windows).sum();
    assert_eq!(calculated, MOST);
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
