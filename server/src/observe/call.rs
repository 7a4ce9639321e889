//! One call, from its arrival to its end.

use std::time::Instant;

use tonic::Code;
use tracing::Span;

use super::{Caller, RequestId};
use crate::connection::Peer;
use crate::metrics::{Method, metrics};

/// A call; one that is dropped before it has ended was cancelled.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) request_id: RequestId,
    pub(super) span: Span,
    method: Method,
    peer: Peer,
    caller: Caller,
    start: Instant,
    code: Option<Code>,
}

impl Call {
    pub(super) fn new(method: Method, request_id: RequestId, peer: Peer, caller: Caller, span: Span) -> Self {
        Self { request_id, span, method, peer, caller, start: Instant::now(), code: None }
    }

    /// Notes its status; the first counts.
    pub(super) fn ended(&mut self, code: Code) {
        if self.code.is_some() {
            return;
        }
        self.code = Some(code);
        let duration = self.start.elapsed();
        let name = name(code);
        if let Some(metrics) = metrics() {
            let histogram = metrics.rpc_duration.with_label_values(&[self.method.name(), name]);
            histogram.observe(duration.as_secs_f64());
        }
        self.span.record("rpc.grpc.status_code", code as i64);
        let (method, request_id, peer) = (self.method.name(), &self.request_id, &self.peer);
        let caller = self.caller.name();
        self.span.record("caller", caller);
        let duration_ms = duration.as_secs_f64() * 1e3;
        // The words of the status are left out: they may quote the request.
        match code {
            Code::Ok => {}
            Code::Unknown | Code::Internal | Code::DataLoss => {
                self.span.record("otel.status_code", "ERROR");
                tracing::warn!(parent: None, method, code = name, %request_id, %peer, caller, duration_ms, "a request failed");
            }
            Code::Cancelled => {
                tracing::info!(parent: None, method, code = name, %request_id, %peer, caller, duration_ms, "a request was given up");
            }
            _ => {
                tracing::info!(parent: None, method, code = name, %request_id, %peer, caller, duration_ms, "a request was refused");
            }
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.ended(Code::Cancelled);
    }
}

/// A code as the protocol writes it.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
