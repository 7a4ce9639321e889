//! The report as text.

use std::fmt::Write;

use super::LoadChoice;
use super::report::{Report, Settings};

/// Lines for standard output.
pub(super) fn text(report: &Report) -> String {
    let mut text = headline(report);
    text.push('\n');
    for (name, value) in counts(report) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:<21}{value:>12}");
    }
    text.push_str("\nlatency in ms, of the calls answered\n");
    let names = ["mean", "p50", "p90", "p95", "p99", "max"];
    let values = match &report.latency_ms {
        Some(latency) => [latency.mean, latency.p50, latency.p90, latency.p95, latency.p99, latency.max]
            .map(|value| format!("{value:.2}")),
        None => names.map(|_| "-".to_owned()),
    };
    for row in [names.map(str::to_owned), values] {
        let cells: Vec<String> = row.iter().map(|cell| format!("{cell:>10}")).collect();
        text.push_str(&cells.concat());
        text.push('\n');
    }
    text
}

fn headline(report: &Report) -> String {
    let settings = &report.settings;
    format!(
        "{}: {} a call{}, {}; {}\n{}; {:.2} s measured after {:.2} s of warm-up\n",
        settings.call.name(),
        counted(settings.windows_per_call, "window"),
        alleles(settings),
        if settings.repeat { "the same in every call" } else { "others in every call" },
        counted(settings.models.len(), "model"),
        load(&settings.load),
        report.measured_s,
        settings.warm_up_s,
    )
}

fn alleles(settings: &Settings) -> String {
    settings
        .alleles_per_window
        .map_or_else(String::new, |alleles| format!(" with {} each", counted(alleles, "allele")))
}

fn load(load: &LoadChoice) -> String {
    match load {
        LoadChoice::Closed { concurrency } => format!("closed loop, {}", counted(*concurrency, "caller")),
        LoadChoice::Open { rate_per_s, arrivals, max_outstanding } => format!(
            "open loop, {rate_per_s} calls/s ({}), at most {max_outstanding} outstanding",
            arrivals.name()
        ),
    }
}

/// What is zero by the nature of the run is left out.
fn counts(report: &Report) -> Vec<(String, String)> {
    let mut rows = vec![
        ("calls".to_owned(), report.calls.to_string()),
        ("  answered".to_owned(), report.answered.to_string()),
    ];
    rows.extend(report.errors.iter().map(|(name, count)| (format!("  {name}"), count.to_string())));
    if report.given_up > 0 {
        rows.push(("  given up".to_owned(), report.given_up.to_string()));
    }
    if matches!(report.settings.load, LoadChoice::Open { .. }) {
        rows.push(("not sent".to_owned(), report.not_sent.to_string()));
        rows.push(("latest start, ms".to_owned(), format!("{:.2}", report.latest_start_ms)));
    }
    rows.push(("calls/s".to_owned(), format!("{:.2}", report.calls_per_s)));
    rows.push(("windows/s".to_owned(), format!("{:.1}", report.windows_per_s)));
    rows.extend(report.alleles_per_s.map(|rate| ("alleles/s".to_owned(), format!("{rate:.1}"))));
    rows
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::super::schedule::Arrivals;
    use super::*;

    #[test]
    fn closed_loop_with_errors() {
        let report = report(LoadChoice::Closed { concurrency: 1 }, &[20, 20], &["DEADLINE_EXCEEDED"]);
        let (counts, latency) = split(&report);
        assert_eq!(
            counts,
            "score: 64 windows a call with 2 alleles each, others in every call; 2 models\n\
             closed loop, 1 caller; 1.00 s measured after 0.50 s of warm-up\n\
             \n\
             calls                           3\n\
             \u{20} answered                      2\n\
             \u{20} DEADLINE_EXCEEDED             1\n\
             calls/s                      2.00\n\
             windows/s                   128.0\n\
             alleles/s                   256.0\n"
        );
        assert_eq!(latency[0], ["mean", "p50", "p90", "p95", "p99", "max"]);
        assert!(latency[1].iter().all(|value| value.starts_with("20.0")), "{latency:?}");
    }

    #[test]
    fn open_loop_without_an_answer() {
        let load = LoadChoice::Open { rate_per_s: 2.5, arrivals: Arrivals::Poisson, max_outstanding: 256 };
        let (counts, latency) = split(&report(load, &[], &["UNAVAILABLE"]));
        assert!(
            counts.contains("\nopen loop, 2.5 calls/s (Poisson), at most 256 outstanding; 1.00 s"),
            "{counts}"
        );
        assert!(counts.contains("\nnot sent                        0\n"), "{counts}");
        assert_eq!(latency[1], ["-"; 6]);
    }

    fn split(report: &Report) -> (String, Vec<Vec<String>>) {
        let text = text(report);
        let (counts, latency) = text.split_once("\nlatency in ms, of the calls answered\n").unwrap();
        let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        (counts.to_owned(), latency.lines().map(cells).collect())
    }
}
