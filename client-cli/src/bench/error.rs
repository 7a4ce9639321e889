//! Why a load cannot be sent, or nothing was measured.

/// Settings that do not fit the server, or each other.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// More than the server takes.
    #[error(
        "--windows {windows}: a call would hold {counted} windows, reference and alternate ones counted alike, \
         and the server takes {limit} a request: lower --windows{}",
        if counted == windows { "" } else { " or --alleles" }
    )]
    Windows {
        /// As typed.
        windows: usize,
        /// As the server counts.
        counted: usize,
        /// The server's.
        limit: usize,
    },
    /// More than the server takes.
    #[error(
        "--windows {windows}: a call would have {bytes} bytes, and the server takes {limit} a request: lower --windows"
    )]
    Bytes {
        /// As typed.
        windows: usize,
        /// Of a request.
        bytes: usize,
        /// The server's, or this client's.
        limit: usize,
    },
    /// More than there are.
    #[error("--alleles {alleles}: a window of {length} bases has {most} single substitutions")]
    Alleles {
        /// As typed.
        alleles: usize,
        /// Of a window.
        length: usize,
        /// Substitutions of it.
        most: usize,
    },
    /// Larger answers than the server gives.
    #[error(
        "the server's responses have at most {limit} bytes, the maps of {models} models need {needed}: choose fewer \
         with --models, or raise its max_response_bytes"
    )]
    Response {
        /// The server's.
        limit: usize,
        /// That are asked.
        models: usize,
        /// For a window.
        needed: usize,
    },
    /// The signal came in the warm-up.
    #[error("interrupted before anything was measured")]
    Interrupted,
    /// Each call takes longer than the run, or none was due.
    #[error("no call began in the {seconds} s that were measured: raise --duration")]
    NothingMeasured {
        /// As typed.
        seconds: f64,
    },
    /// Those of the warm-up never made room.
    #[error(
        "none of the {not_sent} calls that were due was sent, because --max-outstanding others were without an answer: \
         lower --rate"
    )]
    NothingSent {
        /// That were due.
        not_sent: u64,
    },
    /// Calls failed, so slowly that none was left to measure.
    #[error("no call was sent in the {seconds} s that were measured: those before failed with {first}")]
    WarmUpFailed {
        /// As typed.
        seconds: f64,
        /// Code and message.
        first: String,
    },
    /// What the exit code stands for.
    #[error("{failed} of {calls} calls failed, the first with {first}")]
    CallsFailed {
        /// Without a good answer.
        failed: u64,
        /// In the measured span.
        calls: u64,
        /// Code and message.
        first: String,
    },
}
