//! Labels with a fixed set of values.

/// Why a request was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RejectedReason {
    /// The request is wrong in itself.
    Invalid,
    /// It names a model that is not served.
    UnknownModel,
    /// The queue had no room.
    QueueFull,
    /// It is more than the queue can ever hold.
    TooLarge,
    /// Its caller has asked for too much lately.
    RateLimited,
    /// Models are still loaded.
    Loading,
    /// The server stops.
    Stopping,
    /// It came without a token, or with one that is not known.
    Unauthenticated,
    /// Its token is for something else.
    PermissionDenied,
}

impl RejectedReason {
    /// Every reason.
    pub(crate) const ALL: [Self; 9] = [
        Self::Invalid,
        Self::UnknownModel,
        Self::QueueFull,
        Self::TooLarge,
        Self::RateLimited,
        Self::Loading,
        Self::Stopping,
        Self::Unauthenticated,
        Self::PermissionDenied,
    ];

    /// As the label has it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::UnknownModel => "unknown_model",
            Self::QueueFull => "queue_full",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Loading => "loading",
            Self::Stopping => "stopping",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
        }
    }
}

/// Where work was when it was found that nobody waits for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CancelledWhere {
    /// It waited for room in the queue.
    Admission,
    /// It waited in the queue, or was calculated in part.
    Queue,
    /// It had been calculated as a whole.
    Engine,
}

impl CancelledWhere {
    /// Every place.
    pub(crate) const ALL: [Self; 3] = [Self::Admission, Self::Queue, Self::Engine];

    /// As the label has it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Admission => "admission",
            Self::Queue => "queue",
            Self::Engine => "engine",
        }
    }
}
