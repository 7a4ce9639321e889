//! The one place where errors become gRPC statuses with google.rpc details.
//!
//! | error | code | details |
//! |---|---|---|
//! | a request that is wrong in itself | INVALID_ARGUMENT | BadRequest: each field and what is wrong |
//! | a model that is not served | NOT_FOUND | ResourceInfo: the model |
//! | no room in the queue | RESOURCE_EXHAUSTED | RetryInfo |
//! | models still loading, or the server stopping | UNAVAILABLE | RetryInfo |
//! | the caller's deadline has passed | DEADLINE_EXCEEDED | |
//! | a fault of ours | INTERNAL | |

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::convert::RequestError;
use crate::engine::QueueError;
use crate::metrics::{RejectedReason, metrics};

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
    /// The caller's deadline has passed.
    #[error("the deadline passed before the answer was ready")]
    DeadlineExceeded,
    /// Not all models are verified and loaded.
    #[error("the models are still being loaded")]
    Loading,
    /// The server has been told to stop.
    #[error("the server is stopping")]
    Stopping,
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
            Self::Loading => Some(RejectedReason::Loading),
            Self::Stopping => Some(RejectedReason::Stopping),
            _ => None,
        }
    }
}

impl From<ServiceError> for Status {
    fn from(error: ServiceError) -> Self {
        if let (Some(reason), Some(metrics)) = (error.rejected(), metrics()) {
            metrics.rejected(reason);
        }
        let message = error.to_string();
        let retry = |code, delay| (code, ErrorDetails::with_retry_info(Some(delay)));
        let (code, details) = match error {
            ServiceError::Request(RequestError::Invalid(violations)) => {
                let violations: Vec<FieldViolation> = violations
                    .into_iter()
                    .map(|violation| FieldViolation::new(violation.field, violation.description))
                    .collect();
                (Code::InvalidArgument, ErrorDetails::with_bad_request(violations))
            }
            ServiceError::Request(RequestError::UnknownModel { id, .. }) => {
                let remedy = "ListModels says which models are served";
                (Code::NotFound, ErrorDetails::with_resource_info("model", id, "", remedy))
            }
            ServiceError::Queue(QueueError::Full { .. }) => retry(Code::ResourceExhausted, RETRY_QUEUE_FULL),
            ServiceError::Queue(QueueError::DeadlineExceeded) | ServiceError::DeadlineExceeded => {
                (Code::DeadlineExceeded, ErrorDetails::new())
            }
            ServiceError::Queue(QueueError::Stopped) | ServiceError::Stopping => {
                retry(Code::Unavailable, RETRY_WHILE_STOPPING)
            }
            ServiceError::Loading => retry(Code::Unavailable, RETRY_WHILE_LOADING),
            ServiceError::Queue(QueueError::Engine(_) | QueueError::ShortAnswer)
            | ServiceError::Task(_)
            | ServiceError::ShortAnswer
            | ServiceError::NotFinite => {
                tracing::error!(error = %message, "a request failed by a fault of the server");
                (Code::Internal, ErrorDetails::new())
            }
        };
        Self::with_error_details(code, message, details)
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
        let status = Status::from(ServiceError::from(error));
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
        for (error, code, retry) in [
            (ServiceError::Queue(full()), Code::ResourceExhausted, true),
            (ServiceError::Queue(QueueError::DeadlineExceeded), Code::DeadlineExceeded, false),
            (ServiceError::Queue(QueueError::Stopped), Code::Unavailable, true),
            (ServiceError::Loading, Code::Unavailable, true),
            (ServiceError::Stopping, Code::Unavailable, true),
            (ServiceError::DeadlineExceeded, Code::DeadlineExceeded, false),
            (ServiceError::ShortAnswer, Code::Internal, false),
            (ServiceError::Queue(QueueError::ShortAnswer), Code::Internal, false),
        ] {
            let status = Status::from(error);
            assert_eq!((status.code(), status.get_details_retry_info().is_some()), (code, retry), "{status}");
        }
        let unknown = RequestError::UnknownModel { id: "X.K562".to_owned() };
        let status = Status::from(ServiceError::from(unknown));
        assert_eq!(status.code(), Code::NotFound);
        assert_eq!(status.get_details_resource_info().unwrap().resource_name, "X.K562");
    }
}
