//! The caller's deadline: read once from the request's metadata, then carried to wherever work waits.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tower::{Layer, Service};

use crate::status::ServiceError;

/// Metadata key of the gRPC protocol.
const GRPC_TIMEOUT: &str = "grpc-timeout";

/// Until when an answer is of use. None means for ever.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// The deadline of a request as [`DeadlineLayer`] left it there.
    pub(crate) fn of<T>(request: &tonic::Request<T>) -> Self {
        request.extensions().get::<Self>().copied().unwrap_or_default()
    }

    fn from_headers(headers: &HeaderMap) -> Self {
        let timeout = headers.get(GRPC_TIMEOUT).and_then(|value| value.to_str().ok()).and_then(parse_timeout);
        // One beyond what the clock can hold is none.
        Self(timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    /// Whether it is too late.
    pub(crate) fn has_passed(self) -> bool {
        self.0.is_some_and(|instant| instant <= Instant::now())
    }

    /// Waits until it is too late.
    pub(crate) async fn passed(self) {
        match self.0 {
            Some(instant) => tokio::time::sleep_until(instant).await,
            None => std::future::pending().await,
        }
    }

    #[cfg(test)]
    pub(crate) fn after(timeout: Duration) -> Self {
        Self(Instant::now().checked_add(timeout))
    }
}

/// A value of `grpc-timeout`: at most eight digits and a unit.
fn parse_timeout(text: &str) -> Option<Duration> {
    let unit_at = text.len().checked_sub(1)?;
    let (digits, unit) = text.split_at_checked(unit_at)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(value * 3600)),
        "M" => Some(Duration::from_secs(value * 60)),
        "S" => Some(Duration::from_secs(value)),
        "m" => Some(Duration::from_millis(value)),
        "u" => Some(Duration::from_micros(value)),
        "n" => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

/// Hands each request its [`Deadline`] and answers DEADLINE_EXCEEDED once it passes, cancelling the handler.
///
/// Around this layer the framework has a timer of its own, which answers CANCELLED. It starts later and is
/// looked at later. So that it does not come first where a handler takes its time to say that it has to wait,
/// the clock is read again behind the handler.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeadlineLayer;

impl<S> Layer<S> for DeadlineLayer {
    type Service = DeadlineService<S>;

    fn layer(&self, inner: S) -> DeadlineService<S> {
        DeadlineService { inner }
    }
}

/// See [`DeadlineLayer`].
#[derive(Clone, Debug)]
pub(crate) struct DeadlineService<S> {
    inner: S,
}

impl<S> Service<Request<Body>> for DeadlineService<S>
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
        let deadline = Deadline::from_headers(request.headers());
        request.extensions_mut().insert(deadline);
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut passed = pin!(deadline.passed());
            let mut answer = pin!(answer);
            std::future::poll_fn(|context| {
                if passed.as_mut().poll(context).is_pending() {
                    match answer.as_mut().poll(context) {
                        Poll::Pending if deadline.has_passed() => {}
                        answer => return answer,
                    }
                }
                Poll::Ready(Ok(Status::from(&ServiceError::DeadlineExceeded).into_http()))
            })
            .await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_of_the_protocol() {
        for (text, expected) in [
            ("1H", Some(Duration::from_secs(3600))),
            ("2M", Some(Duration::from_secs(120))),
            ("3S", Some(Duration::from_secs(3))),
            ("00000004m", Some(Duration::from_millis(4))),
            ("5u", Some(Duration::from_micros(5))),
            ("99999999n", Some(Duration::from_nanos(99_999_999))),
            ("", None),
            ("S", None),
            ("1", None),
            ("1s", None),
            ("+1S", None),
            ("123456789S", None),
            ("1é", None),
        ] {
            assert_eq!(parse_timeout(text), expected, "{text:?}");
        }
    }

    #[tokio::test]
    async fn a_handler_is_cut_off_at_the_deadline() {
        let slow = tower::service_fn(|request: Request<Body>| async move {
            assert!(request.extensions().get::<Deadline>().is_some());
            std::future::pending::<()>().await;
            Ok::<_, Infallible>(Response::new(Body::empty()))
        });
        let request = Request::builder().header(GRPC_TIMEOUT, "5m").body(Body::empty()).unwrap();
        let answer = DeadlineLayer.layer(slow).call(request).await.unwrap();
        assert_eq!(answer.headers().get("grpc-status").unwrap(), "4");
    }

    /// One poll is enough: nobody else gets to look at a timer in between.
    #[tokio::test]
    async fn a_handler_that_is_slow_to_wait_is_cut_off_at_once() {
        let slow = tower::service_fn(|_: Request<Body>| async {
            let end = Instant::now() + Duration::from_millis(5);
            while Instant::now() < end {}
            std::future::pending::<()>().await;
            Ok::<_, Infallible>(Response::new(Body::empty()))
        });
        let request = Request::builder().header(GRPC_TIMEOUT, "2m").body(Body::empty()).unwrap();
        let mut service = DeadlineLayer.layer(slow);
        let mut call = service.call(request);
        let first = std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
        let Poll::Ready(Ok(answer)) = first else { panic!("still waiting") };
        assert_eq!(answer.headers().get("grpc-status").unwrap(), "4");
    }
}
