//! Work on maps ends when nobody waits for it any more, and when the server stops.

use std::time::Duration;

use polaris_proto::v1::{LocalizationMethod, LocalizeRequest, LocalizeWindow, MapOptions};
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry};
use rustix::process::Signal;
use tonic::{Code, Request};

const PROMPT: Duration = Duration::from_secs(10);
/// Of which one is calculated at a time; together they take far longer than any wait here.
const WINDOWS: usize = 2000;

/// Small responses, which the connection takes without a reader.
fn long_work() -> LocalizeRequest {
    let mut random = Random::new(51);
    let window = |_| LocalizeWindow { reference: Some(random.window(INPUT_LENGTH)), allele: None };
    let method = LocalizationMethod::Mutagenesis.into();
    LocalizeRequest {
        model_ids: vec!["QKI.K562".to_owned()],
        windows: (0..WINDOWS).map(window).collect(),
        options: Some(MapOptions { method, top_k: Some(1), ..MapOptions::default() }),
    }
}

fn server(registry: &TestRegistry) -> Server {
    Server::new(registry.directory()).args(&["--log", "polaris_server=debug"])
}

#[tokio::test]
async fn by_a_caller_who_goes_away() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = server(&registry).start().await?;
    let mut answers = server.client().localize(long_work()).await.unwrap().into_inner();
    assert_eq!(answers.message().await.unwrap().unwrap().window_index, 0);
    drop(answers);
    // Behind what waits by then.
    server.predict(vec![Random::new(52).window(INPUT_LENGTH)]).await.unwrap();
    server.signal(Signal::TERM)?;
    let exit = server.exit(PROMPT).await?;
    let calculated = exit.stderr.lines().filter(|line| line.contains("method=Mutagenesis")).count();
    assert!(calculated > 0 && calculated < WINDOWS / 4, "{calculated} windows were calculated");
    Ok(())
}

#[tokio::test]
async fn at_the_deadline() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = server(&registry).start().await?;
    let mut late = Request::new(long_work());
    late.metadata_mut().insert("grpc-timeout", "500m".parse().unwrap());
    let mut answers = server.raw_client().await?.localize(late).await.unwrap().into_inner();
    let mut expected = 0;
    let status = loop {
        match answers.message().await {
            Ok(answer) => {
                assert_eq!(answer.unwrap().window_index, expected);
                expected += 1;
            }
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    assert!((expected as usize) < WINDOWS);
    Ok(())
}

#[tokio::test]
async fn by_a_server_that_stops() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = server(&registry).start().await?;
    let mut answers = server.client().localize(long_work()).await.unwrap().into_inner();
    assert!(answers.message().await.unwrap().is_some());
    server.signal(Signal::TERM)?;
    let status = loop {
        match answers.message().await {
            Ok(answer) => assert!(answer.is_some(), "the stream ended as if it were complete"),
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert_eq!(server.exit(PROMPT).await?.code, Some(0));
    Ok(())
}
