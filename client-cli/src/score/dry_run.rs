//! `--dry-run`: what a run would do, without doing it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use polaris_proto::v1::ScoreVariantsRequest;
use tokio_stream::wrappers::ReceiverStream;

use super::cutting::Plans;
use super::fleet::Server;
use super::plan::{AllelePlan, Plan};
use super::request::pack;
use super::summary::Counts;
use crate::connect::{self, in_time};
use crate::console::Progress;
use crate::requirements::RequestLimits;
use crate::vcf::{Header, SkipReason};

/// Requests that are sent to learn how fast the server is.
const PROBES: usize = 4;

/// What the input holds.
#[derive(Default)]
struct Found {
    counts: Counts,
    /// Records by contig, and how many alleles of it are on no contig of the reference.
    contigs: BTreeMap<String, (u64, u64)>,
    mismatched: u64,
    windows: u64,
    /// Windows and time of the probes.
    probed: (u64, Duration),
}

/// Reads everything and reports. Sends a few requests to tell how long a run would take.
pub(super) async fn report(
    mut plans: Plans,
    header: &Header,
    server: &Server,
    requested: &[String],
    limits: RequestLimits,
    reply_limit: Duration,
    progress: &Progress,
) -> anyhow::Result<String> {
    let mut found = Found::default();
    let mut probes = 0;
    while let Some(plan) = plans.next().await {
        let plan = plan?;
        progress.add(u64::try_from(plan.records.len()).unwrap_or(0));
        found.add(&plan);
        let packed = pack(plan.windows, requested, limits);
        for request in packed.requests {
            let windows = windows_of(&request);
            found.windows += windows;
            if probes < PROBES {
                let begun = Instant::now();
                in_time(reply_limit, probe(server, request)).await?;
                // The first is slower than all others: connections and caches are cold.
                if probes > 0 || found.probed.0 == 0 {
                    found.probed = match probes {
                        1 => (windows, begun.elapsed()),
                        _ => (found.probed.0 + windows, found.probed.1 + begun.elapsed()),
                    };
                }
                probes += 1;
            }
        }
    }
    Ok(found.text(header))
}

async fn probe(server: &Server, request: ScoreVariantsRequest) -> Result<(), tonic::Status> {
    let (sender, requests) = tokio::sync::mpsc::channel(1);
    // The receiver is at hand.
    let _ = sender.send(request).await;
    drop(sender);
    let mut service = connect::service(server.channel.clone());
    let mut replies = service.score_variants(ReceiverStream::new(requests)).await?.into_inner();
    while replies.message().await?.is_some() {}
    Ok(())
}

fn windows_of(request: &ScoreVariantsRequest) -> u64 {
    let windows = request.windows.iter().map(|window| 1 + window.alleles.len()).sum::<usize>();
    u64::try_from(windows).unwrap_or(u64::MAX)
}

impl Found {
    fn add(&mut self, plan: &Plan) {
        for record in &plan.records {
            self.counts.records += 1;
            let contig = String::from_utf8_lossy(record.record.contig()).into_owned();
            let (records, unknown) = self.contigs.entry(contig).or_default();
            *records += 1;
            for allele in &record.alleles {
                let skipped = match allele {
                    AllelePlan::Skipped(reason) => Some(*reason),
                    AllelePlan::Scored(_) => None,
                };
                self.counts.allele(skipped);
                *unknown += u64::from(skipped == Some(SkipReason::ContigUnknown));
                self.mismatched += u64::from(skipped == Some(SkipReason::RefMismatch));
            }
        }
    }

    fn text(&self, header: &Header) -> String {
        let Self { counts, contigs, mismatched, windows, probed } = self;
        let mut text = format!(
            "dry run: {} records, {} alleles: {} would be scored, {} skipped\n",
            counts.records,
            counts.alleles,
            counts.scored,
            counts.skipped()
        );
        let mut line = |line: std::fmt::Arguments<'_>| {
            // Writing to a text does not fail.
            let _ = writeln!(text, "{line}");
        };
        for (reason, count) in counts.by_reason() {
            line(format_args!("  skipped, {reason}: {count}"));
        }
        let declared = header.lines.iter().filter(|line| line.content.starts_with(b"##contig=")).count();
        line(format_args!("contigs: {} with records, {declared} declared in the header", contigs.len()));
        for (contig, (records, unknown)) in contigs {
            let known = if *unknown > 0 { ", which the reference does not have" } else { "" };
            line(format_args!("  {contig}: {records} records{known}"));
        }
        let compared = counts.scored + mismatched;
        line(format_args!("REF agrees with the reference for {} of {compared} alleles", counts.scored));
        line(format_args!("windows to calculate: {windows}"));
        let (probed_windows, time) = *probed;
        if probed_windows > 0 {
            let seconds = time.as_secs_f64() * ratio(*windows, probed_windows);
            line(format_args!("one server would take about {}", span(seconds)));
        }
        text
    }
}

/// Counts are far below where a float is exact.
fn ratio(of: u64, to: u64) -> f64 {
    let [of, to] = [of, to].map(|count| f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
    of / to
}

fn span(seconds: f64) -> String {
    match seconds {
        ..90.0 => format!("{seconds:.0} s"),
        90.0..5400.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}
