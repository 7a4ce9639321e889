//! Settings as they are written, before any check, with the built-in defaults.

use std::fmt;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use polaris_model::Precision;

/// All sections.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSettings {
    pub(crate) server: RawServer,
    pub(crate) registry: RawRegistry,
    pub(crate) engine: RawEngine,
    pub(crate) limits: RawLimits,
    pub(crate) admin: RawAdmin,
    pub(crate) tls: RawTls,
    pub(crate) auth: RawAuth,
    pub(crate) telemetry: RawTelemetry,
}

/// `[server]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawServer {
    pub(crate) listen: String,
    pub(crate) log: String,
    pub(crate) log_format: String,
    pub(crate) stop_with_stdin: bool,
    pub(crate) drain_limit_ms: i64,
    pub(crate) max_connection_age_s: i64,
}

/// `[registry]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRegistry {
    #[serde(default)]
    pub(crate) directory: Option<String>,
    #[serde(default, deserialize_with = "names")]
    pub(crate) models: Vec<String>,
    #[serde(default, deserialize_with = "names")]
    pub(crate) require: Vec<String>,
    #[serde(default, deserialize_with = "names")]
    pub(crate) versions: Vec<String>,
    #[serde(default, deserialize_with = "names")]
    pub(crate) canary: Vec<String>,
    pub(crate) canary_percent: i64,
    pub(crate) poll_ms: i64,
    pub(crate) when_broken: String,
}

/// `[engine]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawEngine {
    pub(crate) device: String,
    #[serde(default)]
    pub(crate) threads: Option<i64>,
    pub(crate) precision: String,
    #[serde(default)]
    pub(crate) max_batch_windows: Option<i64>,
    pub(crate) queue_windows: i64,
    pub(crate) queue_wait_ms: i64,
    pub(crate) cache_bytes: i64,
}

/// `[limits]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLimits {
    pub(crate) max_windows_per_request: i64,
    pub(crate) max_request_bytes: i64,
    pub(crate) max_response_bytes: i64,
    pub(crate) max_requests_in_flight_per_stream: i64,
    pub(crate) windows_per_second_per_client: i64,
}

/// `[admin]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAdmin {
    #[serde(default)]
    pub(crate) listen: Option<String>,
    pub(crate) tls: bool,
}

/// `[tls]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTls {
    #[serde(default)]
    pub(crate) certificate: Option<String>,
    #[serde(default)]
    pub(crate) key: Option<String>,
    #[serde(default)]
    pub(crate) client_ca: Option<String>,
    pub(crate) reload_interval_ms: i64,
}

/// `[auth]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAuth {
    #[serde(default)]
    pub(crate) tokens: Vec<RawToken>,
}

/// An entry of `auth.tokens`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawToken {
    pub(crate) name: String,
    pub(crate) sha256: String,
    pub(crate) role: String,
}

/// `[telemetry]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTelemetry {
    #[serde(default)]
    pub(crate) otlp_endpoint: Option<String>,
    #[serde(default)]
    pub(crate) ca: Option<String>,
    pub(crate) sample_ratio: f64,
}

impl fmt::Debug for RawToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawToken").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

impl Default for RawTls {
    fn default() -> Self {
        Self { certificate: None, key: None, client_ca: None, reload_interval_ms: 10_000 }
    }
}

impl Default for RawTelemetry {
    fn default() -> Self {
        Self { otlp_endpoint: None, ca: None, sample_ratio: 1.0 }
    }
}

impl Default for RawServer {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:50051".to_owned(),
            log: "info".to_owned(),
            log_format: "text".to_owned(),
            stop_with_stdin: false,
            drain_limit_ms: 10_000,
            max_connection_age_s: 0,
        }
    }
}

impl Default for RawRegistry {
    fn default() -> Self {
        Self {
            directory: None,
            models: Vec::new(),
            require: Vec::new(),
            versions: Vec::new(),
            canary: Vec::new(),
            canary_percent: 0,
            poll_ms: 2000,
            when_broken: "wait".to_owned(),
        }
    }
}

impl Default for RawEngine {
    fn default() -> Self {
        Self {
            device: "cpu".to_owned(),
            threads: None,
            precision: Precision::default().to_string(),
            max_batch_windows: None,
            queue_windows: 16_384,
            queue_wait_ms: 30_000,
            // Some 180,000 rows of 160 models.
            cache_bytes: 256 << 20,
        }
    }
}

impl Default for RawLimits {
    fn default() -> Self {
        Self {
            max_windows_per_request: 4096,
            max_request_bytes: 16 * 1024 * 1024,
            // What callers take if they set no limit of their own.
            max_response_bytes: 4 * 1024 * 1024,
            max_requests_in_flight_per_stream: 4,
            windows_per_second_per_client: 0,
        }
    }
}

/// A list, or one text with commas as flags and environment variables have it, or a number.
fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Names;
    impl<'de> Visitor<'de> for Names {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of names, or names separated by commas")
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(text.split(',').map(|name| name.trim().to_owned()).collect())
        }

        fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
            Ok(vec![number.to_string()])
        }

        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok(vec![number.to_string()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut names = Vec::new();
            while let Some(name) = list.next_element()? {
                names.push(name);
            }
            Ok(names)
        }
    }
    deserializer.deserialize_any(Names)
}
