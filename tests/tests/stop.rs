//! SIGTERM stops the server in order: exit code 0 within the limit.

use std::time::Duration;

use polaris_proto::v1::{PredictRequest, ScoreVariantsRequest};
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, ServerProcess, TestRegistry};
use rustix::process::Signal;
use tokio::time::Instant;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

/// Far below the limit of the servers here, which is the default of 10 s.
const PROMPT: Duration = Duration::from_secs(5);

fn large_request() -> PredictRequest {
    let mut random = Random::new(9);
    PredictRequest {
        windows: (0..4096).map(|_| random.window(INPUT_LENGTH)).collect(),
        model_ids: Vec::new(),
    }
}

async fn start(registry: &TestRegistry) -> Result<ServerProcess, HarnessError> {
    Server::new(registry.directory()).args(&["--log", "polaris_server=debug"]).start().await
}

#[tokio::test]
async fn idle_connections_and_open_watches_do_not_hold_it_up() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = start(&registry).await?;
    let idle = server.channel();
    let mut watch = HealthClient::new(idle.clone());
    let mut statuses = watch.watch(HealthCheckRequest { service: String::new() }).await.unwrap().into_inner();
    assert_eq!(statuses.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let bare = tokio::net::UnixStream::connect(server.socket()).await.unwrap();
    let (_requests, open) = tokio::sync::mpsc::channel::<ScoreVariantsRequest>(1);
    let open = tokio_stream::wrappers::ReceiverStream::new(open);
    let mut answers = server.client().score_variants(open).await.unwrap().into_inner();

    let start = Instant::now();
    server.signal(Signal::TERM)?;
    assert_eq!(statuses.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    let ended = answers.message().await.unwrap_err();
    assert_eq!(ended.code(), Code::Unavailable, "{ended}");
    assert!(ended.get_details_retry_info().is_some());
    let exit = server.exit(PROMPT).await?;
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert!(start.elapsed() < PROMPT);
    drop((idle, bare));
    Ok(())
}

#[tokio::test]
async fn work_in_flight_is_answered() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let mut server = start(&registry).await?;
    let mut client = server.client();
    let idle = server.channel();
    let mut watch = HealthClient::new(idle.clone());
    let mut statuses =
        watch.watch(HealthCheckRequest { service: "QKI.K562".to_owned() }).await.unwrap().into_inner();
    assert_eq!(statuses.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let call = tokio::spawn(async move { client.predict(large_request()).await });
    server.wait_for_line(" batch ", PROMPT).await?;
    server.signal(Signal::TERM)?;
    assert_eq!(statuses.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    assert_eq!(call.await.unwrap().unwrap().into_inner().predictions.len(), 4096);
    assert_eq!(server.exit(PROMPT).await?.code, Some(0));
    Ok(())
}

#[tokio::test]
async fn work_beyond_the_limit_is_given_up() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("polaris.sock");
    let mut server = Server::new(registry.directory())
        .args(&["--log", "polaris_server=debug"])
        .setting("SERVER__DRAIN_LIMIT_MS", 1)
        .listen(&format!("unix:{}", socket.display()))
        .start()
        .await?;
    let mut client = server.client();
    let call = tokio::spawn(async move { client.predict(large_request()).await });
    server.wait_for_line(" batch ", PROMPT).await?;
    server.signal(Signal::TERM)?;
    let exit = server.exit(PROMPT).await?;
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert!(!socket.exists());
    assert!(exit.stderr.contains("given up"), "{}", exit.stderr);
    assert!(call.await.unwrap().is_err());
    Ok(())
}

#[tokio::test]
async fn while_models_are_loading() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    registry.stall_loading("TARDBP.K562")?;
    let mut server = Server::new(registry.directory()).args(&["--log", "debug"]).spawn()?;
    server.wait_for_line("QKI.K562", Duration::from_secs(60)).await?;
    server.signal(Signal::INT)?;
    assert_eq!(server.exit(PROMPT).await?.code, Some(0));
    Ok(())
}
