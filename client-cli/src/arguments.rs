//! The command line in two steps: what was typed (`Arguments`, read by clap), and what was meant
//! (`Action`, checked and free of contradictions).

mod bench;
mod localize;
mod merge;
mod scan;
mod score;

use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use self::bench::BenchArguments;
use self::localize::LocalizeArguments;
use self::merge::MergeArguments;
use self::scan::ScanArguments;
use self::score::ScoreArguments;
use crate::bench::BenchOptions;
use crate::connect::ServerAddress;
use crate::console;
use crate::credentials::Credentials;
use crate::localize::LocalizeOptions;
use crate::models::ModelsOptions;
use crate::output_file::Destination;
use crate::scan::ScanOptions;
use crate::score::{MergeOptions, ScoreOptions};
use crate::server_process::EmbeddedServer;
use crate::session::{ServerChoice, ServerOptions};

const EXAMPLES: &str = "\
Examples:
  # Score with models on this machine: a server is started for the run and stopped afterwards
  polaris-client score variants.vcf.gz --reference hg38/ --registry models/ -o scored.vcf.gz

  # Ask a server that is running, for two models, with the full table beside the VCF
  polaris-client score variants.vcf --reference hg38/ --server http://gpu1:50051 \\
      --models RBFOX2.K562,QKI.* -o scored.vcf.gz --write-index tbi --table scores.tsv.gz

  # In a pipe
  bcftools view -f PASS calls.bcf | polaris-client score - --reference hg38/ --registry models/ \\
      | bcftools view -i 'ABS(POLARIS_DELTA)>0.2'

  # Which models are there, and how fast is a server
  polaris-client models --registry models/
  polaris-client bench --server http://gpu1:50051

  # Once more after an interruption; and on a cluster, in parts
  polaris-client score big.bcf -f hg38/ --server http://gpu1:50051,http://gpu2:50051 -o scored.bcf --resume
  polaris-client score big.bcf -f hg38/ --server http://gpu1:50051 --shard 1/8 -o part1.bcf
  polaris-client merge part*.bcf -o scored.bcf --write-index csi

Exit codes: 0 success, 1 the run failed, 2 the command line is wrong, 3 more alleles were skipped than
--max-skipped allows (outputs are whole), 4 the variants seem to be on another assembly (no output),
5 the server is away, silent or full: the same command may succeed later.";

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
    Score(Box<ScoreArguments>),
    /// Join the outputs of all shards to what one run would have written
    Merge(MergeArguments),
    /// Write tracks of binding along genes or regions, for genome browsers
    Scan(ScanArguments),
    /// Say which bases drive predictions, of regions, sequences of one's own, or the alleles of a VCF
    Localize(LocalizeArguments),
    /// List the models of a server or a registry
    Models(ModelsArguments),
    /// Load a server with synthetic requests and report its throughput and latency
    Bench(BenchArguments),
    /// Write a script to standard output that completes this command line in a shell
    Completions {
        /// The shell
        #[arg(value_name = "SHELL", value_enum)]
        shell: clap_complete::Shell,
    },
    /// Write the manual pages of this program and its commands into a folder
    Man {
        /// Made if it is not there
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("source").required(true).args(["server", "registry"]))]
struct ServerArguments {
    /// Server to ask: http://HOST:PORT, https://HOST:PORT or unix:PATH. `score` takes several, separated by commas or each with its own
    /// --server, and asks all addresses of a name that has several
    #[arg(long, value_name = "URL", value_delimiter = ',', num_args = 1)]
    server: Vec<ServerAddress>,
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
    /// Certificates of authorities (PEM) that servers at https:// are checked against; those of the system by default
    #[arg(long, value_name = "FILE", conflicts_with = "registry")]
    ca: Option<PathBuf>,
    /// Certificate (PEM) to show to a server that asks for one
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "registry")]
    cert: Option<PathBuf>,
    /// Private key (PEM) of --cert
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// File with the bearer token for a server that asks for one; otherwise the environment variable POLARIS_TOKEN is sent,
    /// if it is set
    #[arg(long, value_name = "FILE", conflicts_with = "registry")]
    token_file: Option<PathBuf>,
}

/// How a command asks a server about many windows.
#[derive(Debug, Args)]
struct AskingArguments {
    /// Models to ask, separated by commas: ids, patterns such as RBFOX2.* or *.K562, or @FILE with one a line; all of the
    /// server's by default. `score` writes fields of their own for those that are named
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
    Score(Box<ScoreOptions>),
    /// `polaris-client merge`.
    Merge(MergeOptions),
    /// `polaris-client scan`.
    Scan(ScanOptions),
    /// `polaris-client localize`.
    Localize(LocalizeOptions),
    /// `polaris-client models`.
    Models(ModelsOptions),
    /// `polaris-client bench`.
    Bench(BenchOptions),
    /// `polaris-client completions`.
    Completions(clap_complete::Shell),
    /// `polaris-client man`.
    Man(PathBuf),
}

impl Arguments {
    /// Checks what clap cannot: arguments that are right alone and wrong together.
    pub(crate) fn into_action(self) -> Result<Action, clap::Error> {
        match self.command {
            Command::Score(arguments) => arguments.into_options().map(Box::new).map(Action::Score),
            Command::Merge(arguments) => arguments.into_options().map(Action::Merge),
            Command::Scan(arguments) => arguments.into_options().map(Action::Scan),
            Command::Localize(arguments) => arguments.into_options().map(Action::Localize),
            Command::Models(arguments) => {
                Ok(Action::Models(ModelsOptions { server: arguments.server.into_options()? }))
            }
            Command::Bench(arguments) => arguments.into_options().map(Action::Bench),
            Command::Completions { shell } => Ok(Action::Completions(shell)),
            Command::Man { folder } => Ok(Action::Man(folder)),
        }
    }
}

impl ServerArguments {
    fn into_options(self) -> Result<ServerOptions, clap::Error> {
        match self.server.len() {
            0 | 1 => self.first_option(),
            _ => Err(usage("this command asks one server: give --server once")),
        }
    }

    /// The first server of several.
    fn first_option(&self) -> Result<ServerOptions, clap::Error> {
        let choice = match (self.server.first(), &self.registry) {
            (Some(address), None) => ServerChoice::Running(address.clone()),
            (None, Some(registry)) => ServerChoice::Embedded(EmbeddedServer {
                registry: registry.clone(),
                device: self.device.clone(),
                binary: self.server_binary.clone(),
                start_limit: Duration::from_secs(self.start_timeout_s),
            }),
            _ => return Err(usage("give one of --server and --registry")),
        };
        let shows = self.ca.is_some() || self.cert.is_some();
        if shows && !self.server.iter().any(ServerAddress::is_https) {
            return Err(usage("--ca and --cert are for servers at https://: there is none"));
        }
        // Our own server asks for nothing.
        let token = std::env::var("POLARIS_TOKEN").ok().filter(|_| self.registry.is_none());
        let credentials = Credentials::read(
            self.ca.as_deref(),
            self.cert.as_deref().zip(self.key.as_deref()),
            self.token_file.as_deref(),
            token,
        )
        .map_err(|error| usage(&error.to_string()))?;
        let open = self.server.iter().find(|address| credentials.has_token() && address.is_open());
        if let Some(address) = open {
            console::say(&format!("the token goes to {address} in the clear: use https://"));
        }
        Ok(ServerOptions { choice, reply_limit: Duration::from_secs(self.timeout_s), credentials })
    }

    /// The servers after the first.
    fn more(&self) -> Vec<ServerAddress> {
        self.server.iter().skip(1).cloned().collect()
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
    for id in listed(models)?.iter().map(|id| id.trim()) {
        if id.is_empty() {
            return Err(usage("--models holds an empty name: separate model ids by single commas"));
        }
        if !model_ids.iter().any(|known| known == id) {
            model_ids.push(id.to_owned());
        }
    }
    Ok(model_ids)
}

/// What was typed, with the lines of each `@FILE` in its place. What follows a `#` is a comment.
fn listed(models: &[String]) -> Result<Vec<String>, clap::Error> {
    let mut ids = Vec::new();
    for typed in models {
        let Some(path) = typed.trim().strip_prefix('@') else {
            ids.push(typed.clone());
            continue;
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| usage(&format!("--models: cannot read {path}: {error}")))?;
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        let before = ids.len();
        ids.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
        if ids.len() == before {
            return Err(usage(&format!("--models: {path} names no model")));
        }
    }
    Ok(ids)
}

/// Two outputs in one file would destroy each other.
fn check_distinct(places: &[&Destination]) -> Result<(), clap::Error> {
    for (index, place) in places.iter().enumerate() {
        if places.iter().take(index).any(|other| other.is_same(place)) {
            return Err(usage(&format!("two outputs go to {}: give each its own", place.name())));
        }
    }
    Ok(())
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
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("list");
        std::fs::write(&list, "A.K562 # first\n\n*.HepG2\n").unwrap();
        let named = format!("@{}", list.display());
        let typed = ["score", "-", "--reference", "r", "--registry", "m", "--models", &named];
        let Ok(Action::Score(options)) = action(&typed) else { panic!("refused") };
        assert_eq!(options.model_ids, ["A.K562", "*.HepG2"]);
        let missing = ["score", "-", "--reference", "r", "--registry", "m", "--models", "@/nonexistent"];
        assert!(action(&missing).is_err());
        let empty = ["score", "-", "--reference", "r", "--registry", "m", "--models", "A.K562,,B.K562"];
        assert!(action(&empty).is_err());
    }

    #[test]
    fn wrong_together() {
        let device = ["score", "-", "--reference", "r", "--server", "unix:/s", "--device", "cuda"];
        assert!(action(&device).is_err());
        let two = ["models", "--server", "unix:/a,unix:/b"];
        assert!(action(&two).is_err());
        let two = ["score", "-", "--reference", "r", "--server", "unix:/a,unix:/b", "--server", "unix:/c"];
        let Ok(Action::Score(options)) = action(&two) else { panic!("refused") };
        assert_eq!(options.more_servers.len(), 2);
        let address = ["score", "-", "--reference", "r", "--server", "localhost:50051"];
        assert!(action(&address).is_err());
    }
}
