//! `polaris-server health`: asks a server whether it serves, for probes that run a program.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::time::timeout;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::arguments::HealthArguments;

/// Asks once. Everything but SERVING is an error that says what was found.
///
/// # Errors
/// If the server is not there, does not answer in time, or does not serve.
pub(crate) async fn probe(arguments: &HealthArguments) -> anyhow::Result<()> {
    let limit = Duration::from_millis(arguments.timeout_ms);
    let answer = async {
        let channel = channel(arguments).await?;
        let request = HealthCheckRequest { service: arguments.service.clone() };
        let answer = HealthClient::new(channel).check(request).await;
        match answer.map(|answer| answer.into_inner().status()) {
            Ok(status) if status == ServingStatus::Serving.into() => Ok(()),
            Ok(status) => bail!("{}", status.as_str_name()),
            Err(status) => bail!("{:?}: {}", status.code(), status.message()),
        }
    };
    timeout(limit, answer)
        .await
        .unwrap_or_else(|_| bail!("no answer within {} ms", limit.as_millis()))
        .with_context(|| arguments.server.clone())
}

async fn channel(arguments: &HealthArguments) -> anyhow::Result<Channel> {
    let address = &arguments.server;
    let wants_tls = arguments.ca.is_some() || arguments.cert.is_some() || arguments.tls_name.is_some();
    let address = match address.strip_prefix("unix:") {
        Some(_) => address.clone(),
        None if address.contains("://") => address.clone(),
        None if wants_tls => format!("https://{address}"),
        None => format!("http://{address}"),
    };
    if wants_tls && !address.starts_with("https://") {
        bail!("--ca, --cert and --tls-name are for a server at https://");
    }
    let mut endpoint = Endpoint::from_shared(address.clone()).context("it is no address of a server")?;
    if address.starts_with("https://") {
        endpoint = endpoint.tls_config(tls(arguments)?)?;
    }
    endpoint.connect().await.map_err(|error| {
        let mut cause: &dyn std::error::Error = &error;
        while let Some(next) = cause.source() {
            cause = next;
        }
        anyhow::anyhow!("{cause}")
    })
}

fn tls(arguments: &HealthArguments) -> anyhow::Result<ClientTlsConfig> {
    let mut tls = ClientTlsConfig::new();
    tls = match &arguments.ca {
        Some(path) => tls.ca_certificate(Certificate::from_pem(read(path)?)),
        None => tls.with_native_roots(),
    };
    if let (Some(certificate), Some(key)) = (&arguments.cert, &arguments.key) {
        tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    if let Some(name) = &arguments.tls_name {
        tls = tls.domain_name(name);
    }
    Ok(tls)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}
