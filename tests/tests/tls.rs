//! TLS and mTLS on the listener: who is refused, what an expired certificate does, and how a renewed one is taken.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::Path;
use std::time::Duration;

use polaris_proto::v1::admin_service_client::AdminServiceClient;
use polaris_proto::v1::polaris_service_client::PolarisServiceClient;
use polaris_proto::v1::{ListModelsRequest, ListModelsResponse, ReloadOutcome, ReloadRequest};
use polaris_tests::{Authority, HarnessError, IssuedFiles, Program, Server, ServerProcess, TestRegistry};
use tonic::transport::{ClientTlsConfig, Endpoint};

const LIMIT: Duration = Duration::from_secs(60);

fn server(registry: &TestRegistry, files: &IssuedFiles) -> Server {
    Server::new(registry.directory())
        .setting("TLS__CERTIFICATE", files.certificate.display())
        .setting("TLS__KEY", files.key.display())
        .setting("TLS__RELOAD_INTERVAL_MS", 20)
        .listen("127.0.0.1:0")
}

/// Waits until it serves; gives its port.
async fn serving(server: Server) -> Result<(ServerProcess, String), HarnessError> {
    let mut process = server.spawn()?;
    let line = process.wait_for_line("listening", LIMIT).await?;
    process.wait_for_line(" serving ", LIMIT).await?;
    let port = line.rsplit(':').next().unwrap_or_default().trim().to_owned();
    Ok((process, port))
}

/// Calls on a connection of its own; the error as a person would see it.
async fn list(port: &str, tls: ClientTlsConfig) -> Result<ListModelsResponse, String> {
    let told = |error: &dyn std::error::Error| {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            text = format!("{text}: {next}");
            cause = next.source();
        }
        text
    };
    let endpoint =
        Endpoint::from_shared(format!("https://localhost:{port}")).unwrap().tls_config(tls).unwrap();
    let channel = endpoint.connect().await.map_err(|error| told(&error))?;
    let answer = PolarisServiceClient::new(channel).list_models(ListModelsRequest {}).await;
    answer.map(tonic::Response::into_inner).map_err(|status| told(&status))
}

fn trusting(authority: &Authority) -> ClientTlsConfig {
    ClientTlsConfig::new().ca_certificate(authority.certificate())
}

#[tokio::test]
async fn a_client_checks_the_server_and_a_renewed_certificate_is_taken() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let folder = tempfile::tempdir().unwrap();
    let (ours, others) = (Authority::new()?, Authority::new()?);
    let files = ours.issue_files(folder.path(), "polaris", 2100)?;
    let (mut process, port) = serving(server(&registry, &files)).await?;
    assert_eq!(list(&port, trusting(&ours)).await.unwrap().models.len(), 4);
    assert!(list(&port, trusting(&others)).await.is_err());
    process.wait_for_line("a TLS handshake failed", LIMIT).await?;
    let plain = PolarisServiceClient::connect(format!("http://127.0.0.1:{port}")).await;
    if let Ok(mut client) = plain {
        client.list_models(ListModelsRequest {}).await.unwrap_err();
    }

    // An expired one and a broken one change nothing.
    others.issue_files(folder.path(), "polaris", 2021)?;
    let line = process.wait_for_line("expired on", LIMIT).await?;
    assert!(line.contains("2021") && line.contains("the old ones still are"), "{line}");
    assert!(list(&port, trusting(&ours)).await.is_ok());
    std::fs::write(&files.certificate, "no certificate").unwrap();
    process.wait_for_line("there is no certificate in it", LIMIT).await?;
    assert!(list(&port, trusting(&ours)).await.is_ok());

    others.issue_files(folder.path(), "polaris", 2100)?;
    process.wait_for_line("new certificates are used", LIMIT).await?;
    assert!(list(&port, trusting(&others)).await.is_ok());
    assert!(list(&port, trusting(&ours)).await.is_err());
    Ok(())
}

#[tokio::test]
async fn clients_show_certificates_where_an_authority_is_set() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let folder = tempfile::tempdir().unwrap();
    let (ours, others) = (Authority::new()?, Authority::new()?);
    let files = ours.issue_files(folder.path(), "polaris", 2100)?;
    let authority = folder.path().join("ca.pem");
    std::fs::write(&authority, ours.pem()).unwrap();
    let server = server(&registry, &files)
        .setting("TLS__CLIENT_CA", authority.display())
        .setting("ADMIN__LISTEN", "127.0.0.1:0")
        .setting("ADMIN__TLS", true);
    let (mut process, port) = serving(server).await?;
    assert!(list(&port, trusting(&ours).identity(ours.identity("pipeline")?)).await.is_ok());
    assert!(list(&port, trusting(&ours)).await.is_err());
    assert!(list(&port, trusting(&ours).identity(others.identity("pipeline")?)).await.is_err());

    // The admin listener speaks TLS as well, and tells callers apart by tokens alone.
    let admin = process.admin_address().await?;
    let endpoint = Endpoint::from_shared(format!("https://{admin}")).unwrap();
    let channel = endpoint.tls_config(trusting(&ours)).unwrap().connect().await?;
    let reloaded = AdminServiceClient::new(channel).reload(ReloadRequest {}).await;
    assert_eq!(reloaded.unwrap().into_inner().outcome(), ReloadOutcome::Unchanged);

    // In a folder of their own: those of the server stay.
    let probe = tempfile::tempdir().unwrap();
    programs_speak_tls(&port, &authority, &ours.issue_files(probe.path(), "probe", 2100)?)
}

/// `polaris-client` and the probe, with and without what they need.
fn programs_speak_tls(port: &str, authority: &Path, files: &IssuedFiles) -> Result<(), HarnessError> {
    let address = format!("https://localhost:{port}");
    for program in [Program::client(&["models"])?, Program::server(&["health"])?] {
        program.args(&["--server", &address, "--ca"]).arg(authority).run()?.refused(1, &[]);
    }
    for program in [Program::client(&["models"])?, Program::server(&["health"])?] {
        let program = program.args(&["--server", &address, "--ca"]).arg(authority);
        program.arg("--cert").arg(&files.certificate).arg("--key").arg(&files.key).run()?.succeeded();
    }
    Ok(())
}

#[tokio::test]
async fn files_that_cannot_be_used_are_refused_at_the_start() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new()?;
    let expired = authority.issue_files(folder.path(), "polaris", 2021)?;
    server(&registry, &expired).run().await?.refused(1, &["certificate.pem", "expired on", "2021"]);

    let good = authority.issue_files(folder.path(), "polaris", 2100)?;
    std::fs::write(&good.key, authority.issue("polaris", 2100)?.1).unwrap();
    server(&registry, &good).run().await?.refused(1, &["certificate.pem", "key.pem"]);
    std::fs::remove_file(&good.key).unwrap();
    server(&registry, &good).run().await?.refused(1, &["tls.key", "there is no such file"]);
    let alone = Server::new(registry.directory()).setting("TLS__KEY", "key.pem");
    alone.run().await?.refused(64, &["tls.certificate"]);
    Ok(())
}
