//! Settings: read from all their sources, checked once, and then only known as good values.

mod operation;
mod raw;
mod registry;
mod sources;

use std::num::NonZeroUsize;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use figment::Figment;
use polaris_model::{Device, Precision};
use tracing_subscriber::EnvFilter;

pub(crate) use operation::{AdminSettings, TelemetrySettings, TlsSettings};
pub(crate) use registry::{ModelVersion, RegistrySettings, Requirement, WhenBroken};
pub(crate) use sources::Flag;

use crate::listener::ListenAddress;
use crate::log::LogFormat;
use crate::token::Tokens;

/// Everything that can be set, checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Where to listen.
    pub(crate) listen: ListenAddress,
    /// Filter of the log, known to parse.
    pub(crate) log: String,
    /// How lines of the log are written.
    pub(crate) log_format: LogFormat,
    /// Stop when standard input closes.
    pub(crate) stop_with_stdin: bool,
    /// Longest wait for work in flight when stopping.
    pub(crate) drain_limit: Duration,
    /// After which a connection takes no more calls, so that its client looks where else to connect; never if there is none.
    pub(crate) max_connection_age: Option<Duration>,
    /// What to serve.
    pub(crate) registry: RegistrySettings,
    /// How to calculate.
    pub(crate) engine: EngineSettings,
    /// What a request may hold.
    pub(crate) limits: Limits,
    /// Where an operator finds metrics and more.
    pub(crate) admin: AdminSettings,
    /// How to speak TLS, if that is to be spoken.
    pub(crate) tls: Option<TlsSettings>,
    /// Tokens that are accepted.
    pub(crate) tokens: Tokens,
    /// Where traces go.
    pub(crate) telemetry: TelemetrySettings,
}

/// How the engine calculates and what it lets wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EngineSettings {
    /// Device of the networks.
    pub(crate) device: Device,
    /// Threads that calculate.
    pub(crate) threads: usize,
    /// How exactly it calculates.
    pub(crate) precision: Precision,
    /// Most work in one call of the engine, in windows; a substitution beside its window is a twelfth. It bounds how long
    /// a small request waits for a large one.
    pub(crate) max_batch_windows: usize,
    /// Most windows that wait or are being calculated, alternates included, over all callers; those found among the kept
    /// predictions are not counted. Small requests have a sixteenth more.
    pub(crate) queue_windows: usize,
    /// Longest wait for room in the queue.
    pub(crate) queue_wait: Duration,
    /// Bytes that kept predictions may take; 0 to keep none.
    pub(crate) cache_bytes: u64,
}

/// What a request may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Windows of one request, alternates included.
    pub(crate) max_windows: u32,
    /// Encoded bytes of one request.
    pub(crate) max_bytes: u32,
    /// Encoded bytes of one response of Localize.
    pub(crate) max_response_bytes: u32,
    /// Requests of one stream that are worked on at once.
    pub(crate) max_in_flight: usize,
    /// Windows a second that a client may ask in the long run, alternates included; 0 for no such limit.
    pub(crate) windows_per_second: u32,
}

/// A setting that cannot be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum SettingsError {
    /// An unknown key, another type, or a file that cannot be read.
    #[error("settings: {0}")]
    Unreadable(String),
    /// No value where there is no default.
    #[error("{key} is not set: give {remedy}")]
    Missing {
        /// `section.key`.
        key: &'static str,
        /// How to set it.
        remedy: &'static str,
    },
    /// A value out of range.
    #[error("{key} is {value} (from {origin}): expected {expected}")]
    Value {
        /// `section.key`.
        key: &'static str,
        /// What was given.
        value: String,
        /// Where it was given.
        origin: String,
        /// The values allowed.
        expected: String,
    },
}

impl Settings {
    /// Whether anybody on a network may administer the server.
    pub(crate) fn admin_is_open(&self) -> bool {
        let elsewhere = |address: &ListenAddress| match address {
            ListenAddress::Tcp(address) => !address.ip().is_loopback(),
            ListenAddress::Unix(_) => false,
        };
        self.tokens.is_empty() && self.admin.listen.as_ref().is_some_and(elsewhere)
    }

    /// Reads defaults, then `config`, then the environment, then `flags`, and checks the outcome.
    ///
    /// # Errors
    /// With the first setting that is unknown, missing or out of range, and where it was made.
    pub(crate) fn load(config: Option<&Path>, flags: Vec<Flag>) -> Result<Self, SettingsError> {
        let figment = sources::merge(config, flags);
        let raw = sources::extract(&figment)?;
        let check = Check(&figment);
        let registry = registry::checked(raw.registry, &check)?;
        let threads = match raw.engine.threads {
            Some(threads) => check.range("engine.threads", threads, 1, 1024)?,
            None => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        };
        let device = check.parse("engine.device", &raw.engine.device)?;
        let max_batch_windows = match raw.engine.max_batch_windows {
            Some(windows) => check.range("engine.max_batch_windows", windows, 1, 65_536)?,
            None => default_batch_windows(device),
        };
        EnvFilter::try_new(&raw.server.log).map_err(|error| {
            check.refuse(
                "server.log",
                &raw.server.log,
                &format!("a level or a filter such as polaris_server=debug,info ({error})"),
            )
        })?;
        let settings = Self {
            listen: check.parse("server.listen", &raw.server.listen)?,
            log: raw.server.log,
            log_format: check.parse("server.log_format", &raw.server.log_format)?,
            stop_with_stdin: raw.server.stop_with_stdin,
            drain_limit: check.milliseconds("server.drain_limit_ms", raw.server.drain_limit_ms)?,
            max_connection_age: operation::max_connection_age(&check, raw.server.max_connection_age_s)?,
            registry,
            engine: EngineSettings {
                device,
                threads,
                precision: check.parse("engine.precision", &raw.engine.precision)?,
                max_batch_windows,
                queue_windows: check.range("engine.queue_windows", raw.engine.queue_windows, 1, 1_000_000)?,
                queue_wait: check.milliseconds("engine.queue_wait_ms", raw.engine.queue_wait_ms)?,
                cache_bytes: check.range("engine.cache_bytes", raw.engine.cache_bytes, 0, 1 << 40)?,
            },
            limits: Limits {
                max_windows: check.range(
                    "limits.max_windows_per_request",
                    raw.limits.max_windows_per_request,
                    1,
                    1_000_000,
                )?,
                max_bytes: check.range(
                    "limits.max_request_bytes",
                    raw.limits.max_request_bytes,
                    1024,
                    1 << 30,
                )?,
                max_response_bytes: check.range(
                    "limits.max_response_bytes",
                    raw.limits.max_response_bytes,
                    64 << 10,
                    1 << 30,
                )?,
                max_in_flight: check.range(
                    "limits.max_requests_in_flight_per_stream",
                    raw.limits.max_requests_in_flight_per_stream,
                    1,
                    64,
                )?,
                windows_per_second: check.range(
                    "limits.windows_per_second_per_client",
                    raw.limits.windows_per_second_per_client,
                    0,
                    1_000_000_000,
                )?,
            },
            admin: operation::admin(&check, raw.admin, &raw.tls)?,
            tls: operation::tls(&check, raw.tls)?,
            tokens: operation::tokens(&check, raw.auth)?,
            telemetry: operation::telemetry(&check, raw.telemetry)?,
        };
        // A request that can never be admitted would wait for nothing.
        if settings.engine.queue_windows < settings.limits.max_windows as usize {
            let expected =
                format!("at least limits.max_windows_per_request, which is {}", settings.limits.max_windows);
            return Err(check.refuse(
                "engine.queue_windows",
                &settings.engine.queue_windows.to_string(),
                &expected,
            ));
        }
        Ok(settings)
    }
}

/// As many windows as keep a device busy: more would let small requests wait longer and gain nothing.
fn default_batch_windows(device: Device) -> usize {
    match device {
        Device::Cpu => 64,
        Device::Cuda(_) => 256,
    }
}

/// Checks that name the key and where its value comes from.
struct Check<'a>(&'a Figment);

impl Check<'_> {
    fn refuse(&self, key: &'static str, value: &str, expected: &str) -> SettingsError {
        let origin = sources::origin_of(self.0, key);
        SettingsError::Value { key, value: value.to_owned(), origin, expected: expected.to_owned() }
    }

    fn range<T: TryFrom<i64>>(
        &self,
        key: &'static str,
        value: i64,
        least: i64,
        most: i64,
    ) -> Result<T, SettingsError> {
        let inside = (least..=most).contains(&value).then(|| T::try_from(value).ok()).flatten();
        inside.ok_or_else(|| self.refuse(key, &value.to_string(), &format!("{least} to {most}")))
    }

    fn milliseconds(&self, key: &'static str, value: i64) -> Result<Duration, SettingsError> {
        self.range(key, value, 0, 600_000).map(Duration::from_millis)
    }

    /// 0 is none.
    fn optional_milliseconds(
        &self,
        key: &'static str,
        value: i64,
    ) -> Result<Option<Duration>, SettingsError> {
        let milliseconds = self.range(key, value, 0, 86_400_000)?;
        Ok((milliseconds > 0).then(|| Duration::from_millis(milliseconds)))
    }

    fn parse<T: FromStr<Err: std::fmt::Display>>(
        &self,
        key: &'static str,
        value: &str,
    ) -> Result<T, SettingsError> {
        value.parse().map_err(|error: T::Err| self.refuse(key, &format!("{value:?}"), &error.to_string()))
    }
}

#[cfg(test)]
mod tests;
