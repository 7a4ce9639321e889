//! The life of a server: from its settings to its end.

use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::admin::{self, AdminPowers, RunningAdmin};
use crate::health::Health;
use crate::listener::Listener;
use crate::loading::EngineThreads;
use crate::log::{self, LogFilter};
use crate::metrics::{self, metrics};
use crate::reload::RegistryKeeper;
use crate::serve::{self, Access};
use crate::service::PolarisServer;
use crate::settings::{Settings, TlsSettings};
use crate::shutdown::StopRequests;
use crate::telemetry::Telemetry;
use crate::tls::{Purpose, Tls};

/// Longest wait for the last traces, if the limit of a stop leaves as much.
const TRACES_LIMIT: Duration = Duration::from_secs(5);

/// Serves until it is told to stop, and returns the exit code. Errors go to the log.
pub(crate) fn run(settings: Settings, threads: &EngineThreads) -> u8 {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    // Connections to a receiver of traces are made within the runtime.
    let entered = runtime.as_ref().ok().map(tokio::runtime::Runtime::enter);
    let (telemetry, unreachable) = match Telemetry::start(&settings.telemetry) {
        Ok(telemetry) => (telemetry, None),
        Err(error) => (None, Some(error)),
    };
    drop(entered);
    let log = log::start(&settings.log, settings.log_format, telemetry.as_ref());
    if let Some(error) = unreachable {
        tracing::warn!(%error, "there will be no traces");
    }
    let outcome = runtime.context("cannot start threads").and_then(|runtime| {
        settings.engine.device.prepare()?;
        polaris_model::set_threads(settings.engine.threads);
        let outcome = runtime.block_on(run_until_stopped(settings, threads, log, telemetry));
        // What could not be finished within the limit is not waited for again.
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            tracing::error!("{error:#}");
            1
        }
    }
}

async fn run_until_stopped(
    settings: Settings,
    threads: &EngineThreads,
    log: LogFilter,
    telemetry: Option<Telemetry>,
) -> anyhow::Result<()> {
    let mut stop_requests =
        StopRequests::install(settings.stop_with_stdin).context("cannot listen for signals")?;
    metrics::check().context("cannot count")?;
    let stopping = CancellationToken::new();
    let health = Health::not_serving(stopping.clone()).await;
    let tls = settings.tls.as_ref().map(|files| load_tls(files, Purpose::GRPC, &stopping)).transpose()?;
    let listener = Listener::bind(&settings.listen).await?;
    tracing::info!(address = %listener.address()?, "listening");
    let polaris = PolarisServer::new(&settings, stopping.clone());
    let access =
        Access { tls, tokens: settings.tokens.clone(), max_connection_age: settings.max_connection_age };
    let mut server = serve::spawn(listener, access, polaris.clone(), &health, stopping.clone())?;
    let (keeper, reloader) = RegistryKeeper::new(&settings, threads.clone(), polaris.clone(), health.clone());
    let _admin = administer(&settings, AdminPowers { log, reloader }, &stopping).await?;

    let outcome = tokio::select! {
        ended = keeper.run() => ended.map(|never| match never {}).map_err(anyhow::Error::from),
        ended = server.ended() => ended.context("the gRPC server has ended"),
        reason = stop_requests.next() => {
            tracing::info!(%reason, limit_ms = settings.drain_limit.as_millis(), "stopping");
            Ok(())
        }
    };

    let limit = Instant::now() + settings.drain_limit;
    health.not_serving_any_more().await;
    polaris.end();
    if let Some(metrics) = metrics() {
        metrics.models_ready.set(0);
    }
    stopping.cancel();
    let finished = async {
        let finished = server.finished().await;
        threads.finished().await;
        finished
    };
    tokio::select! {
        finished = finished => finished?,
        () = tokio::time::sleep_until(limit) => tracing::warn!("the limit is over: work in flight is given up"),
        reason = stop_requests.next() => tracing::warn!(%reason, "asked again to stop: work in flight is given up"),
    }
    if let Some(telemetry) = telemetry {
        telemetry.finish(limit.saturating_duration_since(Instant::now()).min(TRACES_LIMIT)).await;
    }
    tracing::info!("stopped");
    outcome
}

/// The admin listener, if there is to be one.
async fn administer(
    settings: &Settings,
    powers: AdminPowers,
    stopping: &CancellationToken,
) -> anyhow::Result<Option<RunningAdmin>> {
    let Some(address) = &settings.admin.listen else { return Ok(None) };
    let files = settings.tls.as_ref().filter(|_| settings.admin.tls);
    let tls = files.map(|files| load_tls(files, Purpose::ADMIN, stopping)).transpose()?;
    let listener = Listener::bind(address).await.context("admin.listen")?;
    tracing::info!(address = %listener.address()?, tls = tls.is_some(), "the admin listener is open");
    if settings.admin_is_open() {
        tracing::warn!("whoever can connect to the admin listener may change the server: set auth.tokens");
    }
    Ok(Some(admin::spawn(listener, tls, settings.tokens.clone(), powers, settings.engine.device)?))
}

/// Reads the files, and follows their changes until the server stops.
fn load_tls(files: &TlsSettings, purpose: Purpose, stopping: &CancellationToken) -> anyhow::Result<Tls> {
    let tls = Tls::load(files, purpose)?.following(stopping.clone());
    tracing::info!(certificate = tls.describe(), clients_too = files.client_ca.is_some(), "TLS");
    Ok(tls)
}
