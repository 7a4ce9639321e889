//! Traces, sent by OTLP over gRPC: a span for each request, in the caller's trace if it names one, and one for each batch.

mod exporter;

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tonic::codegen::http::HeaderMap;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

use crate::settings::TelemetrySettings;
use exporter::SaysSeldom;

const SERVICE_NAME: &str = "polaris-server";
/// Longest call of the receiver.
const EXPORT_LIMIT: Duration = Duration::from_secs(5);

/// Traces on their way to a receiver.
#[derive(Clone, Debug)]
pub(crate) struct Telemetry(SdkTracerProvider);

impl Telemetry {
    /// Begins to send, if the settings say where to. To be called within the runtime. Nobody need be there: what cannot be
    /// sent is dropped.
    ///
    /// # Errors
    /// If the address is none.
    pub(crate) fn start(settings: &TelemetrySettings) -> Result<Option<Self>, ExporterBuildError> {
        let Some(endpoint) = &settings.otlp_endpoint else { return Ok(None) };
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint.clone())
            .with_timeout(EXPORT_LIMIT)
            .build()?;
        // A caller that has decided for its trace has decided for ours.
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample_ratio)));
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let mut resource = Resource::builder().with_attribute(version);
        if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
            resource = resource.with_service_name(SERVICE_NAME);
        }
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(SaysSeldom::new(exporter, endpoint))
            .with_sampler(sampler)
            .with_resource(resource.build())
            .build();
        Ok(Some(Self(provider)))
    }

    /// What turns spans of this program into traces. Those of libraries are about connections and left out.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(SERVICE_NAME))
            .with_location(false)
            .with_threads(false)
            .with_filter(Targets::new().with_target("polaris_server", LevelFilter::INFO))
    }

    /// Sends what is left, for so long at most.
    pub(crate) async fn finish(self, limit: Duration) {
        // It waits for a thread of its own.
        let finished = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(limit));
        if let Ok(Err(error)) = finished.await {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Makes a span part of the trace that a request's `traceparent` names.
pub(crate) fn set_remote_parent(span: &Span, headers: &HeaderMap) {
    if headers.contains_key("traceparent") {
        let context = TraceContextPropagator::new().extract(&Metadata(headers));
        // Refused where traces are not made.
        let _ = span.set_parent(context);
    }
}

struct Metadata<'a>(&'a HeaderMap);

impl Extractor for Metadata<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|key| key.as_str()).collect()
    }
}
