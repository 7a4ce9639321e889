//! A wrong setting ends the server with 64 and names key, value, place and range.

use std::io::Write;

use polaris_tests::{HarnessError, Server, TestRegistry};

async fn refused(server: Server, parts: &[&str]) -> Result<(), HarnessError> {
    let exit = server.run().await?;
    assert_eq!(exit.code, Some(64), "{exit:?}");
    assert!(parts.iter().all(|part| exit.stderr.contains(part)), "{parts:?} in {}", exit.stderr);
    Ok(())
}

#[tokio::test]
async fn wrong_settings() -> Result<(), HarnessError> {
    let registry = TestRegistry::empty()?;
    let server = || Server::new(registry.directory());
    refused(Server::with_arguments(&["serve"]), &["registry.directory", "--registry"]).await?;
    refused(Server::with_arguments(&["sevre"]), &["sevre"]).await?;
    refused(server().args(&["--prot", "1"]), &["--prot"]).await?;
    refused(server().args(&["--device", "tpu"]), &["engine.device", "tpu", "--device", "cuda:N"]).await?;
    refused(server().args(&["--models", "QKI"]), &["registry.models", "QKI", "--models"]).await?;
    refused(server().listen("localhost"), &["server.listen", "localhost", "--listen", "unix:PATH"]).await?;
    refused(server().args(&["--config", "absent.toml"]), &["absent.toml"]).await?;
    let environment = server().setting("ENGINE__MAX_BATCH_WINDOWS", 0);
    refused(
        environment,
        &["engine.max_batch_windows is 0", "POLARIS__ENGINE__MAX_BATCH_WINDOWS", "1 to 65536"],
    )
    .await?;
    refused(server().setting("ENGINE__BATCH", 1), &["batch"]).await?;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"[limits]\nmax_request_bytes = 5\n").unwrap();
    let path = file.path().display().to_string();
    refused(server().args(&["--config", &path]), &["limits.max_request_bytes is 5", &path, "1024 to"]).await
}

#[tokio::test]
async fn the_environment_wins_over_the_file() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"[limits]\nmax_windows_per_request = 5\nmax_request_bytes = 5000\n").unwrap();
    let server = Server::new(registry.directory())
        .args(&["--config", &file.path().display().to_string()])
        .setting("LIMITS__MAX_REQUEST_BYTES", 6000)
        .start()
        .await?;
    let request = polaris_proto::v1::ListModelsRequest {};
    let limits = server.client().list_models(request).await.unwrap().into_inner().limits.unwrap();
    assert_eq!((limits.max_windows_per_request, limits.max_request_bytes), (5, 6000));
    Ok(())
}

#[tokio::test]
async fn help_has_examples() -> Result<(), HarnessError> {
    let exit = Server::with_arguments(&["serve", "--help"]).run().await?;
    assert_eq!(exit.code, Some(0));
    assert!(exit.stdout.contains("polaris-server serve --registry models"), "{}", exit.stdout);
    Ok(())
}
