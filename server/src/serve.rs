//! The gRPC server: its services and what every call passes through.

use std::time::Duration;

use polaris_proto::FILE_DESCRIPTOR_SET;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tonic_health::pb::FILE_DESCRIPTOR_SET as HEALTH_DESCRIPTOR_SET;
use tonic_reflection::server::Builder as ReflectionBuilder;

use crate::auth::AuthLayer;
use crate::calls::Calls;
use crate::connection;
use crate::deadline::DeadlineLayer;
use crate::health::Health;
use crate::inference::InferenceServer;
use crate::listener::{Listener, SocketFile};
use crate::metrics::Methods;
use crate::observe::ObserveLayer;
use crate::service::PolarisServer;
use crate::tls::Tls;
use crate::token::{Role, Tokens};

/// How long connections have to close by themselves once the last call has been answered.
const CLOSING_LIMIT: Duration = Duration::from_secs(1);

/// Why the server has ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// The framework's error.
    #[error(transparent)]
    Transport(#[from] tonic::transport::Error),
    /// The descriptors of the protocol files do not decode.
    #[error("reflection: {0}")]
    Reflection(tonic_reflection::server::Error),
    /// They do not name the methods.
    #[error("methods: {0}")]
    Methods(#[from] prost::DecodeError),
    /// The task failed.
    #[error(transparent)]
    Task(#[from] JoinError),
}

/// The running server; when dropped it is aborted and its socket file removed.
#[derive(Debug)]
pub(crate) struct RunningServer {
    task: Option<AbortOnDropHandle<Result<(), tonic::transport::Error>>>,
    calls: Calls,
    _socket: Option<SocketFile>,
}

impl RunningServer {
    /// Waits until every connection has closed; ready at once when it has been waited for before.
    ///
    /// # Errors
    /// If the server failed.
    pub(crate) async fn ended(&mut self) -> Result<(), ServeError> {
        let Some(task) = self.task.as_mut() else { return Ok(()) };
        let outcome = task.await;
        self.task = None;
        Ok(outcome??)
    }

    /// Waits until every call has been answered. Connections are expected to close then, but one that never
    /// says anything is not waited for.
    ///
    /// # Errors
    /// If the server failed.
    pub(crate) async fn finished(&mut self) -> Result<(), ServeError> {
        self.calls.none().await;
        tokio::time::timeout(CLOSING_LIMIT, self.ended()).await.unwrap_or(Ok(()))
    }
}

/// Who may call, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    /// TLS, if it is spoken.
    pub(crate) tls: Option<Tls>,
    /// Tokens that are accepted.
    pub(crate) tokens: Tokens,
    /// After which a connection takes no more calls. Those on it are answered.
    pub(crate) max_connection_age: Option<Duration>,
}

/// Starts to answer at `listener`. Once `stopping` is cancelled no connection is accepted any more, and the
/// server ends when the last connection has closed.
///
/// # Errors
/// If reflection has no valid descriptors.
pub(crate) fn spawn(
    listener: Listener,
    access: Access,
    polaris: PolarisServer,
    health: &Health,
    stopping: CancellationToken,
) -> Result<RunningServer, ServeError> {
    let reflection = || {
        ReflectionBuilder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(HEALTH_DESCRIPTOR_SET)
    };
    let calls = Calls::default();
    let methods = Methods::of(&[
        FILE_DESCRIPTOR_SET,
        HEALTH_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ])?;
    let mut server = connection::server();
    if let Some(age) = access.max_connection_age {
        server = server.max_connection_age(age);
    }
    let router = server
        .layer(calls.clone())
        // Around all that can refuse a call.
        .layer(ObserveLayer::new(methods))
        // Before anybody reads what a stranger sends.
        .layer(AuthLayer::new(access.tokens, Role::Infer))
        // Before the framework's own timeout, which would answer CANCELLED.
        .layer(DeadlineLayer)
        .add_service(health.service())
        .add_service(reflection().build_v1().map_err(ServeError::Reflection)?)
        .add_service(reflection().build_v1alpha().map_err(ServeError::Reflection)?)
        .add_service(InferenceServer::new(polaris.clone()).into_service())
        .add_service(polaris.into_service());
    let stop = stopping.cancelled_owned();
    let (incoming, socket) = connection::incoming(listener, access.tls);
    let task = tokio::spawn(router.serve_with_incoming_shutdown(incoming, stop));
    Ok(RunningServer { task: Some(AbortOnDropHandle::new(task)), calls, _socket: socket })
}
