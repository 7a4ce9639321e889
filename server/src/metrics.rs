//! What the server counts, in the form that Prometheus reads.
//!
//! There is one set for the process, as with the log: things are counted where nothing else of the server is at hand, such
//! as where an error becomes a status, or where a job is dropped.

mod methods;
mod names;

use std::sync::LazyLock;

use prometheus::{
    Encoder, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry, TextEncoder,
};

pub(crate) use methods::{Method, Methods};
pub(crate) use names::{CancelledWhere, RejectedReason};

/// From a millisecond to a minute.
const DURATION_BUCKETS_SECONDS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
const BATCH_BUCKETS_WINDOWS: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

static METRICS: LazyLock<Result<Metrics, prometheus::Error>> = LazyLock::new(Metrics::new);

/// The process's metrics. `None` if they could not be made, which [`check`] has said.
pub(crate) fn metrics() -> Option<&'static Metrics> {
    METRICS.as_ref().ok()
}

/// Makes the process's metrics.
///
/// # Errors
/// If a name is taken twice.
pub(crate) fn check() -> Result<(), &'static prometheus::Error> {
    METRICS.as_ref().map(|_| ())
}

/// All that is counted; clones count the same.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// Seconds from a call's arrival to its status, by method and code.
    pub(crate) rpc_duration: HistogramVec,
    /// Rows that wait or are calculated.
    pub(crate) queue_windows: IntGauge,
    /// The most of them.
    pub(crate) queue_capacity: IntGauge,
    /// Windows of a batch.
    pub(crate) batch_windows: Histogram,
    stage_duration: HistogramVec,
    rejected: IntCounterVec,
    cancelled: IntCounterVec,
    /// Models that are served.
    pub(crate) models_ready: IntGauge,
    /// Models that are to be served.
    pub(crate) models_expected: IntGauge,
    /// Rows found among the kept predictions.
    pub(crate) cache_hits: IntCounter,
    /// Rows not found there.
    pub(crate) cache_misses: IntCounter,
    /// Bytes of the kept predictions.
    pub(crate) cache_bytes: IntGauge,
    device_memory: Gauge,
    /// Reloads of the registry by outcome: loaded, failed or unchanged.
    pub(crate) registry_reloads: IntCounterVec,
    build_info: IntGaugeVec,
}

impl Metrics {
    fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let new = New(&registry);
        let metrics = Self {
            rpc_duration: new.histograms(
                "polaris_rpc_duration_seconds",
                "Time from the arrival of a call to its status.",
                &["method", "code"],
            )?,
            queue_windows: new.gauge(
                "polaris_queue_windows",
                "Windows that wait for the engine or are calculated, alternates included.",
            )?,
            queue_capacity: new
                .gauge("polaris_queue_capacity_windows", "Windows for which the queue has room.")?,
            batch_windows: new.register(Histogram::with_opts(
                HistogramOpts::new("polaris_batch_windows", "Windows that went to the models at once.")
                    .buckets(BATCH_BUCKETS_WINDOWS.to_vec()),
            )?)?,
            stage_duration: new.histograms(
                "polaris_stage_duration_seconds",
                "Time in a stage: a job's in the queue before its first batch, and a batch's with the models.",
                &["stage"],
            )?,
            rejected: new.counters(
                "polaris_requests_rejected_total",
                "Requests that were refused before any work.",
                "reason",
            )?,
            cancelled: new.counters(
                "polaris_requests_cancelled_total",
                "Requests whose caller had gone or was out of time, by where their work was dropped.",
                "where",
            )?,
            models_ready: new.gauge("polaris_models_ready", "Models that are verified, loaded and warm.")?,
            models_expected: new.gauge("polaris_models_expected", "Models that are to be served.")?,
            cache_hits: new.counter(
                "polaris_cache_hits_total",
                "Windows whose prediction was found among those that are kept.",
            )?,
            cache_misses: new.counter(
                "polaris_cache_misses_total",
                "Windows whose prediction was not found among those that are kept.",
            )?,
            cache_bytes: new.gauge("polaris_cache_bytes", "Memory of the predictions that are kept.")?,
            // Registered once it is known.
            device_memory: Gauge::new(
                "polaris_device_memory_bytes",
                "Memory of the device that is taken: by this process, and by others that share it.",
            )?,
            registry_reloads: new.counters(
                "polaris_registry_reloads_total",
                "Reloads of the registry by outcome.",
                "outcome",
            )?,
            build_info: new.register(IntGaugeVec::new(
                Opts::new("polaris_build_info", "Version of the server and how it calculates; always 1."),
                &["version", "precision", "device"],
            )?)?,
            registry: registry.clone(),
        };
        metrics.begin_series();
        #[cfg(target_os = "linux")]
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(metrics)
    }

    /// Counters that have counted nothing say 0: a rate over a series that is not there is not 0 but nothing.
    fn begin_series(&self) {
        for reason in RejectedReason::ALL {
            self.rejected.with_label_values(&[reason.label()]);
        }
        for place in CancelledWhere::ALL {
            self.cancelled.with_label_values(&[place.label()]);
        }
        for outcome in ["loaded", "failed", "unchanged"] {
            self.registry_reloads.with_label_values(&[outcome]);
        }
    }

    /// A request was refused.
    pub(crate) fn rejected(&self, reason: RejectedReason) {
        self.rejected.with_label_values(&[reason.label()]).inc();
    }

    /// Work was dropped because nobody waits for it any more.
    pub(crate) fn cancelled(&self, place: CancelledWhere) {
        self.cancelled.with_label_values(&[place.label()]).inc();
    }

    /// A job has waited so long for its first batch.
    pub(crate) fn waited(&self, duration: std::time::Duration) {
        self.stage_duration.with_label_values(&["queue"]).observe(duration.as_secs_f64());
    }

    /// A batch has taken the models so long.
    pub(crate) fn computed(&self, duration: std::time::Duration) {
        self.stage_duration.with_label_values(&["compute"]).observe(duration.as_secs_f64());
    }

    /// What is served, and how it calculates.
    pub(crate) fn built(&self, precision: &str, device: &str) {
        self.build_info.reset();
        self.build_info.with_label_values(&[env!("CARGO_PKG_VERSION"), precision, device]).set(1);
    }

    /// So much of the device's memory is taken. A device that does not say has no series.
    pub(crate) fn device_memory(&self, bytes: u64) {
        self.device_memory.set(bytes as f64);
        // Refused after the first time, being there already.
        let _ = self.registry.register(Box::new(self.device_memory.clone()));
    }

    /// All of it, in Prometheus's text format.
    ///
    /// # Errors
    /// If two metrics contradict each other.
    pub(crate) fn text(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::with_capacity(16 << 10);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// Makes metrics that are registered.
struct New<'a>(&'a Registry);

impl New<'_> {
    fn register<M: prometheus::core::Collector + Clone + 'static>(
        &self,
        metric: M,
    ) -> Result<M, prometheus::Error> {
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.register(IntGauge::new(name, help)?)
    }

    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        self.register(IntCounter::new(name, help)?)
    }

    fn counters(&self, name: &str, help: &str, label: &str) -> Result<IntCounterVec, prometheus::Error> {
        self.register(IntCounterVec::new(Opts::new(name, help), &[label])?)
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str]) -> Result<HistogramVec, prometheus::Error> {
        let options = HistogramOpts::new(name, help).buckets(DURATION_BUCKETS_SECONDS.to_vec());
        self.register(HistogramVec::new(options, labels)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(metrics: &Metrics) -> String {
        String::from_utf8(metrics.text().unwrap()).unwrap()
    }

    #[test]
    fn names_types_and_values() {
        let metrics = Metrics::new().unwrap();
        metrics.rejected(RejectedReason::QueueFull);
        metrics.built("strict", "cpu");
        metrics.built("fast", "cpu");
        metrics.rpc_duration.with_label_values(&["polaris.v1.PolarisService/Predict", "OK"]).observe(0.002);
        metrics.waited(std::time::Duration::from_millis(3));
        let text = text(&metrics);
        for line in [
            "# TYPE polaris_rpc_duration_seconds histogram",
            r#"polaris_rpc_duration_seconds_bucket{code="OK",method="polaris.v1.PolarisService/Predict",le="0.001"} 0"#,
            r#"polaris_rpc_duration_seconds_bucket{code="OK",method="polaris.v1.PolarisService/Predict",le="60"} 1"#,
            r#"polaris_stage_duration_seconds_bucket{stage="queue",le="0.0025"} 0"#,
            r#"polaris_requests_rejected_total{reason="queue_full"} 1"#,
            r#"polaris_requests_cancelled_total{where="engine"} 0"#,
            r#"polaris_batch_windows_bucket{le="1024"} 0"#,
            "# TYPE polaris_queue_windows gauge",
            "# TYPE process_resident_memory_bytes gauge",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        assert_eq!(text.lines().filter(|line| line.starts_with("polaris_build_info{")).count(), 1);
    }

    #[test]
    fn device_memory_is_absent_until_it_is_known() {
        let metrics = Metrics::new().unwrap();
        assert!(!text(&metrics).contains("polaris_device_memory_bytes"));
        metrics.device_memory(1 << 30);
        metrics.device_memory(2 << 30);
        assert!(text(&metrics).contains("polaris_device_memory_bytes 2147483648"));
    }
}
