//! What was typed on the command line. What it means is decided in [`crate::settings`].

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use figment::value::Value;

use crate::settings::Flag;
use crate::token::Role;

const EXAMPLES: &str = "\
Examples:
  polaris-server serve --registry models
      Serve every model of the registry on 127.0.0.1:50051.
  polaris-server serve --registry models --listen unix:/run/polaris/polaris.sock
      Serve on a Unix socket.
  polaris-server serve --registry models --models RBFOX2.K562,QKI.K562 --threads 4
      Serve two models, calculating with four threads.
  POLARIS__ENGINE__THREADS=4 polaris-server serve --config polaris.toml --log debug
      Settings from a file, one of them overridden by the environment, and a log with details.

Settings come from the built-in defaults, then the file of --config, then the environment
(POLARIS__SECTION__KEY, for example POLARIS__LIMITS__MAX_REQUEST_BYTES), then flags; the later wins.
docs/settings.md lists them all.

Exit codes: 0 after an orderly stop, 1 if it cannot serve, 64 if a setting is wrong.";

const CHECK_EXAMPLES: &str = "\
Examples:
  polaris-server check --registry models
      Verify every model of the registry and make a first prediction.
  polaris-server check --config polaris.toml --device cuda
      Check a configuration before it is rolled out.

Exit codes: 0 if the server could serve, 1 if it could not, 64 if a setting is wrong.";

const HEALTH_EXAMPLES: &str = "\
Examples:
  polaris-server health
      Whether the server at 127.0.0.1:50051 serves.
  polaris-server health --server unix:/run/polaris/polaris.sock --service RBFOX2.K562
      Whether a model is served.
  polaris-server health --server https://polaris.example:50051 --ca ca.pem --cert probe.pem --key probe.key
      Through TLS, with a certificate to show.

Exit codes: 0 if it serves, 1 if it does not or cannot be reached, 64 if an argument is wrong.";

const TOKEN_EXAMPLES: &str = "\
Examples:
  polaris-server token --name laptop
      A token to ask for predictions.
  polaris-server token --name operator --role admin
      A token to read metrics and change the server.

The token is printed once and kept nowhere; the settings hold its SHA-256 alone.";

/// Serves a model registry over gRPC.
#[derive(Debug, Parser)]
#[command(name = "polaris-server", version, about, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What the program is to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Load a model registry and answer requests until told to stop.
    #[command(after_help = EXAMPLES)]
    Serve(ServeArguments),
    /// Say whether the settings, the registry and the device are fit to serve, without serving.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(ServeArguments),
    /// Ask a running server whether it serves: for probes.
    #[command(after_help = HEALTH_EXAMPLES)]
    Health(HealthArguments),
    /// Make a bearer token.
    #[command(after_help = TOKEN_EXAMPLES)]
    Token(TokenArguments),
}

/// Arguments of `health`.
#[derive(Args, Clone, Debug)]
pub(crate) struct HealthArguments {
    /// The server: HOST:PORT, http://HOST:PORT, https://HOST:PORT or unix:PATH.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:50051")]
    pub(crate) server: String,
    /// Service or model to ask about; the server as a whole if empty.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) service: String,
    /// Longest wait for the answer.
    #[arg(long, value_name = "MS", default_value_t = 3000)]
    pub(crate) timeout_ms: u64,
    /// Certificates of authorities (PEM) that the server's certificate is checked against; those of the system if absent.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Certificate to show (PEM), where the server asks for one.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// Private key of --cert (PEM).
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// Name that the server's certificate is for, where it is reached by another one.
    #[arg(long, value_name = "NAME")]
    pub(crate) tls_name: Option<String>,
}

/// Arguments of `token`.
#[derive(Args, Clone, Debug)]
pub(crate) struct TokenArguments {
    /// Whose it is: the name appears in the log.
    #[arg(long)]
    pub(crate) name: String,
    /// What it allows: infer or admin.
    #[arg(long, default_value = "infer")]
    pub(crate) role: Role,
}

/// Arguments of `serve`; each overrides a setting.
#[derive(Args, Debug, Default)]
pub(crate) struct ServeArguments {
    /// Directory of the model registry.
    #[arg(long, value_name = "DIR")]
    pub(crate) registry: Option<String>,
    /// Address to listen at: IP:PORT (port 0 for any free one) or unix:PATH. [default: 127.0.0.1:50051]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Device that calculates: cpu, cuda or cuda:N. [default: cpu]
    #[arg(long)]
    pub(crate) device: Option<String>,
    /// Threads that calculate. [default: the processor's]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) threads: Option<i64>,
    /// How exactly to calculate: strict (single precision) or fast (what the device does fastest). [default: strict]
    #[arg(long)]
    pub(crate) precision: Option<String>,
    /// Models to serve, separated by commas. [default: all of the registry]
    #[arg(long, value_name = "A,B")]
    pub(crate) models: Option<String>,
    /// TOML file with settings.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Stop in order when standard input closes: for a parent process that may die.
    #[arg(long)]
    pub(crate) stop_with_stdin: bool,
    /// What to log, to standard error: error, warn, info, debug, trace, or a filter by module. [default: info]
    #[arg(long, value_name = "FILTER")]
    pub(crate) log: Option<String>,
}

impl ServeArguments {
    /// The settings that were given as flags.
    pub(crate) fn flags(&self) -> Vec<Flag> {
        let text = |flag, key, value: &Option<String>| {
            value.as_ref().map(|value| Flag { flag, key, value: Value::from(value.as_str()) })
        };
        let flags = [
            text("--registry", "registry.directory", &self.registry),
            text("--listen", "server.listen", &self.listen),
            text("--device", "engine.device", &self.device),
            text("--precision", "engine.precision", &self.precision),
            text("--models", "registry.models", &self.models),
            text("--log", "server.log", &self.log),
            self.threads.map(|value| Flag {
                flag: "--threads",
                key: "engine.threads",
                value: Value::from(value),
            }),
            self.stop_with_stdin.then(|| Flag {
                flag: "--stop-with-stdin",
                key: "server.stop_with_stdin",
                value: Value::from(true),
            }),
        ];
        flags.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn only_given_flags_override_settings() {
        let serve = |line: &[&str]| match Arguments::parse_from(["polaris-server"].iter().chain(line)).command
        {
            Command::Serve(arguments) => arguments,
            other => panic!("{other:?}"),
        };
        let none = serve(&["serve"]);
        assert!(none.flags().is_empty());
        let line =
            ["serve", "--threads", "-3", "--precision", "fast", "--stop-with-stdin", "--registry", "models"];
        let some = serve(&line);
        let keys: Vec<&str> = some.flags().iter().map(|flag| flag.key).collect();
        assert_eq!(
            keys,
            ["registry.directory", "engine.precision", "engine.threads", "server.stop_with_stdin"]
        );
    }
}
