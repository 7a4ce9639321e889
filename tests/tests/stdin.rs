//! With --stop-with-stdin the server lives as long as its standard input, without it longer.

use std::time::Duration;

use polaris_tests::{HarnessError, Server, TestRegistry};
use tonic_health::pb::health_check_response::ServingStatus;

#[tokio::test]
async fn stops_when_standard_input_closes() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let mut server = Server::new(registry.directory()).args(&["--stop-with-stdin"]).start().await?;
    server.close_stdin();
    let exit = server.exit(Duration::from_secs(5)).await?;
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert!(exit.stderr.contains("standard input closed"), "{}", exit.stderr);
    Ok(())
}

#[tokio::test]
async fn stays_otherwise() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let mut server = Server::new(registry.directory()).start().await?;
    server.close_stdin();
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert_eq!(server.health("").await.unwrap(), ServingStatus::Serving);
    }
    Ok(())
}
