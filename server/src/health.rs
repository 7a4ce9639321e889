//! `grpc.health.v1.Health` for the server as a whole and for `polaris.v1.PolarisService`.

use std::pin::Pin;

use futures_util::{Stream, StreamExt, stream};
use polaris_proto::v1::polaris_service_server::SERVICE_NAME;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use tonic_health::ServingStatus;
use tonic_health::pb::health_check_response::ServingStatus as Answer;
use tonic_health::pb::health_server::{Health as HealthApi, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_health::server::{HealthReporter, HealthService};

/// What probes are told.
#[derive(Clone, Debug)]
pub(crate) struct Health {
    reporter: HealthReporter,
    stopping: CancellationToken,
}

impl Health {
    /// Not serving yet; to be made before the first probe can come. Watches end once `stopping` is cancelled.
    pub(crate) async fn not_serving(stopping: CancellationToken) -> Self {
        let health = Self { reporter: HealthReporter::new(), stopping };
        health.set(ServingStatus::NotServing).await;
        health
    }

    /// All models are in place.
    pub(crate) async fn serving(&self) {
        self.set(ServingStatus::Serving).await;
    }

    /// The server is about to stop.
    pub(crate) async fn not_serving_any_more(&self) {
        self.set(ServingStatus::NotServing).await;
    }

    async fn set(&self, status: ServingStatus) {
        for service in ["", SERVICE_NAME] {
            self.reporter.set_service_status(service, status).await;
        }
    }

    /// The gRPC service.
    pub(crate) fn service(&self) -> HealthServer<impl HealthApi> {
        HealthServer::new(EndingWatches {
            inner: HealthService::from_health_reporter(self.reporter.clone()),
            stopping: self.stopping.clone(),
        })
    }
}

/// The framework's service, but a watch ends when the server stops: otherwise each stop would take as long
/// as is allowed at most.
struct EndingWatches {
    inner: HealthService,
    stopping: CancellationToken,
}

#[tonic::async_trait]
impl HealthApi for EndingWatches {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        self.inner.check(request).await
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let statuses = self.inner.watch(request).await?.into_inner();
        let last = stream::iter([Ok(HealthCheckResponse { status: Answer::NotServing.into() })]);
        let statuses = statuses.take_until(self.stopping.clone().cancelled_owned()).chain(last);
        Ok(Response::new(Box::pin(statuses)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_watch_sees_every_status_and_ends_with_the_server() {
        let stopping = CancellationToken::new();
        let health = Health::not_serving(stopping.clone()).await;
        let service = EndingWatches {
            inner: HealthService::from_health_reporter(health.reporter.clone()),
            stopping: stopping.clone(),
        };
        let request = Request::new(HealthCheckRequest { service: SERVICE_NAME.to_owned() });
        let mut watch = service.watch(request).await.unwrap().into_inner();
        assert_eq!(watch.next().await.unwrap().unwrap().status(), Answer::NotServing);
        health.serving().await;
        assert_eq!(watch.next().await.unwrap().unwrap().status(), Answer::Serving);
        stopping.cancel();
        assert_eq!(watch.next().await.unwrap().unwrap().status(), Answer::NotServing);
        assert!(watch.next().await.is_none());
    }
}
