//! `polaris-server`: serves a model registry over gRPC.
//!
//! Requests are checked ([`convert`]), wait in a queue bounded in windows ([`engine`]), which says what goes next, and are
//! predicted in batches by the one thread that owns the models ([`loading`]). Every error becomes a gRPC status in
//! [`status`].

mod arguments;
mod calls;
mod catalog;
mod convert;
mod deadline;
mod engine;
#[cfg(test)]
mod fixtures;
mod health;
mod listener;
mod loading;
mod serve;
mod service;
mod settings;
mod shutdown;
mod status;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use arguments::{Arguments, Command};
use health::Health;
use listener::Listener;
use loading::EngineThread;
use service::{PolarisServer, Serving};
use settings::Settings;
use shutdown::StopRequests;

/// A setting is wrong (EX_USAGE of sysexits).
const BAD_SETTINGS: u8 = 64;

fn main() -> ExitCode {
    let Command::Serve(arguments) = match Arguments::try_parse() {
        Ok(arguments) => arguments.command,
        Err(error) => {
            // Nothing can be said if the terminal has gone.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(BAD_SETTINGS) } else { ExitCode::SUCCESS };
        }
    };
    let settings = match Settings::load(arguments.config.as_deref(), arguments.flags()) {
        Ok(settings) => settings,
        Err(error) => {
            // As with the log: who started the server may have gone.
            let _ = writeln!(std::io::stderr(), "polaris-server: {error}");
            return ExitCode::from(BAD_SETTINGS);
        }
    };
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(&settings.log))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // They would go to standard error, where the log could not be written, and end the server by a panic.
        .log_internal_errors(false)
        .init();
    let thread = EngineThread::default();
    let code = match run(settings, &thread) {
        Ok(()) => 0,
        Err(error) => {
            tracing::error!("{error:#}");
            1
        }
    };
    if thread.is_running() {
        shutdown::leave_at_once(code);
    }
    ExitCode::from(code)
}

fn run(settings: Settings, thread: &EngineThread) -> anyhow::Result<()> {
    settings.engine.device.prepare()?;
    polaris_model::set_threads(settings.engine.threads);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(run_until_stopped(settings, thread));
    // What could not be finished within the limit is not waited for again.
    runtime.shutdown_background();
    outcome
}

async fn run_until_stopped(settings: Settings, thread: &EngineThread) -> anyhow::Result<()> {
    let mut stop_requests =
        StopRequests::install(settings.stop_with_stdin).context("cannot listen for signals")?;
    let stopping = CancellationToken::new();
    let health = Health::not_serving(stopping.clone()).await;
    let listener = Listener::bind(&settings.listen).await?;
    tracing::info!(address = %listener.address()?, "listening");
    let polaris = PolarisServer::new(settings.limits, stopping.clone());
    let mut server = serve::spawn(listener, polaris.clone(), &health, stopping.clone())?;

    let (engine, queue) = engine::queue(&settings.engine);
    let loaded = thread.start(&settings, queue).context("cannot start the engine's thread")?;
    let serve = async {
        let catalog = loaded.catalog().await?;
        let models = catalog.models().len();
        polaris.begin(Serving::new(catalog, engine, settings.limits));
        health.serving().await;
        tracing::info!(models, device = %settings.engine.device, threads = settings.engine.threads, "serving");
        thread.ended().await;
        Err(anyhow::anyhow!("the engine's thread has ended"))
    };
    let outcome = tokio::select! {
        outcome = serve => outcome,
        ended = server.ended() => ended.context("the gRPC server has ended"),
        reason = stop_requests.next() => {
            tracing::info!(%reason, limit_ms = settings.drain_limit.as_millis(), "stopping");
            Ok(())
        }
    };

    health.not_serving_any_more().await;
    polaris.end();
    stopping.cancel();
    let finished = async {
        let finished = server.finished().await;
        thread.finished().await;
        finished
    };
    tokio::select! {
        finished = finished => finished?,
        () = tokio::time::sleep(settings.drain_limit) => tracing::warn!("the limit is over: work in flight is given up"),
        reason = stop_requests.next() => tracing::warn!(%reason, "asked again to stop: work in flight is given up"),
    }
    tracing::info!("stopped");
    outcome
}
