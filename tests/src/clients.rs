//! Clients.

use hyper_util::rt::{TokioExecutor, TokioIo};
use polaris_proto::v1::polaris_service_client::PolarisServiceClient;
use polaris_proto::v1::{LocalizeRequest, LocalizeResponse, ModelValues, PredictRequest, Window};
use tonic::body::Body;
use tonic::codegen::http::{Request, Response, Uri};
use tonic::transport::Channel;
use tower::ServiceExt;
use tower::util::BoxCloneService;

use crate::{HarnessError, ServerProcess};

/// The generated client over the framework's channel.
pub type Client = PolarisServiceClient<Channel>;

/// The generated client over a bare HTTP/2 connection: without the channel's own timer, so that the answer to
/// a late call is the server's.
pub type RawClient =
    PolarisServiceClient<BoxCloneService<Request<Body>, Response<hyper::body::Incoming>, hyper::Error>>;

/// Replies of whole batches are larger than the framework's default of 4 MiB.
const MOST_REPLY_BYTES: usize = 256 << 20;

impl ServerProcess {
    /// A client on a connection of its own, made on the first call.
    pub fn client(&self) -> Client {
        PolarisServiceClient::new(self.channel()).max_decoding_message_size(MOST_REPLY_BYTES)
    }

    /// All responses to a Localize call.
    ///
    /// # Errors
    /// The status that the call ends with.
    pub async fn localize(&self, request: LocalizeRequest) -> Result<Vec<LocalizeResponse>, tonic::Status> {
        let mut stream = self.client().localize(request).await?.into_inner();
        let mut responses = Vec::new();
        while let Some(response) = stream.message().await? {
            responses.push(response);
        }
        Ok(responses)
    }

    /// What all models predict for windows.
    ///
    /// # Errors
    /// The status of a failed call.
    pub async fn predict(&self, windows: Vec<Window>) -> Result<Vec<ModelValues>, tonic::Status> {
        let request = PredictRequest { windows, model_ids: Vec::new() };
        Ok(self.client().predict(request).await?.into_inner().predictions)
    }

    /// A client on a bare connection to the server's Unix socket.
    ///
    /// # Errors
    /// If nobody listens.
    pub async fn raw_client(&self) -> Result<RawClient, HarnessError> {
        let stream =
            tokio::net::UnixStream::connect(self.socket()).await.map_err(HarnessError::io("connect"))?;
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        // Ends with the last sender.
        tokio::spawn(connection);
        let service = tower::service_fn(move |request| {
            let mut sender = sender.clone();
            async move { sender.send_request(request).await }
        });
        let client =
            PolarisServiceClient::with_origin(service.boxed_clone(), Uri::from_static("http://polaris"));
        Ok(client.max_decoding_message_size(MOST_REPLY_BYTES))
    }
}
