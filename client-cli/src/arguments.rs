//! The command line in two steps: what was typed (`Arguments`, read by clap), and what was meant
//! (`Action`, checked and free of contradictions).

mod bench;
mod localize;
mod scan;

use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use self::bench::BenchArguments;
use self::localize::LocalizeArguments;
use self::scan::ScanArguments;
use crate::bench::BenchOptions;
use crate::connect::ServerAddress;
use crate::localize::LocalizeOptions;
use crate::models::ModelsOptions;
use crate::output_file::Destination;
use crate::scan::ScanOptions;
use crate::score::ScoreOptions;
use crate::server_process::EmbeddedServer;
use crate::session::{ServerChoice, ServerOptions};

const EXAMPLES: &str = "\
Examples:
  # Score with models on this machine: a server is started for the run and stopped afterwards
  polaris-client score variants.vcf.gz --reference hg38/ --registry models/ -o scored.vcf.gz

  # Ask a server that is running, for two models, with the full table beside the VCF
  polaris-client score variants.vcf --reference hg38/ --server http://gpu1:50051 \\
      --models RBFOX2.K562,QKI.HepG2 -o scored.vcf.gz --tsv scores.tsv.gz

  # In a pipe
  bcftools view -f PASS calls.bcf | polaris-client score - --reference hg38/ --registry models/ \\
      | bcftools view -i 'ABS(POLARIS_DELTA)>0.2'

  # Which models are there, and how fast is a server
  polaris-client models --registry models/
  polaris-client bench --server http://gpu1:50051

Exit codes: 0 success, 1 the run failed, 2 the command line is wrong.";

/// What was typed.
#[derive(Debug, Parser)]
#[command(name = "polaris-client", version, after_help = EXAMPLES)]
#[command(about = "Scores how variants change the binding of RNA-binding proteins to transcripts")]
#[command(max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Score every alternate allele of a VCF and write the VCF out again with the scores in INFO
    #[command(after_help = EXAMPLES)]
    Score(ScoreArguments),
    /// Write tracks of binding along genes or regions, for genome browsers
    Scan(ScanArguments),
    /// Say which bases drive predictions, of regions, sequences of one's own, or the alleles of a VCF
    Localize(LocalizeArguments),
    /// List the models of a server or a registry
    Models(ModelsArguments),
    /// Load a server with synthetic requests and report its throughput and latency
    Bench(BenchArguments),
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("source").required(true).args(["server", "registry"]))]
struct ServerArguments {
    /// Server to ask: http://HOST:PORT or unix:PATH
    #[arg(long, value_name = "URL")]
    server: Option<ServerAddress>,
    /// Model registry: a polaris-server is started on it for this run and stopped afterwards
    #[arg(long, value_name = "DIR")]
    registry: Option<PathBuf>,
    /// Device of the server that is started: cpu, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", conflicts_with = "server")]
    device: Option<String>,
    /// The polaris-server to start; by default the one beside this program, else the one on PATH
    #[arg(long, value_name = "FILE", env = "POLARIS_SERVER_BINARY", hide_env_values = true)]
    server_binary: Option<PathBuf>,
    /// Seconds that the started server may take to load its models
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    start_timeout_s: u64,
    /// Seconds to wait for any one answer of the server
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout_s: u64,
}

#[derive(Debug, Args)]
struct ScoreArguments {
    /// Variants: VCF, plain, gzip or bgzip (told by content); `-` reads standard input
    #[arg(value_name = "VCF")]
    input: PathBuf,
    /// Reference bundle: directory with reference.toml
    #[arg(long, short = 'r', value_name = "BUNDLE")]
    reference: PathBuf,
    #[command(flatten)]
    server: ServerArguments,
    /// Scored VCF; bgzip if the name ends in .gz or .bgz; `-` writes plain text to standard output
    #[arg(long, short = 'o', value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Table of all scores: a row per record, allele, strand and model; compressed if the name ends in .gz
    #[arg(long, value_name = "FILE")]
    tsv: Option<PathBuf>,
    /// Start windows at multiples of so many bases, at most that many bases earlier. Variants that lie together then share
    /// their reference window, which makes dense files several times as fast; 16 is one step of the network. Scores differ
    /// from those of centred windows as any shift of a window makes them differ
    #[arg(long, value_name = "BASES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    window_grid: u32,
    #[command(flatten)]
    asking: AskingArguments,
}

/// How a command asks a server about many windows.
#[derive(Debug, Args)]
struct AskingArguments {
    /// Models to ask, separated by commas; all of the server's by default
    #[arg(long, value_name = "A,B", value_delimiter = ',', num_args = 1)]
    models: Vec<String>,
    /// Windows per request, never more than the server allows
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(3..))]
    batch_windows: u32,
    /// Go on even if the models were trained on another assembly than the bundle's
    #[arg(long)]
    allow_assembly_mismatch: bool,
    /// No progress and no summary, errors only
    #[arg(long, short = 'q')]
    quiet: bool,
}

#[derive(Debug, Args)]
struct ModelsArguments {
    #[command(flatten)]
    server: ServerArguments,
}

/// What was meant.
#[derive(Debug)]
pub(crate) enum Action {
    /// `polaris-client score`.
    Score(ScoreOptions),
    /// `polaris-client scan`.
    Scan(ScanOptions),
    /// `polaris-client localize`.
    Localize(LocalizeOptions),
    /// `polaris-client models`.
    Models(ModelsOptions),
    /// `polaris-client bench`.
    Bench(BenchOptions),
}

impl Arguments {
    /// Checks what clap cannot: arguments that are right alone and wrong together.
    pub(crate) fn into_action(self) -> Result<Action, clap::Error> {
        match self.command {
            Command::Score(arguments) => arguments.into_options().map(Action::Score),
            Command::Scan(arguments) => arguments.into_options().map(Action::Scan),
            Command::Localize(arguments) => arguments.into_options().map(Action::Localize),
            Command::Models(arguments) => {
                Ok(Action::Models(ModelsOptions { server: arguments.server.into_options()? }))
            }
            Command::Bench(arguments) => arguments.into_options().map(Action::Bench),
        }
    }
}

impl ScoreArguments {
    fn into_options(self) -> Result<ScoreOptions, clap::Error> {
        let output = Destination::from_argument(&self.output);
        let table = self.tsv.as_deref().map(Destination::from_argument);
        if table.as_ref().is_some_and(|table| table.is_same(&output)) {
            return Err(usage("--output and --tsv name the same destination: give each its own"));
        }
        Ok(ScoreOptions {
            input: self.input,
            reference: self.reference,
            server: self.server.into_options()?,
            output,
            table,
            model_ids: self.asking.model_ids()?,
            batch_windows: self.asking.batch_windows,
            window_grid: self.window_grid,
            allow_assembly_mismatch: self.asking.allow_assembly_mismatch,
            quiet: self.asking.quiet,
        })
    }
}

impl ServerArguments {
    fn into_options(self) -> Result<ServerOptions, clap::Error> {
        let choice = match (self.server, self.registry) {
            (Some(address), None) => ServerChoice::Running(address),
            (None, Some(registry)) => ServerChoice::Embedded(EmbeddedServer {
                registry,
                device: self.device,
                binary: self.server_binary,
                start_limit: Duration::from_secs(self.start_timeout_s),
            }),
            _ => return Err(usage("give one of --server and --registry")),
        };
        Ok(ServerOptions { choice, reply_limit: Duration::from_secs(self.timeout_s) })
    }
}

impl AskingArguments {
    fn model_ids(&self) -> Result<Vec<String>, clap::Error> {
        distinct(&self.models)
    }
}

/// Each model once, in the order that they were typed.
fn distinct(models: &[String]) -> Result<Vec<String>, clap::Error> {
    let mut model_ids: Vec<String> = Vec::new();
    for id in models.iter().map(|id| id.trim()) {
        if id.is_empty() {
            return Err(usage("--models holds an empty name: separate model ids by single commas"));
        }
        if !model_ids.iter().any(|known| known == id) {
            model_ids.push(id.to_owned());
        }
    }
    Ok(model_ids)
}

fn usage(message: &str) -> clap::Error {
    Arguments::command().error(ErrorKind::ValueValidation, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(arguments: &[&str]) -> Result<Action, clap::Error> {
        Arguments::try_parse_from(std::iter::once(&"polaris-client").chain(arguments))?.into_action()
    }

    #[test]
    fn definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_server_or_a_registry_is_needed_and_not_both() {
        assert!(action(&["score", "a.vcf", "--reference", "r"]).is_err());
        let both = ["score", "a.vcf", "--reference", "r", "--registry", "m", "--server", "http://h:1"];
        assert!(action(&both).is_err());
        assert!(action(&["score", "a.vcf", "--reference", "r", "--registry", "m"]).is_ok());
    }

    #[test]
    fn models_are_listed_once() {
        let typed = ["score", "-", "--reference", "r", "--registry", "m", "--models", "A.K562,B.K562,A.K562"];
        let Ok(Action::Score(options)) = action(&typed) else { panic!("refused") };
        assert_eq!(options.model_ids, ["A.K562", "B.K562"]);
        let empty = ["score", "-", "--reference", "r", "--registry", "m", "--models", "A.K562,,B.K562"];
        assert!(action(&empty).is_err());
    }

    #[test]
    fn wrong_together() {
        for table in ["x.gz", "./x.gz"] {
            let same = ["score", "-", "--reference", "r", "--registry", "m", "-o", "x.gz", "--tsv", table];
            assert!(action(&same).is_err(), "{table}");
        }
        let device = ["score", "-", "--reference", "r", "--server", "unix:/s", "--device", "cuda"];
        assert!(action(&device).is_err());
        let address = ["score", "-", "--reference", "r", "--server", "localhost:50051"];
        assert!(action(&address).is_err());
    }
}
