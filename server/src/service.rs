//! `polaris.v1.PolarisService`.

mod list_models;
mod localize;
mod off_thread;
mod predict;
mod rows;
mod score_variants;

use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::Stream;
use polaris_proto::v1::polaris_service_server::{PolarisService, PolarisServiceServer};
use polaris_proto::v1::{
    ListModelsRequest, ListModelsResponse, LocalizeRequest, LocalizeResponse, PredictRequest,
    PredictResponse, ScoreVariantsRequest, ScoreVariantsResponse,
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::catalog::Catalog;
use crate::engine::Engine;
use crate::settings::Limits;
use crate::status::ServiceError;

/// The service. It exists before the models are loaded, and says so.
#[derive(Clone, Debug)]
pub(crate) struct PolarisServer {
    state: Arc<RwLock<State>>,
    limits: Limits,
    stopping: CancellationToken,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Loading,
    Serving(Serving),
    Stopping,
}

/// What is there once the models are loaded.
#[derive(Clone, Debug)]
pub(crate) struct Serving {
    catalog: Arc<Catalog>,
    engine: Engine,
    models: Arc<ListModelsResponse>,
}

impl Serving {
    /// Loaded models and the way to them.
    pub(crate) fn new(catalog: Catalog, engine: Engine, limits: Limits) -> Self {
        let models = Arc::new(list_models::response(catalog.models(), limits));
        Self { catalog: Arc::new(catalog), engine, models }
    }
}

impl PolarisServer {
    /// A service without models. Streams end once `stopping` is cancelled.
    pub(crate) fn new(limits: Limits, stopping: CancellationToken) -> Self {
        Self { state: Arc::default(), limits, stopping }
    }

    /// Begins to answer.
    pub(crate) fn begin(&self, serving: Serving) {
        self.set(State::Serving(serving));
    }

    /// Takes no more calls. The way to the engine closes with the last one.
    pub(crate) fn end(&self) {
        self.set(State::Stopping);
    }

    fn set(&self, state: State) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// The service for the gRPC server. Requests are limited in size; replies need no limit of the framework's: those of
    /// Localize are within theirs before any work, and the windows of a request and the models bound the others.
    pub(crate) fn into_service(self) -> PolarisServiceServer<Self> {
        let max_bytes = self.limits.max_bytes as usize;
        PolarisServiceServer::new(self).max_decoding_message_size(max_bytes)
    }

    fn serving(&self) -> Result<Serving, ServiceError> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Loading => Err(ServiceError::Loading),
            State::Serving(serving) => Ok(serving.clone()),
            State::Stopping => Err(ServiceError::Stopping),
        }
    }
}

#[tonic::async_trait]
impl PolarisService for PolarisServer {
    type ScoreVariantsStream = Pin<Box<dyn Stream<Item = Result<ScoreVariantsResponse, Status>> + Send>>;
    type LocalizeStream = Pin<Box<dyn Stream<Item = Result<LocalizeResponse, Status>> + Send>>;

    async fn list_models(
        &self,
        _: Request<ListModelsRequest>,
    ) -> Result<Response<ListModelsResponse>, Status> {
        Ok(Response::new(ListModelsResponse::clone(&self.serving()?.models)))
    }

    async fn predict(&self, request: Request<PredictRequest>) -> Result<Response<PredictResponse>, Status> {
        Ok(Response::new(predict::answer(&self.serving()?, self.limits, request).await?))
    }

    async fn score_variants(
        &self,
        request: Request<Streaming<ScoreVariantsRequest>>,
    ) -> Result<Response<Self::ScoreVariantsStream>, Status> {
        let serving = self.serving()?;
        let responses = score_variants::answers(serving, self.limits, self.stopping.clone(), request);
        Ok(Response::new(Box::pin(responses)))
    }

    async fn localize(
        &self,
        request: Request<LocalizeRequest>,
    ) -> Result<Response<Self::LocalizeStream>, Status> {
        let serving = self.serving()?;
        let responses = localize::answers(serving, self.limits, self.stopping.clone(), request).await?;
        Ok(Response::new(Box::pin(responses)))
    }
}
