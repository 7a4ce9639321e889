//! When to try again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, SystemTime};

/// No wait of ours is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A server that asks for more is taken at its word and asked another day.
const LONGEST_ASKED_WAIT: Duration = Duration::from_secs(600);

/// How often and how patiently.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Attempts after the first.
    pub(super) retries: u32,
    /// The wait before the first of them, doubled for each further one.
    pub(super) first_wait: Duration,
}

impl Patience {
    /// The wait before retry number `retry` (from 1): doubled each time, and between half and all of that at random, so
    /// that those who failed together do not come back together. Not shorter than the server asks for.
    pub(super) fn wait(&self, retry: u32, asked: Option<Duration>) -> Duration {
        let doublings = retry.saturating_sub(1).min(16);
        let longest = self.first_wait.saturating_mul(1 << doublings).min(LONGEST_WAIT);
        longest.mul_f64(0.5 + random_share() / 2.0).max(asked.unwrap_or_default())
    }
}

/// The seconds that a server asks for, if they are too many to wait.
pub(super) fn too_long(asked: Option<Duration>) -> Option<u64> {
    asked.filter(|&wait| wait > LONGEST_ASKED_WAIT).map(|wait| wait.as_secs())
}

/// `Retry-After`: seconds, or a date.
pub(super) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// 0 to 1. The standard library seeds its hashers at random, which is random enough here.
fn random_share() -> f64 {
    f64::from(RandomState::new().build_hasher().finish() as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_vary() {
        let patience = Patience { retries: 5, first_wait: Duration::from_secs(1) };
        for (retry, longest) in [(1, 1.0), (2, 2.0), (4, 8.0), (7, 60.0), (u32::MAX, 60.0)] {
            let waits: Vec<f64> = (0..50).map(|_| patience.wait(retry, None).as_secs_f64()).collect();
            assert!(waits.iter().all(|&wait| (longest / 2.0..=longest).contains(&wait)), "{waits:?}");
            assert!(waits.iter().any(|wait| (wait - waits[0]).abs() > longest / 1000.0), "no jitter");
        }
        assert_eq!(patience.wait(1, Some(Duration::from_secs(90))), Duration::from_secs(90));
    }

    #[test]
    fn servers_ask_in_seconds_or_by_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(retry_after(" 120 ", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(too_long(Some(Duration::from_secs(600))), None);
        assert_eq!(too_long(Some(Duration::from_secs(86_400))), Some(86_400));
    }
}
