//! Which failures are worth another try, and when.

use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The first wait where the server says none.
const FIRST: Duration = Duration::from_millis(200);
/// The longest wait where the server says none.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest that a server may ask for.
const LONGEST_HINT: Duration = Duration::from_secs(86_400);

/// Whether the same request may be answered later: the server is full, away, or the connection broke.
pub(super) fn is_passing(status: &Status) -> bool {
    match status.code() {
        Code::ResourceExhausted => !is_too_large(status),
        Code::Unavailable => true,
        // A status that no server has sent: the connection broke.
        Code::Unknown | Code::Internal | Code::Cancelled => {
            status.source().is_some() || is_broken_stream(status)
        }
        _ => false,
    }
}

/// Whether the server is there and has more to do than it can.
pub(super) fn is_overload(status: &Status) -> bool {
    status.code() == Code::ResourceExhausted
}

/// What tonic says on its own, in the same code, when a message is beyond the limits of one side.
fn is_too_large(status: &Status) -> bool {
    status.get_details_retry_info().is_none() && status.message().contains("message length too large")
}

fn is_broken_stream(status: &Status) -> bool {
    ["h2 protocol error", "transport error", "broken pipe", "connection"]
        .iter()
        .any(|words| status.message().contains(words))
}

/// How long to wait before the try number `attempt`, from 0: what the server says, or else twice as long each time. Up to
/// a half is added by chance, so that clients that were refused together do not come back together.
pub(super) fn delay(status: &Status, attempt: u32) -> Duration {
    let hint = status.get_details_retry_info().and_then(|info| info.retry_delay);
    let own = FIRST.saturating_mul(1_u32.checked_shl(attempt).unwrap_or(u32::MAX));
    // A hint is for the first time; who is refused again and again stays away longer.
    let own = own.min(LONGEST);
    let wait = hint.map_or(own, |hint| hint.min(LONGEST_HINT).max(own));
    // Every state of the standard library's hashing is seeded at random.
    let chance = u16::try_from(RandomState::new().hash_one(attempt) >> 48).unwrap_or(0);
    wait.mul_f64(1.0 + f64::from(chance) / f64::from(u16::MAX) / 2.0)
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    fn hinted(code: Code, delay: Duration) -> Status {
        Status::with_error_details(code, "full", ErrorDetails::with_retry_info(Some(delay)))
    }

    #[test]
    fn what_passes() {
        assert!(is_passing(&Status::unavailable("")));
        assert!(is_passing(&Status::resource_exhausted("the queue is full")));
        assert!(is_passing(&Status::from_error(Box::new(std::io::Error::from(
            std::io::ErrorKind::ConnectionReset
        )))));
        for status in
            [Status::invalid_argument(""), Status::not_found(""), Status::internal("a task has failed")]
        {
            assert!(!is_passing(&status), "{status}");
        }
        assert!(!is_passing(&Status::resource_exhausted("Error, decoded message length too large: found 9")));
    }

    #[test]
    fn the_hint_is_kept_to() {
        let second = Duration::from_secs(1);
        let waited = delay(&hinted(Code::ResourceExhausted, second), 0);
        assert!((second..=second * 3 / 2).contains(&waited), "{waited:?}");
        assert!(delay(&hinted(Code::Unavailable, second), 4) > second * 2);
        let minute = Duration::from_secs(60);
        assert!(delay(&hinted(Code::ResourceExhausted, minute), 0) >= minute);
        assert!(delay(&hinted(Code::ResourceExhausted, Duration::MAX), 9) <= LONGEST_HINT * 2);
        assert!(delay(&Status::unavailable(""), 0) < second);
        assert!(delay(&Status::unavailable(""), 60) <= LONGEST * 3 / 2);
    }
}
