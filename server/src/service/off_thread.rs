//! Where work on a request is done.

use tokio::task::{JoinError, spawn_blocking};

/// Rows that are checked and planned in well under half a millisecond if they have few bytes.
const FEW_ROWS: usize = 128;
/// Bytes that are.
const FEW_BYTES: usize = 64 << 10;
/// Values of an answer that are put together in as little; each may be looked up in its model's background.
const FEW_VALUES: usize = 1 << 12;
/// What a row of an answer takes beside its values, in as many of them: its lists have to be allocated.
const VALUES_OF_A_ROW: usize = 16;

/// What is soon done is done here, because going to another thread and back takes as long; everything else on a thread
/// that does not serve connections.
pub(crate) async fn do_work<T: Send + 'static>(
    soon_done: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    if soon_done { Ok(work()) } else { spawn_blocking(work).await }
}

/// Whether a request is soon checked and planned. Bytes are only counted if the rows are few.
pub(crate) fn soon_checked(rows: usize, bytes: impl FnOnce() -> usize) -> bool {
    rows <= FEW_ROWS && bytes() <= FEW_BYTES
}

/// Whether an answer of so many values is soon put together.
pub(crate) fn soon_answered(values: usize, rows: usize) -> bool {
    values.saturating_add(rows.saturating_mul(VALUES_OF_A_ROW)) <= FEW_VALUES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_rows_weigh() {
        assert!(soon_checked(128, || 64 << 10));
        assert!(!soon_checked(1, || (64 << 10) + 1));
        assert!(!soon_checked(129, || unreachable!()));
        // All models of one window, and one model of many windows.
        assert!(soon_answered(160, 1) && soon_answered(240, 240));
        assert!(!soon_answered(4096, 1) && !soon_answered(241, 241));
        assert!(!soon_answered(usize::MAX, usize::MAX));
    }
}
