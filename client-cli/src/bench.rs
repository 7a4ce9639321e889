//! `polaris-client bench`: synthetic requests to a server, its throughput and latency out.

mod call;
mod error;
mod loops;
mod report;
mod schedule;
mod supply;
mod table;
mod tally;
mod traffic;

use std::io::Write;
use std::time::{Duration, Instant};

use serde::Serialize;

pub(crate) use self::call::CallKind;
use self::call::{Caller, Expected};
use self::error::BenchError;
use self::loops::Load;
use self::report::{Report, Settings};
pub(crate) use self::schedule::Arrivals;
use self::schedule::Schedule;
use self::tally::{Span, Tally};
use self::traffic::{Shape, Traffic};
use crate::connect::{self, Channel, REPLY_BYTES};
use crate::console::{Progress, say};
use crate::output_file::{Destination, OutputFile};
use crate::requirements::{self, ChosenModels};
use crate::session::{Interrupts, ServerOptions, Session};

/// Bytes of a map's message beside its values: its model's id comes on top.
const MAP_OVERHEAD_BYTES: usize = 32;

/// What `bench` was asked for.
#[derive(Debug)]
pub(crate) struct BenchOptions {
    /// The server.
    pub(crate) server: ServerOptions,
    /// The method.
    pub(crate) call: CallKind,
    /// Windows of a call.
    pub(crate) windows: usize,
    /// Alleles of a window, for scores.
    pub(crate) alleles: usize,
    /// Models to ask, all if none.
    pub(crate) model_ids: Vec<String>,
    /// When calls are sent.
    pub(crate) load: LoadChoice,
    /// Before anything counts.
    pub(crate) warm_up: Duration,
    /// What counts.
    pub(crate) duration: Duration,
    /// Of windows and arrivals.
    pub(crate) seed: u64,
    /// The same windows in every call.
    pub(crate) repeat: bool,
    /// Where the numbers go beside standard output.
    pub(crate) json: Option<Destination>,
    /// Errors only, beside the table.
    pub(crate) quiet: bool,
}

/// When calls are sent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "loop", rename_all = "snake_case")]
pub(crate) enum LoadChoice {
    /// When the last one is answered.
    Closed {
        /// Callers that do so.
        concurrency: usize,
    },
    /// On a schedule, whatever is answered.
    Open {
        /// Calls on average.
        rate_per_s: f64,
        /// How they follow each other.
        arrivals: Arrivals,
        /// Sent and not answered, at most.
        max_outstanding: usize,
    },
}

/// Loads the server and reports. A run in which calls failed reports like any other, and fails afterwards.
pub(crate) async fn run(options: BenchOptions) -> anyhow::Result<()> {
    let mut interrupts = Interrupts::listen()?;
    let progress = Progress::new(options.quiet);
    let json = options.json.as_ref().map(OutputFile::create).transpose()?;
    let mut session = Session::open(&options.server)?;
    let measured = measure(&options, &mut session, &progress, &mut interrupts).await;
    let (report, verdict) = match measured {
        Ok(report) => {
            let verdict = report.verdict();
            (Some(report), verdict.map_err(anyhow::Error::from))
        }
        Err(error) => (None, Err(error)),
    };
    let verdict = session.finish(verdict, &progress, options.quiet).await;
    drop(progress);
    let Some(report) = report else { return verdict };
    // First, so that a full disk takes nothing but the file.
    let shown = show(&report, options.quiet);
    let written = json.map_or(Ok(()), |file| write(&report, file));
    // What the calls came to is what the run is for.
    let mut errors = [verdict.err(), shown.err(), written.err()].into_iter().flatten();
    let first = errors.next();
    for error in errors {
        say(&format!("{error:#}"));
    }
    first.map_or(Ok(()), Err)
}

async fn measure(
    options: &BenchOptions,
    session: &mut Session,
    progress: &Progress,
    interrupts: &mut Interrupts,
) -> anyhow::Result<Report> {
    progress.stage("waiting for the server");
    let (channel, listed) = interrupts.unless(session.connect()).await?;
    if !options.quiet {
        session.show_messages(progress);
    }
    let chosen = requirements::choose(listed, &options.model_ids, u32::MAX)?;
    let shape = shape(options, &chosen);
    check(&shape, &chosen)?;
    let caller = caller(options, channel, &chosen);
    let traffic = Traffic::new(shape, options.seed, options.repeat);

    progress.start_counting("loading:", "windows", None);
    let begun = Instant::now();
    let start = begun + options.warm_up;
    let mut tally = Tally::new(Span { start, end: start + options.duration })?;
    let windows = u64::try_from(options.windows).unwrap_or(u64::MAX);
    let mut load = Load { caller: &caller, windows, tally: &mut tally, progress };
    let loaded = async {
        match options.load {
            LoadChoice::Closed { concurrency } => load.closed(concurrency, supply::ahead(traffic)?).await,
            LoadChoice::Open { rate_per_s, arrivals, max_outstanding } => {
                let end = options.warm_up + options.duration;
                let schedule = Schedule::new(arrivals, rate_per_s, end, options.seed);
                load.open(max_outstanding, supply::on_schedule(traffic, schedule, begun)?).await
            }
        }
    };
    let interrupted = tokio::select! {
        loaded = loaded => loaded.map(|()| None)?,
        () = interrupts.received() => Some(Instant::now()),
    };
    Ok(Report::new(options, Settings::new(options, &chosen), tally, interrupted)?)
}

fn shape(options: &BenchOptions, chosen: &ChosenModels) -> Shape {
    Shape {
        kind: options.call,
        windows: options.windows,
        alleles: options.alleles,
        length: chosen.input_length,
        cell_lines: chosen.cell_lines(),
        model_ids: chosen.requested.clone(),
    }
}

/// Whether the server can be expected to answer at all: otherwise every call would fail for one and the same reason.
fn check(shape: &Shape, chosen: &ChosenModels) -> Result<(), BenchError> {
    let (windows, alleles, length, limits) = (shape.windows, shape.alleles, shape.length, chosen.limits);
    let most = Shape::max_alleles(length);
    if shape.kind == CallKind::Score && alleles > most {
        return Err(BenchError::Alleles { alleles, length, most });
    }
    let counted = shape.counted_windows();
    if counted > limits.windows {
        return Err(BenchError::Windows { windows, counted, limit: limits.windows });
    }
    // One window stands for all, so that no request is made that would not fit into memory.
    let one = Shape { windows: 1, ..shape.clone() };
    let bytes = Traffic::new(one, 0, false).next().bytes().saturating_mul(windows);
    if bytes > limits.bytes {
        return Err(BenchError::Bytes { windows, bytes, limit: limits.bytes });
    }
    let models = chosen.models.len();
    let maps = chosen.models.iter().map(|model| 4 * length + model.id.len() + MAP_OVERHEAD_BYTES);
    let needed = maps.sum();
    if shape.kind == CallKind::Localize && needed > limits.response_bytes {
        return Err(BenchError::Response { limit: limits.response_bytes, models, needed });
    }
    Ok(())
}

fn caller(options: &BenchOptions, channel: Channel, chosen: &ChosenModels) -> Caller {
    let decoded = chosen.limits.response_bytes.max(REPLY_BYTES);
    Caller {
        service: connect::service(channel).max_decoding_message_size(decoded),
        expected: Expected {
            windows: options.windows,
            alleles: options.alleles,
            models: chosen.models.len(),
            length: chosen.input_length,
        },
        reply_limit: options.server.reply_limit,
    }
}

fn show(report: &Report, quiet: bool) -> anyhow::Result<()> {
    let shown = match std::io::stdout().lock().write_all(table::text(report).as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(anyhow::anyhow!("cannot write standard output: {error}"))
        }
        _ => Ok(()),
    };
    if !quiet {
        for warning in report.warnings() {
            say(&warning);
        }
    }
    shown
}

fn write(report: &Report, mut file: OutputFile) -> anyhow::Result<()> {
    let mut text = serde_json::to_vec_pretty(report)?;
    text.push(b'\n');
    file.write_all(&text)?;
    file.commit()?;
    Ok(())
}
