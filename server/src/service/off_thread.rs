//! Where work on a request is done.

use polaris_proto::v1::{PredictRequest, ScoreVariantsRequest};
use tokio::task::{JoinError, spawn_blocking};

/// Windows that are checked in well under half a millisecond.
const FEW_WINDOWS: usize = 32;
/// Alleles that are.
const FEW_ALLELES: usize = 128;
/// Values of an answer that are copied in as little.
const FEW_VALUES: usize = 1 << 16;
/// Values of an answer that are compared in as little; each is looked up in its model's background.
const FEW_SCORES: usize = 1 << 12;

/// What is soon done is done here, because going to another thread and back takes as long; everything else on a thread
/// that does not serve connections.
pub(super) async fn do_work<T: Send + 'static>(
    soon_done: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    if soon_done { Ok(work()) } else { spawn_blocking(work).await }
}

/// Whether a call is soon checked.
pub(super) fn few_windows(request: &PredictRequest) -> bool {
    request.windows.len() <= FEW_WINDOWS
}

/// Whether a request of a stream is soon checked.
pub(super) fn few_alleles(request: &ScoreVariantsRequest) -> bool {
    let alleles = || request.windows.iter().map(|window| window.alleles.len()).sum::<usize>();
    request.windows.len() <= FEW_WINDOWS && alleles() <= FEW_ALLELES
}

/// Whether so many values are soon copied.
pub(super) fn few_values(values: usize) -> bool {
    values <= FEW_VALUES
}

/// Whether so many values are soon compared.
pub(super) fn few_scores(values: usize) -> bool {
    values <= FEW_SCORES
}
