//! `polaris-server`: serves a model registry over gRPC.
//!
//! Requests are checked ([`convert`]), wait in a queue bounded in windows ([`engine`]), which says what goes next, and are
//! predicted in batches by the one thread that owns the models ([`loading`]). Every error becomes a gRPC status in
//! [`status`]. Around the services stand [`auth`], [`observe`] and, on a listener of its own, [`admin`].

mod admin;
mod arguments;
mod auth;
mod calls;
mod catalog;
mod certificate;
mod check;
mod connection;
mod convert;
mod deadline;
mod engine;
#[cfg(test)]
mod fixtures;
mod health;
mod identity;
mod inference;
mod listener;
mod loading;
mod log;
mod memory;
mod metrics;
mod observe;
mod probe;
mod rate_limit;
mod reload;
mod request_context;
mod run;
mod serve;
mod service;
mod settings;
mod shutdown;
mod status;
mod telemetry;
mod tls;
mod token;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command, HealthArguments, ServeArguments};
use loading::EngineThreads;
use settings::Settings;

/// A setting is wrong (EX_USAGE of sysexits).
const BAD_SETTINGS: u8 = 64;

fn main() -> ExitCode {
    let command = match Arguments::try_parse() {
        Ok(arguments) => arguments.command,
        Err(error) => {
            // Nothing can be said if the terminal has gone.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(BAD_SETTINGS) } else { ExitCode::SUCCESS };
        }
    };
    match command {
        Command::Serve(arguments) => serve(&arguments),
        Command::Check(arguments) => check(&arguments),
        Command::Health(arguments) => health(&arguments),
        Command::Token(arguments) => {
            say(&token::describe_new(&arguments.name, arguments.role));
            ExitCode::SUCCESS
        }
    }
}

fn serve(arguments: &ServeArguments) -> ExitCode {
    let settings = match settings(arguments) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    memory::return_freed_blocks();
    let threads = EngineThreads::default();
    let code = run::run(settings, &threads);
    if threads.is_running() {
        shutdown::leave_at_once(code);
    }
    ExitCode::from(code)
}

fn check(arguments: &ServeArguments) -> ExitCode {
    let settings = match settings(arguments) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let report = check::check(&settings);
    say(&report.text);
    if report.faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn health(arguments: &HealthArguments) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let probed =
        runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(probe::probe(arguments)));
    match probed {
        Ok(()) => {
            say("SERVING\n");
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn settings(arguments: &ServeArguments) -> Result<Settings, ExitCode> {
    Settings::load(arguments.config.as_deref(), arguments.flags()).map_err(|error| {
        complain(&error.to_string());
        ExitCode::from(BAD_SETTINGS)
    })
}

/// As with the log: who started the program may have gone.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "polaris-server: {text}");
}
