//! Traces: a call that names its trace, and the batch that it went in, are in that trace at the receiver.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use polaris_proto::v1::PredictRequest;
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry};
use rustix::process::Signal;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::{Request, Response, Status};

const LIMIT: Duration = Duration::from_secs(10);
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// Passes on what it is sent.
struct Receiver(mpsc::UnboundedSender<ExportTraceServiceRequest>);

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let _ = self.0.send(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

async fn receiver() -> (String, mpsc::UnboundedReceiver<ExportTraceServiceRequest>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = mpsc::unbounded_channel();
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    let service = TraceServiceServer::new(Receiver(sender));
    tokio::spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming));
    (address, received)
}

fn predict(traceparent: Option<String>) -> Request<PredictRequest> {
    let windows = vec![Random::new(5).window(INPUT_LENGTH)];
    let mut request = Request::new(PredictRequest { windows, model_ids: Vec::new() });
    if let Some(traceparent) = traceparent {
        request.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
    }
    request
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_call_and_its_batch_are_in_the_trace_of_the_caller() -> Result<(), HarnessError> {
    let (address, mut received) = receiver().await;
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory())
        // Whatever is logged.
        .args(&["--log", "error"])
        .setting("TELEMETRY__OTLP_ENDPOINT", address)
        .setting("TELEMETRY__SAMPLE_RATIO", "0.0")
        .start()
        .await?;
    server.client().predict(predict(Some(format!("00-{TRACE}-{CALLER}-01")))).await.unwrap();
    // Not sampled, by the ratio and by the caller.
    server.client().predict(predict(None)).await.unwrap();
    server.client().predict(predict(Some(format!("00-{}-{CALLER}-00", "1".repeat(32))))).await.unwrap();
    // What is left is sent when the server stops.
    server.signal(Signal::TERM)?;
    assert_eq!(server.exit(LIMIT).await?.code, Some(0));

    let mut spans: Vec<Span> = Vec::new();
    let mut services = Vec::new();
    while let Ok(request) = received.try_recv() {
        for resource in request.resource_spans {
            services.extend(resource.resource.into_iter().flat_map(|resource| resource.attributes));
            spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    assert!(format!("{services:?}").contains("polaris-server"), "{services:?}");
    let named = |name: &str| {
        spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name} in {spans:?}"))
    };
    let (call, batch) = (named("polaris.v1.PolarisService/Predict"), named("batch"));
    assert_eq!(spans.len(), 2, "{spans:?}");
    assert_eq!(
        (hexadecimal(&call.trace_id), hexadecimal(&call.parent_span_id)),
        (TRACE.to_owned(), CALLER.to_owned())
    );
    assert_eq!((&batch.trace_id, &batch.parent_span_id), (&call.trace_id, &call.span_id));
    assert_eq!(batch.links.iter().map(|link| &link.span_id).collect::<Vec<_>>(), [&call.span_id]);
    Ok(())
}

#[tokio::test]
async fn a_receiver_that_is_away_fails_no_call() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory())
        .setting("TELEMETRY__OTLP_ENDPOINT", "http://127.0.0.1:1")
        .start()
        .await?;
    for _ in 0..3 {
        server.client().predict(predict(None)).await.unwrap();
    }
    server.signal(Signal::TERM)?;
    let exit = server.exit(LIMIT).await?;
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert_eq!(exit.stderr.matches("traces are lost").count(), 1, "{}", exit.stderr);
    Ok(())
}
