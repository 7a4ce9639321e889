//! The log: its form, and a filter that can be changed while the server runs.

use std::fmt;
use std::io::IsTerminal;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::task::AbortOnDropHandle;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, reload};

use crate::telemetry::Telemetry;

/// For which a filter is set at most, where it is set for a time.
const LONGEST: Duration = Duration::from_secs(86_400);

/// How a line is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object a line.
    Json,
}

/// Not a format.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("text or json")]
pub(crate) struct LogFormatError;

impl FromStr for LogFormat {
    type Err = LogFormatError;

    fn from_str(text: &str) -> Result<Self, LogFormatError> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(LogFormatError),
        }
    }
}

/// Why a filter cannot be set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogFilterError {
    /// It is none.
    #[error(
        "{filter:?} is no filter: give a level, or a filter such as polaris_server=debug,info ({reason})"
    )]
    Filter {
        /// As given.
        filter: String,
        /// What is wrong.
        reason: String,
    },
    /// The log has gone.
    #[error("the log does not take another filter: {0}")]
    Reload(#[from] reload::Error),
}

/// The log's filter; clones are the same one.
#[derive(Clone)]
pub(crate) struct LogFilter {
    apply: Arc<dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync>,
    configured: Arc<str>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    filter: String,
    /// Grows with each change, so that one that is over does not undo a later one.
    changes: u64,
    /// Goes back to the filter of the settings; there is none but that of the last change.
    timer: Option<AbortOnDropHandle<()>>,
}

impl fmt::Debug for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogFilter").field("configured", &self.configured).finish_non_exhaustive()
    }
}

/// Begins to log to standard error, and to make traces if there is somewhere to send them.
pub(crate) fn start(filter: &str, format: LogFormat, telemetry: Option<&Telemetry>) -> LogFilter {
    let (reloaded, handle) = reload::Layer::new(EnvFilter::new(filter));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(format == LogFormat::Text && std::io::stderr().is_terminal())
        // They would go to standard error, where the log could not be written, and end the server by a panic.
        .log_internal_errors(false);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(reloaded))
        .with(telemetry.map(Telemetry::layer))
        .init();
    LogFilter::new(filter, move |filter| handle.reload(filter))
}

impl LogFilter {
    fn new(
        configured: &str,
        apply: impl Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync + 'static,
    ) -> Self {
        let state = State { filter: configured.to_owned(), changes: 0, timer: None };
        Self { apply: Arc::new(apply), configured: configured.into(), state: Arc::new(Mutex::new(state)) }
    }

    /// Sets another filter, that of the settings if it is empty, and returns the one before. After `duration` it is that
    /// of the settings again, unless it has been changed since. To be called within the runtime.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn set(&self, filter: &str, duration: Option<Duration>) -> Result<String, LogFilterError> {
        let filter = if filter.is_empty() { &*self.configured } else { filter };
        let (previous, change) = self.change(filter, None)?;
        tracing::info!(
            filter,
            previous,
            seconds = duration.map(|duration| duration.as_secs()),
            "the log's filter was changed"
        );
        let timer = duration.map(|duration| {
            let log = self.clone();
            AbortOnDropHandle::new(tokio::spawn(async move {
                tokio::time::sleep(duration.min(LONGEST)).await;
                // The filter of the settings is one.
                let _ = log.change(&log.configured, Some(change));
            }))
        });
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.changes == change {
            state.timer = timer;
        }
        drop(state);
        Ok(previous)
    }

    /// Sets it, if `only_after` is the last change. Returns what was there before, and the number of this change.
    fn change(&self, filter: &str, only_after: Option<u64>) -> Result<(String, u64), LogFilterError> {
        let parsed = EnvFilter::try_new(filter).map_err(|error| LogFilterError::Filter {
            filter: filter.to_owned(),
            reason: error.to_string(),
        })?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if only_after.is_some_and(|change| change != state.changes) {
            return Ok((state.filter.clone(), state.changes));
        }
        (self.apply)(parsed)?;
        state.changes += 1;
        Ok((std::mem::replace(&mut state.filter, filter.to_owned()), state.changes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorder() -> (LogFilter, Arc<Mutex<Vec<String>>>) {
        let applied = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&applied);
        let log = LogFilter::new("info", move |filter| {
            seen.lock().unwrap().push(filter.to_string());
            Ok(())
        });
        (log, applied)
    }

    #[tokio::test]
    async fn a_filter_falls_back_after_its_time() {
        let (log, applied) = recorder();
        assert_eq!(log.set("debug", Some(Duration::from_millis(5))).unwrap(), "info");
        assert_eq!(*applied.lock().unwrap(), ["debug"]);
        while applied.lock().unwrap().len() < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(*applied.lock().unwrap(), ["debug", "info"]);
    }

    #[tokio::test]
    async fn a_later_change_is_not_undone_by_an_earlier_one() {
        let (log, applied) = recorder();
        log.set("trace", Some(Duration::from_millis(5))).unwrap();
        assert_eq!(log.set("warn", None).unwrap(), "trace");
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(*applied.lock().unwrap(), ["trace", "warn"]);
        assert_eq!(log.set("", None).unwrap(), "warn");
        assert!(log.set("polaris=loud", None).is_err());
        assert_eq!(applied.lock().unwrap().last().unwrap(), "info");
    }
}
