//! `polaris.v1.AdminService`.

use std::time::Duration;

use polaris_proto::v1::admin_service_server::AdminService;
use polaris_proto::v1::{self, ReloadRequest, ReloadResponse, SetLogFilterRequest, SetLogFilterResponse};
use tonic::{Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::identity::ClientIdentity;
use crate::log::{LogFilter, LogFilterError};
use crate::reload::{Reload, ReloadOutcome, Reloader};
use crate::status::ServiceError;

/// What an operator may change.
#[derive(Clone, Debug)]
pub(crate) struct AdminPowers {
    /// What is logged.
    pub(crate) log: LogFilter,
    /// The models.
    pub(crate) reloader: Reloader,
}

/// The service.
#[derive(Debug)]
pub(super) struct AdminServer(AdminPowers);

impl AdminServer {
    pub(super) fn new(powers: AdminPowers) -> Self {
        Self(powers)
    }
}

fn name<T>(request: &Request<T>) -> &str {
    request.extensions().get::<ClientIdentity>().map_or("somebody", |identity| &identity.0)
}

#[tonic::async_trait]
impl AdminService for AdminServer {
    async fn set_log_filter(
        &self,
        request: Request<SetLogFilterRequest>,
    ) -> Result<Response<SetLogFilterResponse>, Status> {
        tracing::info!(by = name(&request), "another filter of the log is asked for");
        let SetLogFilterRequest { filter, duration_s } = request.into_inner();
        let duration = (duration_s > 0).then(|| Duration::from_secs(u64::from(duration_s)));
        let previous_filter = self.0.log.set(&filter, duration).map_err(|error| match error {
            LogFilterError::Filter { .. } => {
                let details = ErrorDetails::with_bad_request_violation("filter", error.to_string());
                Status::with_error_details(tonic::Code::InvalidArgument, error.to_string(), details)
            }
            LogFilterError::Reload(_) => {
                Status::with_error_details(tonic::Code::Internal, error.to_string(), ErrorDetails::new())
            }
        })?;
        Ok(Response::new(SetLogFilterResponse { previous_filter }))
    }

    async fn reload(&self, request: Request<ReloadRequest>) -> Result<Response<ReloadResponse>, Status> {
        tracing::info!(by = name(&request), "a reload of the registry is asked for");
        let Reload { outcome, models } =
            self.0.reloader.reload().await.map_err(|error| Status::from(&ServiceError::from(error)))?;
        let (outcome, error) = match outcome {
            ReloadOutcome::Loaded => (v1::ReloadOutcome::Loaded, String::new()),
            ReloadOutcome::Unchanged => (v1::ReloadOutcome::Unchanged, String::new()),
            ReloadOutcome::Failed(error) => (v1::ReloadOutcome::Failed, error),
        };
        Ok(Response::new(ReloadResponse { outcome: outcome.into(), models, error }))
    }
}
