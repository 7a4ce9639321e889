//! Calls in flight, so that a stop waits for work and not for silent connections.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::BodyExt;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tower::{Layer, Service};

/// Counts calls from their arrival until the last byte of the answer is handed to the connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls(TaskTracker);

impl Calls {
    /// Waits until there are none. Calls may still come while this waits.
    pub(crate) async fn none(&self) {
        self.0.close();
        self.0.wait().await;
    }
}

impl<S> Layer<S> for Calls {
    type Service = CountedService<S>;

    fn layer(&self, inner: S) -> CountedService<S> {
        CountedService { inner, calls: self.clone() }
    }
}

/// See [`Calls`].
#[derive(Clone, Debug)]
pub(crate) struct CountedService<S> {
    inner: S,
    calls: Calls,
}

impl<S> Service<Request<Body>> for CountedService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let token = self.calls.0.token();
        let answer = self.inner.call(request);
        Box::pin(async move {
            Ok(answer.await?.map(|body| {
                Body::new(body.map_frame(move |frame| {
                    // Lives as long as the body.
                    let _ = &token;
                    frame
                }))
            }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_lasts_until_its_answer_is_gone() {
        let calls = Calls::default();
        let service =
            tower::service_fn(async |_| Ok::<_, Infallible>(Response::new(Body::new("answer".to_owned()))));
        let answer = calls.layer(service).call(Request::new(Body::empty())).await.unwrap();
        let waiting = tokio::spawn({
            let calls = calls.clone();
            async move { calls.none().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(answer);
        waiting.await.unwrap();
    }
}
