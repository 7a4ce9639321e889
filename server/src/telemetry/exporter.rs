//! An exporter that does not fill the log while its receiver is away.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

/// Between two lines of the log.
const SILENCE: Duration = Duration::from_secs(60);

/// Says that spans were lost, once a minute at most.
#[derive(Debug)]
pub(super) struct SaysSeldom<E> {
    inner: E,
    endpoint: String,
    lost: Mutex<Lost>,
}

#[derive(Debug, Default)]
struct Lost {
    spans: usize,
    said: Option<Instant>,
}

impl Lost {
    /// The number of spans to speak of, if it is time to speak.
    fn add(&mut self, spans: usize, now: Instant) -> Option<usize> {
        self.spans += spans;
        if self.said.is_some_and(|said| now.duration_since(said) < SILENCE) {
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.spans))
    }
}

impl<E> SaysSeldom<E> {
    pub(super) fn new(inner: E, endpoint: &str) -> Self {
        Self { inner, endpoint: endpoint.to_owned(), lost: Mutex::default() }
    }
}

impl<E: SpanExporter> SpanExporter for SaysSeldom<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let outcome = self.inner.export(batch).await;
        if let Err(error) = &outcome {
            let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner).add(spans, Instant::now());
            if let Some(spans) = lost {
                tracing::warn!(endpoint = %self.endpoint, spans, %error, "traces are lost: they could not be sent");
            }
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_a_minute_with_all_that_was_lost_since() {
        let (mut lost, start) = (Lost::default(), Instant::now());
        assert_eq!(lost.add(5, start), Some(5));
        assert_eq!(lost.add(6, start + Duration::from_secs(1)), None);
        assert_eq!(lost.add(7, start + Duration::from_secs(59)), None);
        assert_eq!(lost.add(8, start + Duration::from_secs(60)), Some(21));
    }
}
