//! `inference.GRPCInferenceService`: the Open Inference Protocol, version 2, over the same engine, so that clients of
//! KServe and Triton work unchanged. What it cannot say, variants and maps, is asked of `polaris.v1.PolarisService`.

mod infer;
mod metadata;

use polaris_proto::inference::grpc_inference_service_server::{
    GrpcInferenceService, GrpcInferenceServiceServer,
};
use polaris_proto::inference::{
    ModelInferRequest, ModelInferResponse, ModelMetadataRequest, ModelMetadataResponse, ModelReadyRequest,
    ModelReadyResponse, ServerLiveRequest, ServerLiveResponse, ServerMetadataRequest, ServerMetadataResponse,
    ServerReadyRequest, ServerReadyResponse,
};
use tonic::{Request, Response, Status};

use crate::convert::named;
use crate::observe::RequestId;
use crate::service::PolarisServer;

/// The service.
#[derive(Clone, Debug)]
pub(crate) struct InferenceServer(PolarisServer);

impl InferenceServer {
    /// Over the models of a server.
    pub(crate) fn new(polaris: PolarisServer) -> Self {
        Self(polaris)
    }

    /// The service for the gRPC server.
    pub(crate) fn into_service(self) -> GrpcInferenceServiceServer<Self> {
        let max_bytes = self.0.max_request_bytes();
        GrpcInferenceServiceServer::new(self).max_decoding_message_size(max_bytes)
    }
}

#[tonic::async_trait]
impl GrpcInferenceService for InferenceServer {
    async fn server_live(
        &self,
        _: Request<ServerLiveRequest>,
    ) -> Result<Response<ServerLiveResponse>, Status> {
        Ok(Response::new(ServerLiveResponse { live: true }))
    }

    async fn server_ready(
        &self,
        _: Request<ServerReadyRequest>,
    ) -> Result<Response<ServerReadyResponse>, Status> {
        Ok(Response::new(ServerReadyResponse { ready: self.0.serving().is_ok() }))
    }

    async fn model_ready(
        &self,
        request: Request<ModelReadyRequest>,
    ) -> Result<Response<ModelReadyResponse>, Status> {
        let ModelReadyRequest { name, version } = request.get_ref();
        let ready = self.0.serving().is_ok_and(|serving| named(name, version, &serving.catalog).is_ok());
        Ok(Response::new(ModelReadyResponse { ready }))
    }

    async fn server_metadata(
        &self,
        _: Request<ServerMetadataRequest>,
    ) -> Result<Response<ServerMetadataResponse>, Status> {
        Ok(Response::new(ServerMetadataResponse {
            name: metadata::PLATFORM.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            extensions: Vec::new(),
        }))
    }

    async fn model_metadata(
        &self,
        request: Request<ModelMetadataRequest>,
    ) -> Result<Response<ModelMetadataResponse>, Status> {
        let answer = || {
            let (_, serving) = self.0.receive(&request)?;
            metadata::of_model(request.get_ref(), &serving.catalog)
        };
        answer().map(Response::new).map_err(|error| error.status(&RequestId::of(&request)))
    }

    async fn model_infer(
        &self,
        request: Request<ModelInferRequest>,
    ) -> Result<Response<ModelInferResponse>, Status> {
        let request_id = RequestId::of(&request);
        let answer = async {
            let (context, serving) = self.0.receive(&request)?;
            infer::answer(&serving, &context, request.into_inner()).await
        };
        answer.await.map_err(|error| error.status(&request_id))
    }
}
