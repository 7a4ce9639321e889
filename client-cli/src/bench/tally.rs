//! What was measured: calls, errors by code and latencies.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use hdrhistogram::Histogram;

use super::call::CallFailure;

/// Latencies are kept to so many significant digits.
const DIGITS: u8 = 3;
/// The longest latency in microseconds that is told apart: twice the longest timeout.
const MAX_LATENCY_US: u64 = 2 * 86_400 * 1_000_000;

/// The measured stretch of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: Instant,
    pub(super) end: Instant,
}

impl Span {
    fn contains(&self, time: Instant) -> bool {
        (self.start..self.end).contains(&time)
    }
}

/// How a call went.
#[derive(Debug)]
pub(super) struct Outcome {
    /// When it should have begun, from which its latency counts.
    pub(super) due: Instant,
    /// When it was sent.
    pub(super) sent: Instant,
    /// When its whole answer was there.
    pub(super) ended: Instant,
    pub(super) result: Result<(), CallFailure>,
}

/// Counts of a run. Calls that were due in the measured span count, whenever they are answered; rates count the
/// answers that came in it.
pub(super) struct Tally {
    pub(super) span: Span,
    /// Sent.
    pub(super) calls: u64,
    /// Answered as they should be.
    pub(super) answered: u64,
    /// By name of the code.
    pub(super) errors: BTreeMap<&'static str, u64>,
    pub(super) first_failure: Option<CallFailure>,
    /// Of a call that does not count.
    pub(super) warm_up_failure: Option<CallFailure>,
    /// Due while too many others were outstanding.
    pub(super) not_sent: u64,
    /// Good answers that came within the span, whenever their calls were due.
    pub(super) answered_in_span: u64,
    /// In microseconds, of the calls answered.
    pub(super) latencies_us: Histogram<u64>,
    /// The longest from when a call was due to when it was sent.
    pub(super) latest_start: Duration,
}

impl Tally {
    /// Nothing yet.
    pub(super) fn new(span: Span) -> anyhow::Result<Self> {
        let latencies_us = Histogram::new_with_bounds(1, MAX_LATENCY_US, DIGITS)
            .context("cannot set the histogram of latencies up")?;
        Ok(Self {
            span,
            calls: 0,
            answered: 0,
            errors: BTreeMap::new(),
            first_failure: None,
            warm_up_failure: None,
            not_sent: 0,
            answered_in_span: 0,
            latencies_us,
            latest_start: Duration::ZERO,
        })
    }

    /// A call is sent.
    pub(super) fn sending(&mut self, due: Instant) {
        self.calls += u64::from(self.span.contains(due));
    }

    /// A call was due and could not be sent.
    pub(super) fn not_sent(&mut self, due: Instant) {
        self.not_sent += u64::from(self.span.contains(due));
    }

    /// A call has ended.
    pub(super) fn ended(&mut self, outcome: Outcome) {
        let Outcome { due, sent, ended, result } = outcome;
        if result.is_ok() && self.span.contains(ended) {
            self.answered_in_span += 1;
        }
        if !self.span.contains(due) {
            if let Err(failure) = result {
                self.warm_up_failure.get_or_insert(failure);
            }
            return;
        }
        self.latest_start = self.latest_start.max(sent.saturating_duration_since(due));
        match result {
            Ok(()) => {
                self.answered += 1;
                let latency = ended.saturating_duration_since(due).as_micros();
                self.latencies_us.saturating_record(u64::try_from(latency).unwrap_or(u64::MAX));
            }
            Err(failure) => {
                *self.errors.entry(failure.name).or_default() += 1;
                self.first_failure.get_or_insert(failure);
            }
        }
    }

    /// Calls that failed.
    pub(super) fn failed(&self) -> u64 {
        self.errors.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(name: &'static str) -> CallFailure {
        CallFailure { name, message: format!("{name} happened") }
    }

    #[test]
    fn calls_count_by_when_they_were_due_and_rates_by_when_they_were_answered() {
        let origin = Instant::now();
        let at = |ms| origin + Duration::from_millis(ms);
        let mut tally = Tally::new(Span { start: at(100), end: at(200) }).unwrap();
        // Due and answered: before, across the start, inside, across the end, after.
        for (due, ended) in [(0, 50), (90, 110), (100, 150), (190, 260), (200, 210)] {
            tally.sending(at(due));
            tally.ended(Outcome { due: at(due), sent: at(due + 5), ended: at(ended), result: Ok(()) });
        }
        assert_eq!((tally.calls, tally.answered, tally.answered_in_span), (2, 2, 2));
        // From when they were due, not from when they were sent.
        assert_eq!(tally.latencies_us.len(), 2);
        assert!(tally.latencies_us.equivalent(tally.latencies_us.min(), 50_000));
        assert!(tally.latencies_us.equivalent(tally.latencies_us.max(), 70_000));
        assert_eq!(tally.latest_start, Duration::from_millis(5));
    }

    #[test]
    fn failures_count_by_code_and_have_no_latency() {
        let origin = Instant::now();
        let span = Span { start: origin, end: origin + Duration::from_secs(1) };
        let mut tally = Tally::new(span).unwrap();
        for name in ["UNAVAILABLE", "INTERNAL", "UNAVAILABLE"] {
            tally.sending(origin);
            let result = Err(failure(name));
            tally.ended(Outcome { due: origin, sent: origin, ended: origin, result });
        }
        let (late, result) = (span.end, Err(failure("ABORTED")));
        tally.ended(Outcome { due: late, sent: late, ended: late, result });
        tally.not_sent(origin);
        tally.not_sent(span.end);
        assert_eq!(tally.errors, BTreeMap::from([("INTERNAL", 1), ("UNAVAILABLE", 2)]));
        assert_eq!((tally.calls, tally.failed(), tally.answered, tally.not_sent), (3, 3, 0, 1));
        assert_eq!((tally.answered_in_span, tally.latencies_us.len()), (0, 0));
        assert_eq!(tally.first_failure, Some(failure("UNAVAILABLE")));
        assert_eq!(tally.warm_up_failure, Some(failure("ABORTED")));
    }
}
