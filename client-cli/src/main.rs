//! `polaris-client`: scores how variants change the binding of RNA-binding proteins.
//!
//! A run reads a VCF, cuts a window of the transcript around each alternate allele with
//! `polaris-genomics`, asks a `polaris-server` (its own, or one named by `--server`) for the binding
//! probabilities with and without the change, and writes every record out again with the answer in INFO. `localize`
//! asks the same server which bases drive its predictions, and `bench` how fast it answers.

mod arguments;
mod bench;
mod bgzip;
mod blend;
mod connect;
mod console;
mod credentials;
mod exit;
mod localize;
mod manual;
mod map_reply;
mod messages;
mod method;
mod models;
mod number;
mod output_file;
mod output_folder;
mod regions;
mod requirements;
mod scan;
mod score;
mod server_process;
mod session;
mod tiles;
mod tracks;
mod vcf;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Action, Arguments};
use crate::exit::Exit;

fn main() -> ExitCode {
    let action = match Arguments::parse().into_action() {
        Ok(action) => action,
        Err(error) => error.exit(),
    };
    match run(action) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::say(&console::told(&error));
            error.downcast_ref::<Exit>().map_or(ExitCode::FAILURE, |exit| ExitCode::from(exit.code))
        }
    }
}

fn run(action: Action) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| anyhow::anyhow!("cannot start the asynchronous runtime: {error}"))?;
    let outcome = runtime.block_on(async {
        match action {
            Action::Score(options) => score::run(*options).await,
            Action::Merge(options) => score::merge(&options),
            Action::Completions(shell) => manual::completions(shell),
            Action::Man(folder) => manual::pages(&folder),
            Action::Scan(options) => scan::run(options).await,
            Action::Localize(options) => localize::run(options).await,
            Action::Models(options) => models::run(options).await,
            Action::Bench(options) => bench::run(options).await,
        }
    });
    // A thread that waits on standard input cannot be woken: it ends with the process.
    runtime.shutdown_background();
    outcome
}
