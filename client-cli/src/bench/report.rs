//! What a run reports: the numbers and the settings that they belong to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::call::{CallFailure, CallKind};
use super::error::BenchError;
use super::tally::Tally;
use super::{BenchOptions, LoadChoice};
use crate::requirements::ChosenModels;
use crate::session::ServerChoice;

/// Layout of the JSON.
const FORMAT: u32 = 1;
/// Fewer answers make a rate that the next run will not repeat.
const FEW_ANSWERS: u64 = 20;

/// All of it, as `--json` writes it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) format: u32,
    pub(super) client_version: &'static str,
    pub(super) server: ServerName,
    pub(super) settings: Settings,
    /// A signal ended the run early.
    pub(super) interrupted: bool,
    /// Length of the measured span.
    pub(super) measured_s: f64,
    /// Sent.
    pub(super) calls: u64,
    pub(super) answered: u64,
    pub(super) failed: u64,
    /// By name of the gRPC code.
    pub(super) errors: BTreeMap<&'static str, u64>,
    /// Sent, and not waited for after the signal.
    pub(super) given_up: u64,
    /// Due while too many others were outstanding.
    pub(super) not_sent: u64,
    /// Answered in the measured span, as rates are.
    pub(super) answered_in_span: u64,
    pub(super) calls_per_s: f64,
    /// Reference windows.
    pub(super) windows_per_s: f64,
    /// Of scores alone.
    pub(super) alleles_per_s: Option<f64>,
    /// None if nothing was answered.
    pub(super) latency_ms: Option<Latency>,
    /// The longest from when a call was due to when it was sent.
    pub(super) latest_start_ms: f64,
    #[serde(skip)]
    first_failure: Option<CallFailure>,
    /// Of a call that does not count.
    #[serde(skip)]
    warm_up_failure: Option<CallFailure>,
}

/// Which server was asked.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ServerName {
    Running { address: String },
    Embedded { registry: PathBuf, device: Option<String> },
}

/// What was asked.
#[derive(Debug, Serialize)]
pub(super) struct Settings {
    pub(super) call: CallKind,
    pub(super) windows_per_call: usize,
    /// Of scores alone.
    pub(super) alleles_per_window: Option<usize>,
    pub(super) models: Vec<String>,
    /// Bases of a window.
    pub(super) input_length: usize,
    /// The same windows in every call.
    pub(super) repeat: bool,
    pub(super) seed: u64,
    pub(super) load: LoadChoice,
    pub(super) warm_up_s: f64,
    pub(super) duration_s: f64,
    pub(super) timeout_s: u64,
}

/// Of the calls answered, to three digits.
#[derive(Debug, Serialize)]
pub(super) struct Latency {
    pub(super) mean: f64,
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}

impl Settings {
    /// Of a run.
    pub(super) fn new(options: &BenchOptions, chosen: &ChosenModels) -> Self {
        Self {
            call: options.call,
            windows_per_call: options.windows,
            alleles_per_window: (options.call == CallKind::Score).then_some(options.alleles),
            models: chosen.ids(),
            input_length: chosen.input_length,
            repeat: options.repeat,
            seed: options.seed,
            load: options.load,
            warm_up_s: options.warm_up.as_secs_f64(),
            duration_s: options.duration.as_secs_f64(),
            timeout_s: options.server.reply_limit.as_secs(),
        }
    }
}

impl Report {
    /// Of a run that has ended, or was interrupted at a time.
    pub(super) fn new(
        options: &BenchOptions,
        settings: Settings,
        tally: Tally,
        interrupted: Option<Instant>,
    ) -> Result<Self, BenchError> {
        let end = interrupted.map_or(tally.span.end, |at| at.min(tally.span.end));
        let measured_s = end.saturating_duration_since(tally.span.start).as_secs_f64();
        if tally.calls == 0 {
            return Err(nothing(&tally, settings.duration_s, interrupted.is_some()));
        }
        let per_s = |count: f64| if measured_s > 0.0 { count / measured_s } else { 0.0 };
        let calls_per_s = per_s(float(tally.answered_in_span));
        let windows_per_s = calls_per_s * size(settings.windows_per_call);
        let failed = tally.failed();
        let server = match &options.server.choice {
            ServerChoice::Running(address) => ServerName::Running { address: address.to_string() },
            ServerChoice::Embedded(server) => {
                ServerName::Embedded { registry: server.registry.clone(), device: server.device.clone() }
            }
        };
        Ok(Self {
            format: FORMAT,
            client_version: env!("CARGO_PKG_VERSION"),
            server,
            interrupted: interrupted.is_some(),
            measured_s,
            calls: tally.calls,
            answered: tally.answered,
            failed,
            given_up: tally.calls.saturating_sub(tally.answered + failed),
            not_sent: tally.not_sent,
            answered_in_span: tally.answered_in_span,
            calls_per_s,
            windows_per_s,
            alleles_per_s: settings.alleles_per_window.map(|alleles| windows_per_s * size(alleles)),
            latency_ms: Latency::of(&tally),
            latest_start_ms: milliseconds(tally.latest_start),
            errors: tally.errors,
            first_failure: tally.first_failure,
            warm_up_failure: tally.warm_up_failure,
            settings,
        })
    }

    /// Whether every call was answered.
    pub(super) fn verdict(&self) -> Result<(), BenchError> {
        let Some(first) = &self.first_failure else { return Ok(()) };
        let first = first.to_string();
        Err(BenchError::CallsFailed { failed: self.failed, calls: self.calls, first })
    }

    /// What a reader should know before believing the numbers.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.interrupted {
            warnings.push(format!("interrupted after {:.2} s of measurement", self.measured_s));
        }
        if let Some(first) = &self.warm_up_failure {
            warnings.push(format!("calls of the warm-up failed, which do not count, the first with {first}"));
        }
        if self.not_sent > 0 {
            warnings.push(format!(
                "{} calls were due and not sent: the server does not keep up, and the latencies are those of the calls \
                 that found room",
                self.not_sent
            ));
        }
        if self.failed == 0 && self.answered_in_span < FEW_ANSWERS {
            warnings.push(format!(
                "answers in {:.2} s: {}, too few for a rate that can be relied on: raise --duration",
                self.measured_s, self.answered_in_span
            ));
        }
        warnings
    }
}

impl Latency {
    fn of(tally: &Tally) -> Option<Self> {
        let latencies = &tally.latencies_us;
        let at = |quantile| float(latencies.value_at_quantile(quantile)) / 1000.0;
        (!latencies.is_empty()).then(|| Self {
            mean: latencies.mean() / 1000.0,
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            max: float(latencies.max()) / 1000.0,
        })
    }
}

/// Why there is nothing to report.
fn nothing(tally: &Tally, seconds: f64, interrupted: bool) -> BenchError {
    match &tally.warm_up_failure {
        _ if interrupted => BenchError::Interrupted,
        Some(first) => BenchError::WarmUpFailed { seconds, first: first.to_string() },
        None if tally.not_sent > 0 => BenchError::NothingSent { not_sent: tally.not_sent },
        None => BenchError::NothingMeasured { seconds },
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Counts of calls and microseconds are far below 2^53.
fn float(count: u64) -> f64 {
    count as f64
}

fn size(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
pub(super) mod tests {
    use polaris_proto::v1::Model;

    use super::super::tally::{Outcome, Span};
    use super::*;
    use crate::requirements::RequestLimits;

    /// Of a load whose calls took these latencies, one second measured.
    pub(in super::super) fn report(
        load: LoadChoice,
        latencies_ms: &[u64],
        errors: &[&'static str],
    ) -> Report {
        let start = Instant::now();
        let mut tally = Tally::new(Span { start, end: start + Duration::from_secs(1) }).unwrap();
        let failures = errors.iter().map(|&name| Err(CallFailure { name, message: "no".to_owned() }));
        let outcomes = latencies_ms.iter().map(|&latency_ms| (latency_ms, Ok(())));
        for (latency_ms, result) in outcomes.chain(failures.map(|failure| (1, failure))) {
            tally.sending(start);
            let ended = start + Duration::from_millis(latency_ms);
            tally.ended(Outcome { due: start, sent: start, ended, result });
        }
        reported(load, tally)
    }

    fn reported(load: LoadChoice, tally: Tally) -> Report {
        let server = crate::session::ServerOptions {
            choice: ServerChoice::Running("unix:/s".parse().unwrap()),
            reply_limit: Duration::from_secs(300),
            credentials: crate::credentials::Credentials::default(),
        };
        let options = BenchOptions {
            server,
            call: CallKind::Score,
            windows: 64,
            alleles: 2,
            model_ids: Vec::new(),
            load,
            warm_up: Duration::from_millis(500),
            duration: Duration::from_secs(1),
            seed: 1,
            repeat: false,
            json: None,
            quiet: true,
        };
        let model = |id: &str| Model { id: id.to_owned(), ..Model::default() };
        let chosen = ChosenModels {
            models: vec![model("A.K562"), model("B.K562")],
            requested: Vec::new(),
            input_length: 1000,
            limits: RequestLimits { windows: 64, bytes: 1 << 20, response_bytes: 1 << 20 },
        };
        let settings = Settings::new(&options, &chosen);
        Report::new(&options, settings, tally, None).unwrap()
    }

    #[test]
    fn quantiles_are_those_of_the_calls() {
        let latencies: Vec<u64> = (1..=100).collect();
        let report = report(LoadChoice::Closed { concurrency: 2 }, &latencies, &[]);
        let latency = report.latency_ms.as_ref().unwrap();
        let all = [latency.mean, latency.p50, latency.p90, latency.p95, latency.p99, latency.max];
        for (found, expected) in all.into_iter().zip([50.5, 50.0, 90.0, 95.0, 99.0, 100.0]) {
            assert!((found - expected).abs() < 1e-3 * expected, "{found} is not {expected}");
        }
        let rates = [report.calls_per_s, report.windows_per_s, report.alleles_per_s.unwrap()];
        assert_eq!(rates, [100.0, 6400.0, 12_800.0]);
        assert!(report.verdict().is_ok() && report.warnings().is_empty());
    }

    #[test]
    fn failures_are_the_verdict() {
        let failed = report(LoadChoice::Closed { concurrency: 1 }, &[5], &["INTERNAL", "UNAVAILABLE"]);
        let words = failed.verdict().unwrap_err().to_string();
        assert_eq!(words, "2 of 3 calls failed, the first with INTERNAL: no");
        let json = serde_json::to_value(&failed).unwrap();
        assert_eq!(json["errors"], serde_json::json!({"INTERNAL": 1, "UNAVAILABLE": 1}));
        assert_eq!(json["settings"]["load"], serde_json::json!({"loop": "closed", "concurrency": 1}));
        let few = report(LoadChoice::Closed { concurrency: 1 }, &[5], &[]);
        assert!(few.warnings()[0].starts_with("answers in 1.00 s: 1, too few"), "{:?}", few.warnings());
    }
    #[test]
    fn failures_of_the_warm_up_are_no_verdict_and_are_told() {
        let start = Instant::now();
        let mut tally = Tally::new(Span { start, end: start + Duration::from_secs(1) }).unwrap();
        let failure = CallFailure { name: "UNAVAILABLE", message: "loading".to_owned() };
        let before = start.checked_sub(Duration::from_millis(5)).unwrap();
        for (due, result) in [(before, Err(failure)), (start, Ok(()))] {
            tally.sending(due);
            tally.ended(Outcome { due, sent: due, ended: start, result });
        }
        let report = reported(LoadChoice::Closed { concurrency: 1 }, tally);
        assert!(report.verdict().is_ok());
        assert!(
            report.warnings()[0].ends_with("the first with UNAVAILABLE: loading"),
            "{:?}",
            report.warnings()
        );
    }
}
