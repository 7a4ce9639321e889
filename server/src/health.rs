//! `grpc.health.v1.Health` for the server as a whole, for each service, and for each model by its name.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream};
use polaris_proto::inference::grpc_inference_service_server::SERVICE_NAME as INFERENCE_NAME;
use polaris_proto::v1::polaris_service_server::SERVICE_NAME;
use tokio::sync::Mutex;
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
    /// Names of models that probes may ask about.
    models: Arc<Mutex<BTreeSet<String>>>,
    stopping: CancellationToken,
}

impl Health {
    /// Not serving yet; to be made before the first probe can come. Watches end once `stopping` is cancelled.
    pub(crate) async fn not_serving(stopping: CancellationToken) -> Self {
        let health = Self { reporter: HealthReporter::new(), models: Arc::default(), stopping };
        health.show(false, &BTreeMap::new()).await;
        health
    }

    /// Whether the services serve, and which of the models do. Models that are not among them are unknown from now on.
    pub(crate) async fn show(&self, serving: bool, models: &BTreeMap<String, bool>) {
        let mut known = self.models.lock().await;
        for gone in known.iter().filter(|name| !models.contains_key(*name)) {
            self.reporter.clone().clear_service_status(gone).await;
        }
        *known = models.keys().cloned().collect();
        let services = ["", SERVICE_NAME, INFERENCE_NAME].map(|name| (name, serving));
        for (name, serving) in models.iter().map(|(name, &serving)| (name.as_str(), serving)).chain(services)
        {
            let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
            self.reporter.set_service_status(name, status).await;
        }
    }

    /// The server is about to stop.
    pub(crate) async fn not_serving_any_more(&self) {
        let models = self.models.lock().await.iter().map(|name| (name.clone(), false)).collect();
        self.show(false, &models).await;
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
        health.show(true, &BTreeMap::new()).await;
        assert_eq!(watch.next().await.unwrap().unwrap().status(), Answer::Serving);
        stopping.cancel();
        assert_eq!(watch.next().await.unwrap().unwrap().status(), Answer::NotServing);
        assert!(watch.next().await.is_none());
    }

    #[tokio::test]
    async fn models_are_asked_by_name() {
        let health = Health::not_serving(CancellationToken::new()).await;
        let service = EndingWatches {
            inner: HealthService::from_health_reporter(health.reporter.clone()),
            stopping: CancellationToken::new(),
        };
        let ask = async |name: &str| {
            let request = Request::new(HealthCheckRequest { service: name.to_owned() });
            service.check(request).await.map(|answer| answer.into_inner().status()).ok()
        };
        let models =
            |pairs: &[(&str, bool)]| pairs.iter().map(|&(name, good)| (name.to_owned(), good)).collect();
        health.show(false, &models(&[("QKI.K562", true), ("PUM2.K562", false)])).await;
        assert_eq!(ask("QKI.K562").await, Some(Answer::Serving));
        assert_eq!(ask("PUM2.K562").await, Some(Answer::NotServing));
        assert_eq!(
            (ask("").await, ask(INFERENCE_NAME).await),
            (Some(Answer::NotServing), Some(Answer::NotServing))
        );
        health.show(true, &models(&[("QKI.K562", true)])).await;
        assert_eq!((ask("").await, ask("PUM2.K562").await), (Some(Answer::Serving), None));
        health.not_serving_any_more().await;
        assert_eq!(
            (ask("").await, ask("QKI.K562").await),
            (Some(Answer::NotServing), Some(Answer::NotServing))
        );
    }
}
