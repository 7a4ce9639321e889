//! When the calls of an open loop are due.

use std::time::Duration;

use clap::ValueEnum;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// The stream of random numbers that no call's windows are made of.
const STREAM: u64 = u64::MAX;

/// How calls follow each other.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Arrivals {
    /// Independent of each other, as those of many users are: exponential gaps
    #[default]
    Poisson,
    /// At equal distances
    Constant,
}

impl Arrivals {
    /// As typed.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Poisson => "Poisson",
            Self::Constant => "constant",
        }
    }
}

/// Gives the time of each call after the start, up to an end. Depends on nothing but its settings.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    arrivals: Arrivals,
    rate_per_s: f64,
    end: Duration,
    rng: ChaCha8Rng,
    /// Calls given so far; exact in a float to 2^53.
    given: f64,
    /// Seconds from the start to the last random arrival.
    last_s: f64,
}

impl Schedule {
    /// Of `rate_per_s` calls a second on average, for as long as `end`.
    pub(super) fn new(arrivals: Arrivals, rate_per_s: f64, end: Duration, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(STREAM);
        Self { arrivals, rate_per_s, end, rng, given: 0.0, last_s: 0.0 }
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let seconds = match self.arrivals {
            // Divided and not added up: no rounding error grows.
            Arrivals::Constant => self.given / self.rate_per_s,
            Arrivals::Poisson => {
                // From 0 to below 1, so that the logarithm is finite.
                let uniform: f64 = self.rng.random();
                self.last_s -= (1.0 - uniform).ln() / self.rate_per_s;
                self.last_s
            }
        };
        self.given += 1.0;
        Duration::try_from_secs_f64(seconds).ok().filter(|due| *due < self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_calls_are_equally_far_apart() {
        let schedule = Schedule::new(Arrivals::Constant, 4.0, Duration::from_secs(1), 1);
        assert_eq!(schedule.map(|due| due.as_millis()).collect::<Vec<_>>(), [0, 250, 500, 750]);
        let hour = Duration::from_secs(3600);
        assert_eq!(Schedule::new(Arrivals::Constant, 0.3, hour, 1).count(), 1080);
    }

    #[test]
    fn poisson_calls_have_the_rate_and_exponential_gaps() {
        let calls = |seed| {
            let schedule = Schedule::new(Arrivals::Poisson, 50.0, Duration::from_secs(2000), seed);
            schedule.map(|due| due.as_secs_f64()).collect::<Vec<_>>()
        };
        let due = calls(1);
        assert_eq!(due, calls(1));
        assert_ne!(due, calls(2));
        // 100 000 calls are expected; their standard deviation is 316.
        assert!((98_700..101_300).contains(&due.len()), "{}", due.len());
        let gaps: Vec<f64> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().all(|gap| *gap >= 0.0));
        // The share of gaps longer than the mean is 1/e; its standard deviation is 0.0015.
        let long = gaps.iter().filter(|gap| **gap > 0.02).map(|_| 1.0).sum::<f64>()
            / gaps.iter().map(|_| 1.0).sum::<f64>();
        assert!((long - (-1.0_f64).exp()).abs() < 0.006, "{long}");
    }

    #[test]
    fn nothing_is_due_at_the_end_or_later() {
        for arrivals in [Arrivals::Constant, Arrivals::Poisson] {
            assert_eq!(Schedule::new(arrivals, 100.0, Duration::ZERO, 1).next(), None);
            let end = Duration::from_millis(500);
            let mut schedule = Schedule::new(arrivals, 1000.0, end, 1);
            assert!(schedule.all(|due| due < end));
        }
    }
}
