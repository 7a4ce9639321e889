//! Bearer tokens: who is refused, and what stays open.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use polaris_proto::v1::admin_service_client::AdminServiceClient;
use polaris_proto::v1::{ListModelsRequest, ReloadOutcome, ReloadRequest};
use polaris_tests::{HarnessError, Program, Server, ServerProcess, TestRegistry, http};
use tonic::metadata::MetadataMap;
use tonic::{Code, Request};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;

/// A token as `polaris-server token` makes it, and what the settings need of it.
struct NewToken {
    token: String,
    setting: String,
}

fn new_token(name: &str, role: &str) -> Result<NewToken, HarnessError> {
    let made = Program::server(&["token", "--name", name, "--role", role])?.run()?.succeeded();
    let line = |start: &str| {
        made.stdout.lines().map(str::trim).find(|line| line.starts_with(start)).unwrap().to_owned()
    };
    Ok(NewToken { token: line("polaris_"), setting: line("{ name") })
}

fn authorized<T>(message: T, token: Option<&str>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(token) = token {
        let metadata: &mut MetadataMap = request.metadata_mut();
        metadata.insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    request
}

async fn list(server: &ServerProcess, token: Option<&str>) -> Code {
    let answer = server.client().list_models(authorized(ListModelsRequest {}, token)).await;
    answer.map_or_else(|status| status.code(), |_| Code::Ok)
}

// Several threads: the server's log is read while a program is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn roles_open_what_is_theirs() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let (laptop, operator) = (new_token("laptop", "infer")?, new_token("operator", "admin")?);
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("polaris.toml");
    let text = format!("[auth]\ntokens = [\n{}\n{}\n]\n", laptop.setting, operator.setting);
    std::fs::write(&config, text).unwrap();
    let mut server = Server::new(registry.directory())
        .args(&["--config", &config.display().to_string(), "--log", "trace"])
        .setting("ADMIN__LISTEN", "127.0.0.1:0")
        .start()
        .await?;
    let address = server.admin_address().await?;
    let (laptop, operator) = (Some(laptop.token.as_str()), Some(operator.token.as_str()));

    assert_eq!(list(&server, None).await, Code::Unauthenticated);
    assert_eq!(list(&server, Some("polaris_guess")).await, Code::Unauthenticated);
    assert_eq!(list(&server, laptop).await, Code::Ok);
    assert_eq!(list(&server, operator).await, Code::Ok);
    // Probes have no secrets; who looks around needs one.
    assert_eq!(server.health("").await.unwrap(), ServingStatus::Serving);
    let mut reflection = ServerReflectionClient::new(server.channel());
    let refused = reflection.server_reflection_info(tokio_stream::empty()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);

    for (token, status) in [(None, 401), (Some("x"), 401), (laptop, 403), (operator, 200)] {
        assert_eq!(http(&address, "GET", "/metrics", token).await?.status, status);
    }
    let admin = AdminServiceClient::connect(format!("http://{address}")).await?;
    for (token, code) in [(None, Code::Unauthenticated), (laptop, Code::PermissionDenied)] {
        let reloaded = admin.clone().reload(authorized(ReloadRequest {}, token)).await;
        assert_eq!(reloaded.unwrap_err().code(), code);
    }
    let reloaded = admin.clone().reload(authorized(ReloadRequest {}, operator)).await.unwrap().into_inner();
    assert_eq!(reloaded.outcome(), ReloadOutcome::Unchanged);
    assert!(!reloaded.models.is_empty() && reloaded.models.iter().all(|model| model.contains('@')));

    let client = || {
        Program::client(&["models", "--server"])
            .map(|client| client.arg(format!("unix:{}", server.socket().display())))
    };
    client()?.run()?.refused(1, &["token"]);
    client()?.env("POLARIS_TOKEN", laptop.unwrap()).run()?.succeeded();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{}\n", laptop.unwrap())).unwrap();
    client()?.arg("--token-file").arg(&file).run()?.succeeded();

    server.signal(rustix::process::Signal::TERM)?;
    let log = server.exit(std::time::Duration::from_secs(10)).await?.stderr;
    assert!(log.contains("UNAUTHENTICATED") && log.contains("polaris.v1.PolarisService/ListModels"));
    for secret in [laptop, operator, Some("polaris_guess")].into_iter().flatten() {
        assert!(!log.contains(secret), "the log tells a secret");
    }
    Ok(())
}

#[tokio::test]
async fn wrong_tokens_in_the_settings_are_named_but_not_shown() -> Result<(), HarnessError> {
    let registry = TestRegistry::empty()?;
    let digest = "ab".repeat(32);
    for (entry, named) in [
        (r#"{ name = "a", sha256 = "polaris_secret", role = "infer" }"#.to_owned(), "sha256 of entry 1"),
        (format!(r#"{{ name = "a", sha256 = "{digest}", role = "root" }}"#), "infer or admin"),
        (format!(r#"{{ name = "", sha256 = "{digest}", role = "infer" }}"#), "name of entry 1"),
    ] {
        let exit =
            Server::new(registry.directory()).setting("AUTH__TOKENS", format!("[{entry}]")).run().await?;
        let exit = exit.refused(64, &["auth.tokens", named]);
        assert!(!exit.stderr.contains("secret"), "{}", exit.stderr);
    }
    let exit = Server::new(registry.directory()).setting("AUTH__TOKENS", "polaris_secret").run().await?;
    assert!(!exit.refused(64, &["auth.tokens"]).stderr.contains("secret"));
    Ok(())
}
