//! The command line of `polaris-client bench`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{ServerArguments, distinct, usage};
use crate::bench::{Arrivals, BenchOptions, CallKind, LoadChoice};
use crate::output_file::Destination;

/// A day.
const MAX_SECONDS: f64 = 86_400.0;
/// More calls a second than one client can send.
const MAX_RATE_PER_S: f64 = 100_000.0;

const EXAMPLES: &str = "\
Examples:
  # How many windows a second does a server predict for two callers
  polaris-client bench --server http://gpu1:50051

  # How long do answers take when 40 calls of 8 windows come every second, whether or not the server keeps up
  polaris-client bench --server http://gpu1:50051 --rate 40 --windows 8 --duration 60 --json load.json

  # Nine alleles in each of 32 windows, on a server of its own, for two models
  polaris-client bench --registry models/ --call score --windows 32 --alleles 9 --models QKI.K562,RBFOX2.K562

  # What the server's cache of results is worth
  polaris-client bench --server unix:/run/polaris.sock --repeat

What is measured:
  Windows are random sequences with random expression and region, made before their call is due. They are others in
  every call, so that results which the server has kept do not flatter it; --repeat sends the first call's again and
  again. The same --seed sends the same windows.
  In a closed loop, --concurrency callers each send their next call when their last is answered (10 ms later if it
  failed). In an open loop, --rate calls come a second on a schedule that does not wait for answers, and latency counts
  from when a call was due: a server that stalls is charged for all who would have waited. A call that is due while
  --max-outstanding others are, is not sent, and counted.
  Calls count that begin (are due) after the warm-up and before the end; all of them are waited for. Rates are of the
  answers that came in that time. Latency is from when a call began (was due) to the whole of its answer, of the calls
  answered well, to three digits. Calls that fail are counted by gRPC code; one without an answer in --timeout-s is
  DEADLINE_EXCEEDED.
  Ctrl-C ends the run early and reports what was measured so far.

Exit codes: 0 success, 1 a call or the run failed, 2 the command line is wrong.";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct BenchArguments {
    #[command(flatten)]
    server: ServerArguments,
    /// What to call
    #[arg(long, value_name = "METHOD", value_enum, default_value_t)]
    call: CallKind,
    /// Windows in a call
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    windows: u32,
    /// Single substitutions of each window, with `--call score`: of the base at its centre, then of those around it;
    /// 1 by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    alleles: Option<u32>,
    /// Models to ask, separated by commas; all of the server's by default
    #[arg(long, value_name = "A,B", value_delimiter = ',', num_args = 1)]
    models: Vec<String>,
    /// Closed loop: callers that each wait for their answer before they call again
    #[arg(long, value_name = "N", default_value_t = 2, conflicts_with = "rate", value_parser = clap::value_parser!(u32).range(1..=4096))]
    concurrency: u32,
    /// Open loop: calls a second, sent on a schedule that does not wait for answers
    #[arg(long, value_name = "CALLS", value_parser = rate)]
    rate: Option<f64>,
    /// How calls of an open loop follow each other
    #[arg(long, value_name = "PROCESS", value_enum, default_value_t, requires = "rate")]
    arrivals: Arrivals,
    /// Calls of an open loop that are sent and not answered, at most
    #[arg(long, value_name = "N", default_value_t = 256, requires = "rate", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    max_outstanding: u32,
    /// Seconds to measure for
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = duration)]
    duration: Duration,
    /// Seconds of the same load before that
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = warm_up)]
    warm_up: Duration,
    /// Decides on windows and random arrivals
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Send the same windows in every call
    #[arg(long)]
    repeat: bool,
    /// Also write the numbers and settings as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// No progress and no remarks, the table and errors only
    #[arg(long, short = 'q')]
    quiet: bool,
}

impl BenchArguments {
    /// What was meant.
    pub(super) fn into_options(self) -> Result<BenchOptions, clap::Error> {
        if self.alleles.is_some() && self.call != CallKind::Score {
            return Err(usage("--alleles is for --call score: other calls have no alleles"));
        }
        let json = self.json.as_deref().map(Destination::from_argument);
        if json == Some(Destination::Stdout) {
            return Err(usage("--json needs a file: the table is written to standard output"));
        }
        let load = match self.rate {
            None => LoadChoice::Closed { concurrency: size(self.concurrency) },
            Some(rate_per_s) => LoadChoice::Open {
                rate_per_s,
                arrivals: self.arrivals,
                max_outstanding: size(self.max_outstanding),
            },
        };
        Ok(BenchOptions {
            server: self.server.into_options()?,
            call: self.call,
            windows: size(self.windows),
            alleles: size(self.alleles.unwrap_or(1)),
            model_ids: distinct(&self.models)?,
            load,
            warm_up: self.warm_up,
            duration: self.duration,
            seed: self.seed,
            repeat: self.repeat,
            json,
            quiet: self.quiet,
        })
    }
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn rate(text: &str) -> Result<f64, String> {
    let is_rate = |rate: &f64| *rate > 0.0 && *rate <= MAX_RATE_PER_S;
    let refused = || format!("a number of calls a second is needed, above 0 and up to {MAX_RATE_PER_S}");
    text.parse().ok().filter(is_rate).ok_or_else(refused)
}

fn duration(text: &str) -> Result<Duration, String> {
    let refused = || format!("a number of seconds is needed, above 0 and up to {MAX_SECONDS}");
    seconds(text).filter(|time| !time.is_zero()).ok_or_else(refused)
}

fn warm_up(text: &str) -> Result<Duration, String> {
    seconds(text).ok_or_else(|| format!("a number of seconds is needed, from 0 to {MAX_SECONDS}"))
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok().filter(|_| seconds <= MAX_SECONDS)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Action, Arguments};
    use super::*;

    fn options(arguments: &[&str]) -> Result<BenchOptions, String> {
        let always = ["polaris-client", "bench", "--server", "unix:/s"];
        let typed = always.iter().chain(arguments);
        let action = Arguments::try_parse_from(typed).and_then(Arguments::into_action);
        match action.map_err(|error| error.to_string())? {
            Action::Bench(options) => Ok(options),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_closed_loop_by_default_and_an_open_one_with_a_rate() {
        let plain = options(&[]).unwrap();
        assert_eq!(plain.load, LoadChoice::Closed { concurrency: 2 });
        assert_eq!((plain.call, plain.windows, plain.alleles), (CallKind::Predict, 64, 1));
        assert_eq!((plain.warm_up, plain.duration), (Duration::from_secs(2), Duration::from_secs(10)));
        let open = options(&["--rate", "2.5", "--duration", "0.25", "--warm-up", "0"]).unwrap();
        let load = LoadChoice::Open { rate_per_s: 2.5, arrivals: Arrivals::Poisson, max_outstanding: 256 };
        assert_eq!((open.load, open.duration), (load, Duration::from_millis(250)));
        let typed = ["--rate", "9", "--arrivals", "constant", "--max-outstanding", "3", "--call", "score"];
        let load = LoadChoice::Open { rate_per_s: 9.0, arrivals: Arrivals::Constant, max_outstanding: 3 };
        assert_eq!(options(&typed).unwrap().load, load);
    }

    #[test]
    fn what_is_refused() {
        for (wrong, words) in [
            (&["--windows", "0"][..], "--windows"),
            (&["--concurrency", "0"], "--concurrency"),
            (&["--concurrency", "3", "--rate", "1"], "--rate"),
            (&["--rate", "0"], "above 0"),
            (&["--rate", "NaN"], "above 0"),
            (&["--rate", "fast"], "calls a second"),
            (&["--arrivals", "constant"], "--rate"),
            (&["--max-outstanding", "9"], "--rate"),
            (&["--duration", "0"], "above 0"),
            (&["--duration", "inf"], "seconds"),
            (&["--warm-up=-1"], "from 0"),
            (&["--duration", "86401"], "86400"),
            (&["--alleles", "2"], "--call score"),
            (&["--call", "scan"], "predict"),
            (&["--json", "-"], "needs a file"),
            (&["--models", "A.K562,,B.K562"], "empty name"),
        ] {
            let refused = options(wrong).unwrap_err();
            assert!(refused.contains(words), "{wrong:?}: {refused}");
        }
    }
}
