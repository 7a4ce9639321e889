//! How much a client may ask in the long run: a token bucket for each, in windows.
//!
//! A request is let in while its client has anything left, and may take more than that: what it owes has to be made up for
//! before the next. So any size of request gets in, and on average nobody has more than the rate.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dashmap::DashMap;

use crate::identity::ClientIdentity;

/// What a client may save up, in seconds of its rate.
const BURST_SECONDS: f64 = 1.0;
/// Requests between two looks at who has not been here for long.
const REQUESTS_BETWEEN_SWEEPS: usize = 1024;

/// The buckets of all clients.
#[derive(Debug)]
pub(crate) struct RateLimit {
    windows_per_second: f64,
    buckets: DashMap<ClientIdentity, Bucket>,
    requests: AtomicUsize,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    windows: f64,
    at: Instant,
}

impl RateLimit {
    /// With this rate for each client; none if it is 0.
    pub(crate) fn new(windows_per_second: u32) -> Option<Self> {
        (windows_per_second > 0).then(|| Self {
            windows_per_second: f64::from(windows_per_second),
            buckets: DashMap::new(),
            requests: AtomicUsize::new(0),
        })
    }

    /// Takes what a request costs.
    ///
    /// # Errors
    /// With the time until the client has something left again.
    pub(crate) fn take(&self, client: &ClientIdentity, windows: usize) -> Result<(), Duration> {
        self.take_at(client, windows, Instant::now())
    }

    fn take_at(&self, client: &ClientIdentity, windows: usize, now: Instant) -> Result<(), Duration> {
        let (rate, most) = (self.windows_per_second, self.windows_per_second * BURST_SECONDS);
        if self.requests.fetch_add(1, Ordering::Relaxed) % REQUESTS_BETWEEN_SWEEPS
            == REQUESTS_BETWEEN_SWEEPS - 1
        {
            // A bucket that is full is as good as none.
            self.buckets.retain(|_, bucket| bucket.filled(now, rate, most).windows < most);
        }
        let mut bucket = self.buckets.entry(client.clone()).or_insert(Bucket { windows: most, at: now });
        *bucket = bucket.filled(now, rate, most);
        if bucket.windows <= 0.0 {
            return Err(Duration::from_secs_f64((-bucket.windows + 1.0) / rate));
        }
        bucket.windows -= windows as f64;
        Ok(())
    }
}

impl Bucket {
    fn filled(self, now: Instant, rate: f64, most: f64) -> Self {
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        Self { windows: (self.windows + seconds * rate).min(most), at: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str) -> ClientIdentity {
        ClientIdentity(name.to_owned())
    }

    #[test]
    fn what_is_owed_is_made_up_for() {
        assert!(RateLimit::new(0).is_none());
        let limit = RateLimit::new(10).unwrap();
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        let take = |name: &str, windows, at| limit.take_at(&client(name), windows, at);
        // More than is there, once.
        assert_eq!(take("a", 29, start), Ok(()));
        assert_eq!(take("a", 1, start), Err(Duration::from_secs(2)));
        assert_eq!(take("b", 1, start), Ok(()));
        assert!(take("a", 1, after(1900)).is_err());
        assert_eq!(take("a", 1, after(2000)), Ok(()));
        assert!(take("a", 1, after(2000)).is_err());
    }

    #[test]
    fn who_has_not_been_here_for_long_is_forgotten() {
        let limit = RateLimit::new(10).unwrap();
        let start = Instant::now();
        for index in 0..REQUESTS_BETWEEN_SWEEPS - 1 {
            limit.take_at(&client(&index.to_string()), 5, start).unwrap();
        }
        assert_eq!(limit.buckets.len(), REQUESTS_BETWEEN_SWEEPS - 1);
        limit.take_at(&client("last"), 5, start + Duration::from_secs(1)).unwrap();
        assert_eq!(limit.buckets.len(), 1);
    }
}
