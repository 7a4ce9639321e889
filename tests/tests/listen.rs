//! Where the server listens, and what becomes of its socket.

use std::time::Duration;

use polaris_tests::{HarnessError, Server, TestRegistry};
use rustix::process::Signal;

const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn any_free_port_is_told_in_the_log() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let mut server = Server::new(registry.directory()).listen("127.0.0.1:0").spawn()?;
    let line = server.wait_for_line("listening", LIMIT).await?;
    let address = line.split("address=").nth(1).unwrap().trim();
    assert!(!address.ends_with(":0"), "{line}");
    server.wait_for_line(" serving ", LIMIT).await?;
    let mut client =
        polaris_proto::v1::polaris_service_client::PolarisServiceClient::connect(format!("http://{address}"))
            .await
            .unwrap();
    let answer = client.list_models(polaris_proto::v1::ListModelsRequest {}).await.unwrap();
    assert_eq!(answer.into_inner().models.len(), 4);

    let taken = Server::new(registry.directory()).listen(address).run().await?;
    assert_eq!(taken.code, Some(1));
    assert!(taken.stderr.contains(address), "{}", taken.stderr);
    Ok(())
}

#[tokio::test]
async fn a_socket_left_by_a_killed_server_is_replaced_and_ours_is_removed() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("shared.sock");
    let address = format!("unix:{}", socket.display());
    let mut killed = Server::new(registry.directory()).listen(&address).spawn()?;
    killed.wait_for_line(" serving ", LIMIT).await?;
    killed.signal(Signal::KILL)?;
    assert_eq!(killed.exit(LIMIT).await?.code, None);
    assert!(socket.exists());

    let mut server = Server::new(registry.directory()).listen(&address).spawn()?;
    server.wait_for_line(" serving ", LIMIT).await?;
    let second = Server::new(registry.directory()).listen(&address).run().await?;
    assert_eq!(second.code, Some(1));
    assert!(second.stderr.contains("another process listens there"), "{}", second.stderr);
    assert!(socket.exists());
    server.signal(Signal::TERM)?;
    assert_eq!(server.exit(LIMIT).await?.code, Some(0));
    assert!(!socket.exists());
    Ok(())
}
