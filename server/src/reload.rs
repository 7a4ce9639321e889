//! Keeps the served models those of the registry: loads them at the start, and again when the registry changes.
//!
//! A set of models is taken as a whole or not at all. While one is loaded the one before answers, and it goes on if the
//! new one does not verify, does not load, or does not calculate. What is wrong is told by GetModel, by health, and by the
//! log, and it is tried again when the registry changes or somebody asks.

mod fingerprint;
mod outcome;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::time::Duration;

use polaris_model::{ModelId, SharedModels};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::engine::Queues;
use crate::health::Health;
use crate::loading::{EngineThreads, LoadPlan, LoadedModels, LoadingError, expected};
use crate::metrics::metrics;
use crate::service::PolarisServer;
use crate::settings::{EngineSettings, RegistrySettings, Settings, WhenBroken};
use fingerprint::Fingerprint;
pub(crate) use outcome::{Reload, ReloadError, ReloadOutcome};

/// Reloads that wait for their turn; whoever asks while one is waiting gets the outcome of that.
const MOST_WAITING: usize = 16;

/// Looks without a change after which what failed is tried again: it may not have been the fault of the registry.
const LOOKS_BEFORE_RETRY: u32 = 30;

type Reply = oneshot::Sender<Reload>;

/// Asks for a reload.
#[derive(Clone, Debug)]
pub(crate) struct Reloader(mpsc::Sender<Reply>);

impl Reloader {
    /// Looks at the registry now, and waits until what is there has been taken or not.
    ///
    /// # Errors
    /// If the server is stopping.
    pub(crate) async fn reload(&self) -> Result<Reload, ReloadError> {
        let (reply, outcome) = oneshot::channel();
        self.0.send(reply).await.map_err(|_| ReloadError)?;
        outcome.await.map_err(|_| ReloadError)
    }
}

/// Keeps the served models those of the registry.
#[derive(Debug)]
pub(crate) struct RegistryKeeper {
    registry: RegistrySettings,
    engine: EngineSettings,
    queues: Queues,
    threads: EngineThreads,
    polaris: PolarisServer,
    health: Health,
    requests: mpsc::Receiver<Reply>,
    current: Option<Current>,
    failed: bool,
}

/// What answers now.
#[derive(Debug)]
struct Current {
    signature: Vec<(ModelId, String, String)>,
    names: BTreeSet<String>,
    shared: SharedModels,
    ended: CancellationToken,
}

impl RegistryKeeper {
    /// For a server that has no models yet.
    pub(crate) fn new(
        settings: &Settings,
        threads: EngineThreads,
        polaris: PolarisServer,
        health: Health,
    ) -> (Self, Reloader) {
        let (sender, requests) = mpsc::channel(MOST_WAITING);
        let (registry, engine) = (settings.registry.clone(), settings.engine);
        let queues = Queues::new(engine);
        let keeper = Self {
            registry,
            engine,
            queues,
            threads,
            polaris,
            health,
            requests,
            current: None,
            failed: false,
        };
        (keeper, Reloader(sender))
    }

    /// Loads the models, and goes on until it cannot.
    ///
    /// # Errors
    /// If nothing can be served and it does not help to wait, or the engine's thread has ended.
    pub(crate) async fn run(mut self) -> Result<Infallible, LoadingError> {
        let mut ticks = ticks(self.registry.poll);
        let mut taken = self.look().await;
        let (mut before, mut looks) = (taken.clone(), 0);
        if let Err(error) = self.load().await {
            if error.is_of_the_machine() || self.registry.when_broken == WhenBroken::Exit {
                return Err(error);
            }
            tracing::error!("{error}: nothing is served until that has changed");
        }
        loop {
            let ended = self.current.as_ref().map(|current| current.ended.clone()).unwrap_or_default();
            tokio::select! {
                () = ended.cancelled() => return Err(LoadingError::Thread),
                Some(reply) = self.requests.recv() => {
                    taken = self.look().await;
                    let outcome = self.reload().await;
                    // Who has asked may have gone.
                    let _ = reply.send(Reload { outcome, models: self.served() });
                }
                () = next(&mut ticks) => {
                    let now = self.look().await;
                    looks = if self.failed { looks + 1 } else { 0 };
                    // Two looks that see the same: nobody is in the midst of publishing.
                    if now == before && (now != taken || looks >= LOOKS_BEFORE_RETRY) {
                        (taken, looks) = (now.clone(), 0);
                        self.reload().await;
                    }
                    before = now;
                }
            }
        }
    }

    async fn look(&self) -> Fingerprint {
        let settings = self.registry.clone();
        spawn_blocking(move || Fingerprint::of(&settings)).await.unwrap_or_default()
    }

    /// Models that answer now, `<id>@<version>`, sorted.
    fn served(&self) -> Vec<String> {
        let signature = self.current.iter().flat_map(|current| &current.signature);
        let mut served: Vec<String> = signature.map(|(id, version, _)| format!("{id}@{version}")).collect();
        served.sort();
        served
    }

    async fn reload(&mut self) -> ReloadOutcome {
        let outcome = match self.load().await {
            Ok(outcome) => outcome,
            Err(error) => {
                let left =
                    if self.current.is_some() { "the models before serve on" } else { "nothing is served" };
                tracing::error!("{error}: {left} until that has changed");
                ReloadOutcome::Failed(error.to_string())
            }
        };
        if let Some(metrics) = metrics() {
            metrics.registry_reloads.with_label_values(&[outcome.label()]).inc();
        }
        outcome
    }

    /// Takes what the registry has. If that fails all is as before, but that it is told why.
    async fn load(&mut self) -> Result<ReloadOutcome, LoadingError> {
        let outcome = self.try_to_load().await;
        self.failed = outcome.is_err();
        match outcome {
            Err(error) => {
                let broken = error.models();
                self.show(broken.keys().cloned()).await;
                self.polaris.fail(broken);
                Err(error)
            }
            outcome => outcome,
        }
    }

    async fn try_to_load(&mut self) -> Result<ReloadOutcome, LoadingError> {
        let settings = self.registry.clone();
        let (registry, models) =
            spawn_blocking(move || expected(&settings)).await.map_err(|_| LoadingError::Thread)??;
        let names: BTreeSet<String> = models.iter().map(ModelId::to_string).collect();
        if let Some(metrics) = metrics() {
            metrics.models_expected.set(names.len().try_into().unwrap_or(i64::MAX));
        }
        self.show(names.iter().cloned()).await;
        self.polaris.load(names);
        let settings = self.registry.clone();
        let plan = spawn_blocking(move || LoadPlan::of(registry, &models, &settings));
        let plan = plan.await.map_err(|_| LoadingError::Thread)??;
        let signature = plan.signature();
        if let Some(current) = &self.current
            && current.signature == signature
        {
            self.show([]).await;
            self.polaris.fail(BTreeMap::new());
            return Ok(ReloadOutcome::Unchanged);
        }
        let (engine, queue) = self.queues.open();
        let shared = self.current.as_ref().map(|current| current.shared.clone()).unwrap_or_default();
        let loaded = self.threads.start(plan, self.engine, shared, queue)?.models().await?;
        Ok(self.begin(loaded, signature, engine).await)
    }

    async fn begin(
        &mut self,
        models: LoadedModels,
        signature: Vec<(ModelId, String, String)>,
        engine: crate::engine::Engine,
    ) -> ReloadOutcome {
        let count = models.catalog.models().len();
        let names = models.catalog.names().cloned().collect();
        let (shared, ended) = (models.shared.clone(), models.ended.clone());
        let digest = self.polaris.begin(models, engine);
        self.current = Some(Current { signature, names, shared, ended });
        self.show([]).await;
        if let Some(metrics) = metrics() {
            metrics.models_ready.set(count.try_into().unwrap_or(i64::MAX));
        }
        let EngineSettings { device, threads, .. } = self.engine;
        tracing::info!(models = count, %device, threads, model_set = %digest, "serving");
        ReloadOutcome::Loaded
    }

    /// Tells health what serves, and that these do not unless they are among it.
    async fn show(&self, not_serving: impl IntoIterator<Item = String>) {
        let mut models: BTreeMap<String, bool> = not_serving.into_iter().map(|name| (name, false)).collect();
        if let Some(current) = &self.current {
            models.extend(current.names.iter().map(|name| (name.clone(), true)));
        }
        self.health.show(self.current.is_some(), &models).await;
    }
}

fn ticks(poll: Option<Duration>) -> Option<Interval> {
    let mut ticks = interval(poll?);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Some(ticks)
}

async fn next(ticks: &mut Option<Interval>) {
    match ticks {
        Some(ticks) => drop(ticks.tick().await),
        None => std::future::pending().await,
    }
}
