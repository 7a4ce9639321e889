//! Traces, sent by OTLP over gRPC: a span for each request, in the caller's trace if it names one, and one for each batch.

mod exporter;

use std::path::{Path, PathBuf};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tonic::codegen::http::HeaderMap;
use tonic::transport::{Certificate, ClientTlsConfig};
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

/// Why there are no traces.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TelemetryError {
    /// The authorities cannot be read.
    #[error("telemetry.ca {}: {cause}", .path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Part of the message, so not the source as well.
        cause: std::io::Error,
    },
    /// The address is none, or the authorities are none.
    #[error(transparent)]
    Exporter(#[from] ExporterBuildError),
}

/// Traces on their way to a receiver.
#[derive(Clone, Debug)]
pub(crate) struct Telemetry(SdkTracerProvider);

impl Telemetry {
    /// Begins to send, if the settings say where to. To be called within the runtime. Nobody need be there: what cannot be
    /// sent is dropped.
    ///
    /// # Errors
    /// If the address is none, or the authorities cannot be read.
    pub(crate) fn start(settings: &TelemetrySettings) -> Result<Option<Self>, TelemetryError> {
        let Some(endpoint) = &settings.otlp_endpoint else { return Ok(None) };
        let mut exporter =
            SpanExporter::builder().with_tonic().with_endpoint(endpoint.clone()).with_timeout(EXPORT_LIMIT);
        if endpoint.starts_with("https://") {
            // By itself the exporter trusts nobody.
            exporter = exporter.with_tls_config(trust(settings.ca.as_deref())?);
        }
        let exporter = exporter.build()?;
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

/// These authorities, or those of the system.
fn trust(authorities: Option<&Path>) -> Result<ClientTlsConfig, TelemetryError> {
    let Some(path) = authorities else { return Ok(ClientTlsConfig::new().with_enabled_roots()) };
    let pem =
        std::fs::read(path).map_err(|cause| TelemetryError::Authorities { path: path.to_owned(), cause })?;
    Ok(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)))
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
