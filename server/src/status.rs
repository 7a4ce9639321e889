//! The one place where errors become gRPC statuses with google.rpc details.
//!
//! | error | code | details |
//! |---|---|---|
//! | a request that is wrong in itself | INVALID_ARGUMENT | BadRequest: each field and what is wrong |
//! | a model that is not served | NOT_FOUND | ResourceInfo: the model |
//! | no room in the queue, or more than a client may ask | RESOURCE_EXHAUSTED | RetryInfo |
//! | more than the queue ever has room for | RESOURCE_EXHAUSTED | |
//! | models still loading, or the server stopping | UNAVAILABLE | RetryInfo |
//! | the caller's deadline has passed | DEADLINE_EXCEEDED | |
//! | a fault of ours | INTERNAL | RequestInfo: the name of the call, which is in the log |
//!
//! Where there is a RetryInfo the trailer `grpc-retry-pushback-ms` says the same.

use std::time::Duration;

use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::convert::RequestError;
use crate::engine::QueueError;
use crate::metrics::{RejectedReason, metrics};
use crate::observe::RequestId;
use crate::reload::ReloadError;

/// Metadata key of the gRPC protocol for retries.
const RETRY_PUSHBACK: &str = "grpc-retry-pushback-ms";
const RETRY_WHILE_LOADING: Duration = Duration::from_secs(1);
const RETRY_WHILE_STOPPING: Duration = Duration::from_secs(1);
const RETRY_QUEUE_FULL: Duration = Duration::from_secs(1);

/// What a call can end with instead of an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// See [`RequestError`].
    #[error(transparent)]
    Request(#[from] RequestError),
    /// See [`QueueError`].
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The client has asked more than it may.
    #[error("this client has asked more than {windows_per_second} windows a second; wait {} ms", .wait.as_millis())]
    RateLimited {
        /// What it may ask.
        windows_per_second: u32,
        /// Until it may ask again.
        wait: Duration,
    },
    /// The caller's deadline has passed.
    #[error("the deadline passed before the answer was ready")]
    DeadlineExceeded,
    /// Not all models are verified and loaded.
    #[error("the models are still being loaded")]
    Loading,
    /// The server has been told to stop.
    #[error("the server is stopping")]
    Stopping,
    /// See [`ReloadError`].
    #[error(transparent)]
    Reload(#[from] ReloadError),
    /// A task of ours has failed.
    #[error("a task has failed: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// The engine has answered something else than was asked.
    #[error("the engine answered fewer values than were asked for")]
    ShortAnswer,
    /// The models have calculated something that is no number.
    #[error("a model answered a value that is not finite")]
    NotFinite,
}

impl ServiceError {
    /// The reason, if the request was refused before any work.
    fn rejected(&self) -> Option<RejectedReason> {
        match self {
            Self::Request(RequestError::Invalid(_)) => Some(RejectedReason::Invalid),
            Self::Request(RequestError::UnknownModel { .. }) => Some(RejectedReason::UnknownModel),
            Self::Queue(QueueError::Full { .. }) => Some(RejectedReason::QueueFull),
            Self::Queue(QueueError::TooLarge { .. }) => Some(RejectedReason::TooLarge),
            Self::RateLimited { .. } => Some(RejectedReason::RateLimited),
            Self::Loading => Some(RejectedReason::Loading),
            Self::Stopping => Some(RejectedReason::Stopping),
            _ => None,
        }
    }

    /// The status of a call. A fault of ours is told by the name of the call, and to the log with what it was.
    pub(crate) fn status(self, request_id: &RequestId) -> Status {
        let status = Status::from(&self);
        if status.code() != Code::Internal {
            return status;
        }
        let request_id = request_id.as_str();
        tracing::error!(error = %self, request_id, "a request failed by a fault of the server");
        let message = format!("{self} (request {request_id})");
        Status::with_error_details(status.code(), message, ErrorDetails::with_request_info(request_id, ""))
    }

    /// When to come again, if that helps.
    fn retry(&self) -> Option<Duration> {
        match self {
            Self::Queue(QueueError::Full { .. }) => Some(RETRY_QUEUE_FULL),
            Self::RateLimited { wait, .. } => Some(*wait),
            Self::Queue(QueueError::Stopped) | Self::Stopping => Some(RETRY_WHILE_STOPPING),
            Self::Loading => Some(RETRY_WHILE_LOADING),
            _ => None,
        }
    }

    fn code(&self) -> Code {
        match self {
            Self::Request(RequestError::Invalid(_)) => Code::InvalidArgument,
            Self::Request(RequestError::UnknownModel { .. }) => Code::NotFound,
            Self::Queue(QueueError::Full { .. } | QueueError::TooLarge { .. }) | Self::RateLimited { .. } => {
                Code::ResourceExhausted
            }
            Self::Queue(QueueError::DeadlineExceeded) | Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::Queue(QueueError::Stopped) | Self::Stopping | Self::Reload(_) | Self::Loading => {
                Code::Unavailable
            }
            Self::Queue(QueueError::Engine(_) | QueueError::ShortAnswer)
            | Self::Task(_)
            | Self::ShortAnswer
            | Self::NotFinite => Code::Internal,
        }
    }

    fn details(&self) -> ErrorDetails {
        match self {
            Self::Request(RequestError::Invalid(violations)) => {
                let violations: Vec<FieldViolation> = violations
                    .iter()
                    .map(|violation| FieldViolation::new(&violation.field, &violation.description))
                    .collect();
                ErrorDetails::with_bad_request(violations)
            }
            Self::Request(RequestError::UnknownModel { id }) => {
                let remedy = "ListModels says which models are served";
                ErrorDetails::with_resource_info("model", id, "", remedy)
            }
            _ => {
                self.retry().map_or_else(ErrorDetails::new, |wait| ErrorDetails::with_retry_info(Some(wait)))
            }
        }
    }
}

impl From<&ServiceError> for Status {
    fn from(error: &ServiceError) -> Self {
        if let (Some(reason), Some(metrics)) = (error.rejected(), metrics()) {
            metrics.rejected(reason);
        }
        let mut metadata = MetadataMap::new();
        if let Some(wait) = error.retry() {
            // What clients of gRPC that try again by themselves look at.
            metadata.insert(RETRY_PUSHBACK, MetadataValue::from(wait.as_millis() as u64));
        }
        let details = error.details();
        Self::with_error_details_and_metadata(error.code(), error.to_string(), details, metadata)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::Violation;

    #[test]
    fn every_violation_is_in_the_details_and_the_first_in_the_message() {
        let violation = |field: &str| Violation { field: field.to_owned(), description: "wrong".to_owned() };
        let error = RequestError::Invalid(vec![violation("windows[3].sequence"), violation("windows[4]")]);
        let status = Status::from(&ServiceError::from(error));
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(status.message(), "windows[3].sequence: wrong (and 1 more)");
        let details = status.get_error_details();
        let fields: Vec<&str> =
            details.bad_request().unwrap().field_violations.iter().map(|v| v.field.as_str()).collect();
        assert_eq!(fields, ["windows[3].sequence", "windows[4]"]);
    }

    #[test]
    fn codes_and_hints() {
        let full = || QueueError::Full { windows: 7, queue_windows: 16, waited: Duration::from_secs(1) };
        let (wait, too_large) =
            (Duration::from_millis(1500), QueueError::TooLarge { windows: 7, queue_windows: 5 });
        for (error, code, retry) in [
            (ServiceError::Queue(full()), Code::ResourceExhausted, true),
            (ServiceError::Queue(too_large), Code::ResourceExhausted, false),
            (ServiceError::RateLimited { windows_per_second: 7, wait }, Code::ResourceExhausted, true),
            (ServiceError::Queue(QueueError::DeadlineExceeded), Code::DeadlineExceeded, false),
            (ServiceError::Queue(QueueError::Stopped), Code::Unavailable, true),
            (ServiceError::Loading, Code::Unavailable, true),
            (ServiceError::Stopping, Code::Unavailable, true),
            (ServiceError::DeadlineExceeded, Code::DeadlineExceeded, false),
            (ServiceError::ShortAnswer, Code::Internal, false),
            (ServiceError::Queue(QueueError::ShortAnswer), Code::Internal, false),
        ] {
            let status = Status::from(&error);
            assert_eq!((status.code(), status.get_details_retry_info().is_some()), (code, retry), "{status}");
            assert_eq!(status.metadata().get(RETRY_PUSHBACK).is_some(), retry, "{status}");
        }
        let unknown = RequestError::UnknownModel { id: "X.K562".to_owned() };
        let status = Status::from(&ServiceError::from(unknown));
        assert_eq!(status.code(), Code::NotFound);
        assert_eq!(status.get_details_resource_info().unwrap().resource_name, "X.K562");
    }

    #[test]
    fn a_fault_of_ours_is_told_by_the_name_of_the_call() {
        let mut request = tonic::Request::new(());
        let made_up = RequestId::of(&request);
        request.extensions_mut().insert(made_up.clone());
        let id = RequestId::of(&request);
        let status = ServiceError::ShortAnswer.status(&id);
        assert_eq!(status.get_details_request_info().unwrap().request_id, made_up.as_str());
        assert!(status.message().contains(made_up.as_str()), "{status}");
        assert!(ServiceError::Loading.status(&id).get_details_request_info().is_none());
        let limited = ServiceError::RateLimited { windows_per_second: 7, wait: Duration::from_millis(1500) };
        assert_eq!(limited.status(&id).metadata().get(RETRY_PUSHBACK).unwrap(), "1500");
    }
}
