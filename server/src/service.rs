//! `polaris.v1.PolarisService`.

mod list_models;
mod localize;
mod off_thread;
mod predict;
mod rows;
mod score_variants;
mod server_info;
mod serving;
mod state;
mod timed;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::Stream;
use polaris_proto::v1::polaris_service_server::{PolarisService, PolarisServiceServer};
use polaris_proto::v1::{
    GetModelRequest, GetModelResponse, ListModelsRequest, ListModelsResponse, LocalizeRequest,
    LocalizeResponse, PredictRequest, PredictResponse, ScoreVariantsRequest, ScoreVariantsResponse,
    ServerInfoRequest, ServerInfoResponse,
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::engine::Engine;
use crate::loading::LoadedModels;
use crate::observe::RequestId;
use crate::request_context::RequestContext;
use crate::settings::Settings;
use crate::status::ServiceError;
pub(crate) use off_thread::{do_work, soon_answered, soon_checked};
use serving::Rules;
pub(crate) use serving::Serving;
use state::State;
pub(crate) use timed::timed;

/// The service. It exists before the models are loaded, and says so.
#[derive(Clone, Debug)]
pub(crate) struct PolarisServer {
    state: Arc<RwLock<State>>,
    rules: Arc<Rules>,
    stopping: CancellationToken,
}

impl PolarisServer {
    /// A service without models. Streams end once `stopping` is cancelled.
    pub(crate) fn new(settings: &Settings, stopping: CancellationToken) -> Self {
        Self { state: Arc::default(), rules: Arc::new(Rules::new(settings)), stopping }
    }

    /// Says that these models are being loaded. Others may answer meanwhile.
    pub(crate) fn load(&self, models: BTreeSet<String>) {
        self.change(|state| state.load(models));
    }

    /// Says that what was loaded is not taken, and because of which models.
    pub(crate) fn fail(&self, models: BTreeMap<String, String>) {
        self.change(|state| state.fail(models));
    }

    /// Begins to answer with these models. Calls that others have begun to answer are theirs, and the way to their engine
    /// closes with the last one.
    pub(crate) fn begin(&self, models: LoadedModels, engine: Engine) -> Arc<str> {
        let LoadedModels { catalog, canary_catalog, precision, .. } = models;
        let rules = Arc::clone(&self.rules);
        let serving = Serving::new(catalog, canary_catalog, precision, engine, rules);
        let digest = Arc::clone(&serving.digest);
        self.change(|state| state.begin(serving));
        digest
    }

    /// Takes no more calls.
    pub(crate) fn end(&self) {
        self.change(State::end);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The most bytes of a request.
    pub(crate) fn max_request_bytes(&self) -> usize {
        self.rules.limits.max_bytes as usize
    }

    /// The service for the gRPC server. Requests are limited in size; replies need no limit of the framework's: those of
    /// Localize are within theirs before any work, and the windows of a request and the models bound the others.
    pub(crate) fn into_service(self) -> PolarisServiceServer<Self> {
        let max_bytes = self.max_request_bytes();
        PolarisServiceServer::new(self).max_decoding_message_size(max_bytes)
    }

    /// The models that answer now.
    ///
    /// # Errors
    /// If they are still being loaded, or the server stops.
    pub(crate) fn serving(&self) -> Result<Serving, ServiceError> {
        self.look(|state| state.serving().cloned())
    }

    /// What a call brings along, and who answers it.
    ///
    /// # Errors
    /// If nobody does, or the call says something that it may not.
    pub(crate) fn receive<T>(&self, request: &Request<T>) -> Result<(RequestContext, Serving), ServiceError> {
        let serving = self.serving()?;
        let context = RequestContext::of(request)?;
        let serving = serving.for_call(&context);
        Ok((context, serving))
    }
}

#[tonic::async_trait]
impl PolarisService for PolarisServer {
    type ScoreVariantsStream = Pin<Box<dyn Stream<Item = Result<ScoreVariantsResponse, Status>> + Send>>;
    type LocalizeStream = Pin<Box<dyn Stream<Item = Result<LocalizeResponse, Status>> + Send>>;

    async fn list_models(
        &self,
        request: Request<ListModelsRequest>,
    ) -> Result<Response<ListModelsResponse>, Status> {
        let serving = self.serving().map_err(|error| error.status(&RequestId::of(&request)))?;
        Ok(Response::new(ListModelsResponse::clone(&serving.models)))
    }

    async fn get_model(
        &self,
        request: Request<GetModelRequest>,
    ) -> Result<Response<GetModelResponse>, Status> {
        let model = self.look(|state| state.model(&request.get_ref().id));
        model.map(Response::new).map_err(|error| error.status(&RequestId::of(&request)))
    }

    async fn server_info(
        &self,
        _: Request<ServerInfoRequest>,
    ) -> Result<Response<ServerInfoResponse>, Status> {
        Ok(Response::new(self.look(|state| server_info::response(&self.rules, state.serving().ok()))))
    }

    async fn predict(&self, request: Request<PredictRequest>) -> Result<Response<PredictResponse>, Status> {
        let request_id = RequestId::of(&request);
        let answer = async {
            let (context, serving) = self.receive(&request)?;
            predict::answer(&serving, &context, request.into_inner()).await
        };
        answer.await.map_err(|error| error.status(&request_id))
    }

    async fn score_variants(
        &self,
        request: Request<Streaming<ScoreVariantsRequest>>,
    ) -> Result<Response<Self::ScoreVariantsStream>, Status> {
        let received = self.receive(&request);
        let (context, serving) = received.map_err(|error| error.status(&RequestId::of(&request)))?;
        let responses =
            score_variants::answers(serving, context, self.stopping.clone(), request.into_inner());
        Ok(Response::new(Box::pin(responses)))
    }

    async fn localize(
        &self,
        request: Request<LocalizeRequest>,
    ) -> Result<Response<Self::LocalizeStream>, Status> {
        let request_id = RequestId::of(&request);
        let answer = async {
            let (context, serving) = self.receive(&request)?;
            localize::answers(serving, context, self.stopping.clone(), request.into_inner()).await
        };
        let responses = answer.await.map_err(|error| error.status(&request_id))?;
        Ok(Response::new(Box::pin(responses)))
    }
}
