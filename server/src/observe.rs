//! What is to be known of every call: its duration by method and code, a span, a request id, and a line in the log if it
//! was refused or failed.

mod call;
mod caller;
mod request_id;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Frame, SizeHint};
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, HeaderValue, Request, Response};
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::{Instrument, Span};

use crate::auth::is_grpc;
use crate::connection::Peer;
use crate::metrics::{Methods, RejectedReason, metrics};
use crate::telemetry::set_remote_parent;
use call::Call;
pub(crate) use caller::Caller;
pub(crate) use request_id::RequestId;

/// What says which details a status has.
const STATUS_DETAILS: &str = "grpc-status-details-bin";

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
        let caller = Caller::default();
        request.extensions_mut().insert(caller.clone());
        if !is_grpc(request.headers()) {
            // Metrics are read this way, which is no call; one that is refused is of interest.
            let answer = self.inner.call(request);
            return Box::pin(async move {
                let answer = answer.await?;
                let refusal = answer.extensions().get::<Code>().copied().or_else(|| code(answer.headers()));
                if let Some(code) = refusal {
                    Call::new(method, request_id, peer, caller, Span::none()).ended(code);
                }
                Ok(answer)
            });
        }
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
            caller = tracing::field::Empty,
        );
        set_remote_parent(&span, request.headers());
        request.extensions_mut().insert(request_id.clone());
        let mut call = Call::new(method, request_id, peer, caller, span.clone());
        let answer = span.in_scope(|| self.inner.call(request));
        Box::pin(
            async move {
                let mut answer = answer.await?;
                answer.headers_mut().insert(RequestId::HEADER, call.request_id.header());
                // A refusal says its status at once.
                if let Some(code) = blamed(answer.headers_mut()) {
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

/// The status, put right where it blames us for bytes that are no message: the framework calls that INTERNAL, while faults of
/// ours come with details (see [`crate::status`]).
fn blamed(headers: &mut HeaderMap) -> Option<Code> {
    let code = code(headers)?;
    if code != Code::Internal || headers.contains_key(STATUS_DETAILS) {
        return Some(code);
    }
    if let Some(metrics) = metrics() {
        metrics.rejected(RejectedReason::Invalid);
    }
    headers.insert("grpc-status", HeaderValue::from(Code::InvalidArgument as i32));
    Some(Code::InvalidArgument)
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
        let mut frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        match &mut frame {
            Some(Ok(frame)) => {
                if let Some(code) = frame.trailers_mut().and_then(blamed) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: &'static str, details: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status", HeaderValue::from_static(code));
        if details {
            headers.insert(STATUS_DETAILS, HeaderValue::from_static("CA0"));
        }
        headers
    }

    #[test]
    fn only_faults_of_ours_are_internal() {
        for (given, details, expected) in
            [("13", false, "3"), ("13", true, "13"), ("2", false, "2"), ("0", false, "0")]
        {
            let mut headers = status(given, details);
            let code = blamed(&mut headers).unwrap();
            assert_eq!(
                (headers["grpc-status"].to_str().unwrap(), code),
                (expected, Code::from_bytes(expected.as_bytes()))
            );
        }
        let ours = Status::from(&crate::status::ServiceError::ShortAnswer).into_http::<Body>();
        assert!(ours.headers().contains_key(STATUS_DETAILS));
    }
}
