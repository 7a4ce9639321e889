//! Settings of what surrounds the service: the admin listener, TLS, tokens and traces.

use std::path::PathBuf;
use std::time::Duration;

use tonic::codegen::http::Uri;

use super::raw::{RawAdmin, RawAuth, RawTelemetry, RawTls};
use super::{Check, SettingsError};
use crate::listener::ListenAddress;
use crate::token::{Token, Tokens};

/// What OpenTelemetry calls the receiver's address; the first is for traces alone.
const ENDPOINT_VARIABLES: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// Where an operator finds metrics and more.
#[derive(Clone, Debug)]
pub(crate) struct AdminSettings {
    /// Where to listen; nowhere if there is none.
    pub(crate) listen: Option<ListenAddress>,
    /// Whether to speak TLS there, too.
    pub(crate) tls: bool,
}

/// Files of TLS.
#[derive(Clone, Debug)]
pub(crate) struct TlsSettings {
    /// The server's certificate and those between it and its authority.
    pub(crate) certificate: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
    /// Authorities of clients; without any, clients need no certificate.
    pub(crate) client_ca: Option<PathBuf>,
    /// Time between two looks at whether they have changed.
    pub(crate) reload_interval: Duration,
}

/// Where traces go.
#[derive(Clone, Debug)]
pub(crate) struct TelemetrySettings {
    /// Address of the receiver; no traces if there is none.
    pub(crate) otlp_endpoint: Option<String>,
    /// Authorities that the receiver's certificate is checked against; those of the system if there is none.
    pub(crate) ca: Option<PathBuf>,
    /// Share of the traces that begin here and are sent.
    pub(crate) sample_ratio: f64,
}

/// An empty text is none, so that a template can set a variable in any case.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

pub(super) fn max_connection_age(check: &Check<'_>, seconds: i64) -> Result<Option<Duration>, SettingsError> {
    let seconds = check.range("server.max_connection_age_s", seconds, 0, 86_400)?;
    Ok((seconds > 0).then(|| Duration::from_secs(seconds)))
}

pub(super) fn admin(check: &Check<'_>, raw: RawAdmin, tls: &RawTls) -> Result<AdminSettings, SettingsError> {
    let listen = given(raw.listen).map(|address| check.parse("admin.listen", &address)).transpose()?;
    if raw.tls && given(tls.certificate.clone()).is_none() {
        return Err(SettingsError::Missing { key: "tls.certificate", remedy: "it, or admin.tls = false" });
    }
    Ok(AdminSettings { listen, tls: raw.tls })
}

pub(super) fn tls(check: &Check<'_>, raw: RawTls) -> Result<Option<TlsSettings>, SettingsError> {
    let reload_interval = check
        .range("tls.reload_interval_ms", raw.reload_interval_ms, 10, 3_600_000)
        .map(Duration::from_millis)?;
    let client_ca = given(raw.client_ca);
    let missing = |key, remedy| Err(SettingsError::Missing { key, remedy });
    match (given(raw.certificate), given(raw.key)) {
        (Some(certificate), Some(key)) => Ok(Some(TlsSettings {
            certificate: certificate.into(),
            key: key.into(),
            client_ca: client_ca.map(PathBuf::from),
            reload_interval,
        })),
        (Some(_), None) => missing("tls.key", "the private key of tls.certificate"),
        (None, Some(_)) => missing("tls.certificate", "the certificate of tls.key"),
        (None, None) if client_ca.is_some() => {
            missing("tls.certificate", "the server's own certificate, which tls.client_ca needs beside it")
        }
        (None, None) => Ok(None),
    }
}

pub(super) fn tokens(check: &Check<'_>, raw: RawAuth) -> Result<Tokens, SettingsError> {
    const KEY: &str = "auth.tokens";
    let mut tokens: Vec<Token> = Vec::with_capacity(raw.tokens.len());
    for (index, token) in raw.tokens.into_iter().enumerate() {
        let refuse = |field: &str, value: &str, expected: &str| {
            check.refuse(KEY, value, &format!("{expected}, as {field} of entry {}", index + 1))
        };
        if token.name.is_empty() {
            return Err(refuse("name", "\"\"", "the name of its holder"));
        }
        if tokens.iter().any(|other| other.name == token.name) {
            return Err(refuse("name", &format!("{:?}", token.name), "another name for each token"));
        }
        let role = token
            .role
            .parse()
            .map_err(|error| refuse("role", &format!("{:?}", token.role), &format!("{error}")))?;
        // What stands there instead may be the token itself.
        let digest =
            token.sha256.parse().map_err(|error| refuse("sha256", "(not shown)", &format!("{error}")))?;
        tokens.push(Token { name: token.name, role, digest });
    }
    Ok(tokens.into())
}

pub(super) fn telemetry(check: &Check<'_>, raw: RawTelemetry) -> Result<TelemetrySettings, SettingsError> {
    const KEY: &str = "telemetry.otlp_endpoint";
    let standard = |name| given(std::env::var(name).ok()).map(|endpoint| (endpoint, Some(name)));
    let set = given(raw.otlp_endpoint).map(|endpoint| (endpoint, None));
    let endpoint = set.or_else(|| ENDPOINT_VARIABLES.into_iter().find_map(standard));
    if let Some((endpoint, variable)) = &endpoint {
        let scheme = endpoint.parse::<Uri>().ok().and_then(|uri| uri.scheme_str().map(str::to_owned));
        if !scheme.is_some_and(|scheme| scheme == "http" || scheme == "https") {
            let (value, expected) = (
                format!("{endpoint:?}"),
                "the address of an OTLP receiver over gRPC, such as http://localhost:4317",
            );
            return Err(match variable {
                None => check.refuse(KEY, &value, expected),
                Some(variable) => SettingsError::Value {
                    key: KEY,
                    value,
                    origin: format!("the environment variable {variable}"),
                    expected: expected.to_owned(),
                },
            });
        }
    }
    let otlp_endpoint = endpoint.map(|(endpoint, _)| endpoint);
    if !(0.0..=1.0).contains(&raw.sample_ratio) {
        let value = raw.sample_ratio.to_string();
        return Err(check.refuse("telemetry.sample_ratio", &value, "0 to 1"));
    }
    Ok(TelemetrySettings {
        otlp_endpoint,
        ca: given(raw.ca).map(PathBuf::from),
        sample_ratio: raw.sample_ratio,
    })
}
