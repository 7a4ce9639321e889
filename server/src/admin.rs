//! The admin listener: metrics over HTTP/1, and `polaris.v1.AdminService`, on one port.

mod service;

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use polaris_model::Device;
use polaris_proto::ADMIN_FILE_DESCRIPTOR_SET;
use polaris_proto::v1::admin_service_server::AdminServiceServer;
use tokio_util::task::AbortOnDropHandle;
use tonic::Status;
use tonic::codegen::http::header::CONTENT_TYPE;
use tonic::codegen::http::{HeaderMap, StatusCode};
use tonic::service::Routes;
use tonic_reflection::server::Builder as ReflectionBuilder;

use crate::auth::{AuthLayer, is_grpc};
use crate::connection;
use crate::listener::{Listener, SocketFile};
use crate::metrics::{Methods, metrics};
use crate::observe::ObserveLayer;
use crate::serve::ServeError;
use crate::tls::Tls;
use crate::token::{Role, Tokens};
pub(crate) use service::AdminPowers;
use service::AdminServer;

/// What Prometheus takes.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The running listener; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct RunningAdmin {
    _task: AbortOnDropHandle<()>,
    _socket: Option<SocketFile>,
}

/// Starts to answer at `listener`. Where tokens are set, every request needs one of the role admin.
///
/// # Errors
/// If the protocol's files have no valid descriptors.
pub(crate) fn spawn(
    listener: Listener,
    tls: Option<Tls>,
    tokens: Tokens,
    powers: AdminPowers,
    device: Device,
) -> Result<RunningAdmin, ServeError> {
    let reflection =
        || ReflectionBuilder::configure().register_encoded_file_descriptor_set(ADMIN_FILE_DESCRIPTOR_SET);
    let router = Routes::new(AdminServiceServer::new(AdminServer::new(powers)))
        .add_service(reflection().build_v1().map_err(ServeError::Reflection)?)
        .add_service(reflection().build_v1alpha().map_err(ServeError::Reflection)?)
        .into_axum_router()
        .route("/metrics", get(move || metrics_text(device)))
        .fallback(nothing_here);
    let methods = Methods::of(&[
        ADMIN_FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ])?;
    let (incoming, socket) = connection::incoming(listener, tls);
    let server = connection::server()
        .accept_http1(true)
        // Around all that can refuse a call.
        .layer(ObserveLayer::new(methods))
        .layer(AuthLayer::new(tokens, Role::Admin))
        .add_routes(Routes::from(router))
        .serve_with_incoming(incoming);
    let task = tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the admin listener has ended");
        }
    });
    Ok(RunningAdmin { _task: AbortOnDropHandle::new(task), _socket: socket })
}

/// All metrics. Nothing that serves requests is waited for.
async fn metrics_text(device: Device) -> Response {
    // The process's files and the GPU's driver are asked, which may take milliseconds.
    let text = tokio::task::spawn_blocking(move || {
        let metrics = metrics()?;
        if let Some(bytes) = device.taken_bytes() {
            metrics.device_memory(bytes);
        }
        metrics.text().ok()
    });
    match text.await {
        Ok(Some(text)) => ([(CONTENT_TYPE, METRICS_TYPE)], text).into_response(),
        Ok(None) | Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn nothing_here(headers: HeaderMap) -> Response {
    if is_grpc(&headers) {
        return Status::unimplemented("the admin listener has polaris.v1.AdminService only").into_http();
    }
    (StatusCode::NOT_FOUND, "there is /metrics here, and polaris.v1.AdminService over gRPC\n").into_response()
}
