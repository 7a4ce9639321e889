//! What is to be known of every call: its duration by method and code, a span, a request id, and a line in the log if it
//! was refused or failed.

mod call;
mod request_id;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Frame, SizeHint};
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::Instrument;

use crate::connection::Peer;
use crate::metrics::Methods;
use crate::telemetry::set_remote_parent;
use call::Call;
pub(crate) use request_id::RequestId;

/// Watches calls until their status is handed to the connection, or until they are dropped.
#[derive(Clone, Debug)]
pub(crate) struct ObserveLayer {
    methods: Methods,
}

impl ObserveLayer {
    /// Knows these methods; all others are one.
    pub(crate) fn new(methods: Methods) -> Self {
        Self { methods }
    }
}

impl<S> Layer<S> for ObserveLayer {
    type Service = ObserveService<S>;

    fn layer(&self, inner: S) -> ObserveService<S> {
        ObserveService { inner, methods: self.methods.clone() }
    }
}

/// See [`ObserveLayer`].
#[derive(Clone, Debug)]
pub(crate) struct ObserveService<S> {
    inner: S,
    methods: Methods,
}

impl<S> Service<Request<Body>> for ObserveService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let method = self.methods.of_path(request.uri().path()).clone();
        let request_id = RequestId::of_headers(request.headers());
        let peer = request.extensions().get::<Peer>().cloned().unwrap_or_default();
        let span = tracing::info_span!(
            "request",
            otel.name = method.name(),
            otel.kind = "server",
            otel.status_code = tracing::field::Empty,
            rpc.system = "grpc",
            rpc.grpc.status_code = tracing::field::Empty,
            method = method.name(),
            request_id = %request_id,
            %peer,
        );
        set_remote_parent(&span, request.headers());
        request.extensions_mut().insert(request_id.clone());
        let mut call = Call::new(method, request_id, peer, span.clone());
        let answer = span.in_scope(|| self.inner.call(request));
        Box::pin(
            async move {
                let mut answer = answer.await?;
                answer.headers_mut().insert(RequestId::HEADER, call.request_id.header());
                // A refusal says its status at once.
                if let Some(code) = code(answer.headers()) {
                    call.ended(code);
                }
                Ok(answer.map(|inner| Body::new(ObservedBody { inner, call })))
            }
            .instrument(span),
        )
    }
}

/// The status, where these are the headers or trailers that have it.
fn code(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|status| Code::from_bytes(status.as_bytes()))
}

/// The body of an answer; its status comes last.
struct ObservedBody {
    inner: Body,
    call: Call,
}

impl http_body::Body for ObservedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let span = self.call.span.clone();
        let _entered = span.enter();
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(code) = frame.trailers_ref().and_then(code) {
                    self.call.ended(code);
                }
            }
            Some(Err(status)) => self.call.ended(status.code()),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
