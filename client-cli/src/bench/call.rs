//! One call of the load: its request, how it is sent, and whether its answer has the right shape.

use std::fmt;
use std::time::Duration;

use clap::ValueEnum;
use polaris_proto::v1::polaris_service_client::PolarisServiceClient;
use polaris_proto::v1::{
    LocalizeRequest, LocalizeResponse, ModelValues, PredictRequest, PredictResponse, ScoreVariantsRequest,
    ScoreVariantsResponse,
};
use prost::Message;
use serde::Serialize;
use tokio::time::timeout;
use tonic::{Code, Status};

use crate::connect::Channel;

/// Which method of the service a load calls.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallKind {
    /// Predict: probabilities of windows
    #[default]
    Predict,
    /// ScoreVariants: windows with substitutions at their centre, one request in a stream of its own
    Score,
    /// Localize: a Grad-CAM map of each window by each model
    Localize,
}

impl CallKind {
    /// As typed.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Predict => "predict",
            Self::Score => "score",
            Self::Localize => "localize",
        }
    }
}

/// A request of any kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Request {
    Predict(PredictRequest),
    Score(ScoreVariantsRequest),
    Localize(LocalizeRequest),
}

impl Request {
    /// Encoded size.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Predict(request) => request.encoded_len(),
            Self::Score(request) => request.encoded_len(),
            Self::Localize(request) => request.encoded_len(),
        }
    }
}

/// Why a call failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct CallFailure {
    /// Name of the gRPC code, or `UNFIT_ANSWER`.
    pub(super) name: &'static str,
    /// What the server said.
    pub(super) message: String,
}

impl fmt::Display for CallFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => formatter.write_str(self.name),
            message => write!(formatter, "{}: {message}", self.name),
        }
    }
}

impl From<Status> for CallFailure {
    fn from(status: Status) -> Self {
        Self { name: code_name(status.code()), message: status.message().to_owned() }
    }
}

/// What an answer must hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    pub(super) windows: usize,
    pub(super) alleles: usize,
    pub(super) models: usize,
    /// Bases of a window.
    pub(super) length: usize,
}

/// Sends calls. Cheap to clone, one for each call.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) service: PolarisServiceClient<Channel>,
    pub(super) expected: Expected,
    /// Longest wait for the whole answer.
    pub(super) reply_limit: Duration,
}

impl Caller {
    /// Sends a request and waits for the whole of its answer.
    pub(super) async fn call(self, request: Request) -> Result<(), CallFailure> {
        let limit = self.reply_limit;
        match timeout(limit, self.answered(request)).await {
            Ok(answered) => answered,
            Err(_) => Err(CallFailure {
                name: code_name(Code::DeadlineExceeded),
                message: format!("no answer within {} s (--timeout-s)", limit.as_secs()),
            }),
        }
    }

    async fn answered(mut self, request: Request) -> Result<(), CallFailure> {
        let fits = match request {
            Request::Predict(request) => {
                let reply = self.service.predict(request).await?.into_inner();
                self.expected.fits_predicted(&reply)
            }
            Request::Score(request) => {
                let requests = tokio_stream::once(request);
                let mut replies = self.service.score_variants(requests).await?.into_inner();
                let reply = replies.message().await?.unwrap_or_default();
                // The call ends with its trailers.
                self.expected.fits_scored(&reply) && replies.message().await?.is_none()
            }
            Request::Localize(request) => {
                let mut replies = self.service.localize(request).await?.into_inner();
                let (mut windows, mut fits) = (0, true);
                while let Some(reply) = replies.message().await? {
                    windows += 1;
                    fits &= self.expected.fits_map(&reply);
                }
                fits && windows == self.expected.windows
            }
        };
        match fits {
            true => Ok(()),
            false => Err(CallFailure {
                name: "UNFIT_ANSWER",
                message: "the answer has other numbers of windows, models or values than were asked"
                    .to_owned(),
            }),
        }
    }
}

impl Expected {
    fn fits_predicted(&self, reply: &PredictResponse) -> bool {
        reply.predictions.len() == self.windows
            && reply.predictions.iter().all(|prediction| self.fits_values(Some(prediction)))
    }

    fn fits_scored(&self, reply: &ScoreVariantsResponse) -> bool {
        reply.windows.len() == self.windows
            && reply.windows.iter().all(|window| {
                self.fits_values(window.reference.as_ref())
                    && window.alleles.len() == self.alleles
                    && window.alleles.iter().all(|allele| {
                        self.fits_values(allele.alternate.as_ref()) && allele.deltas.len() == self.models
                    })
            })
    }

    fn fits_map(&self, reply: &LocalizeResponse) -> bool {
        let length = |map: Option<&polaris_proto::v1::PositionMap>| map.map_or(0, |map| map.values.len());
        reply.maps.len() == self.models
            && reply.maps.iter().all(|map| length(map.reference.as_ref()) == self.length)
    }

    fn fits_values(&self, values: Option<&ModelValues>) -> bool {
        values.is_some_and(|values| values.probabilities.len() == self.models)
    }
}

/// As the gRPC specification spells it.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
