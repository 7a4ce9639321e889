//! The engine's threads: each verifies and loads a set of models, warms them up, then answers jobs.
//!
//! There is one thread for each set. While a new set is loaded the old one answers; when the new one is warm, calls that
//! come go to it, and the old thread ends with the last call that it had.

mod error;
mod plan;

use std::time::Instant;

use polaris_model::{EngineOptions, Ensemble, Precision, SharedModels};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::catalog::Catalog;
use crate::engine::EngineQueue;
use crate::metrics::metrics;
use crate::settings::EngineSettings;
pub(crate) use error::LoadingError;
pub(crate) use plan::{LoadPlan, expected};

/// All threads, while and after they run.
#[derive(Clone, Debug, Default)]
pub(crate) struct EngineThreads {
    running: TaskTracker,
    /// Those that jobs can be in the hands of: not before the models are loaded.
    answering: TaskTracker,
}

/// A set of models in place.
#[derive(Debug)]
pub(crate) struct LoadedModels {
    /// What is known about them.
    pub(crate) catalog: Catalog,
    /// The same with canaries in the place of the versions that are current, if there are any.
    pub(crate) canary_catalog: Option<Catalog>,
    /// What the next set may take over.
    pub(crate) shared: SharedModels,
    /// How exactly they calculate.
    pub(crate) precision: Precision,
    /// Cancelled when their thread has ended.
    pub(crate) ended: CancellationToken,
}

/// Models to come.
#[derive(Debug)]
pub(crate) struct Loading(oneshot::Receiver<Result<LoadedModels, LoadingError>>);

impl Loading {
    /// Waits until the models are loaded and warm.
    ///
    /// # Errors
    /// If they cannot be served.
    pub(crate) async fn models(self) -> Result<LoadedModels, LoadingError> {
        self.0.await.unwrap_or(Err(LoadingError::Thread))
    }
}

impl EngineThreads {
    /// Starts one that loads what is planned and then answers the queue.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub(crate) fn start(
        &self,
        plan: LoadPlan,
        settings: EngineSettings,
        shared: SharedModels,
        queue: EngineQueue,
    ) -> Result<Loading, LoadingError> {
        let (sender, loading) = oneshot::channel();
        let (running, answering, ended) =
            (self.running.token(), self.answering.clone(), CancellationToken::new());
        // All of it on one thread, which owns the models: on a GPU libtorch keeps resources for every thread that it
        // sees.
        let work = move || {
            let _running = running;
            let _ended = ended.clone().drop_guard();
            match load(&plan, &settings, &shared) {
                Ok(ensemble) => {
                    // Until the next set has taken over what it can, and not longer.
                    drop(shared);
                    let _answering = answering.token();
                    let models = LoadedModels {
                        catalog: plan.catalog(&ensemble),
                        canary_catalog: plan.canary_catalog(&ensemble),
                        shared: ensemble.shared(),
                        precision: ensemble.precision(),
                        ended,
                    };
                    if sender.send(Ok(models)).is_ok() {
                        queue.run(&ensemble);
                    }
                }
                // Nobody to tell: the server is stopping.
                Err(error) => drop(sender.send(Err(error))),
            }
        };
        let thread = std::thread::Builder::new().name("engine".to_owned()).spawn(work);
        thread.map(|_| Loading(loading)).map_err(LoadingError::NoThread)
    }

    /// Whether one runs now, and may be inside libtorch.
    pub(crate) fn is_running(&self) -> bool {
        !self.running.is_empty()
    }

    /// Waits until no work is in the hands of any for good. One that is still loading is not waited for.
    pub(crate) async fn finished(&self) {
        self.answering.close();
        self.answering.wait().await;
    }
}

impl LoadPlan {
    fn catalog(&self, ensemble: &Ensemble) -> Catalog {
        Catalog::of(ensemble, (0..self.current).collect())
    }

    fn canary_catalog(&self, ensemble: &Ensemble) -> Option<Catalog> {
        let mut current: Vec<usize> = (0..self.current).collect();
        for &canary in &self.canaries {
            let id = &self.manifests.get(canary)?.id;
            let same = |&place: &usize| self.manifests.get(place).is_some_and(|other| other.id == *id);
            match current.iter().position(same) {
                Some(place) => *current.get_mut(place)? = canary,
                // Of a model without a current version.
                None => current.push(canary),
            }
        }
        (!self.canaries.is_empty()).then(|| Catalog::of(ensemble, current))
    }
}

/// Verifies, loads and warms up what is planned.
///
/// # Errors
/// With every model that does not verify, or what else is in the way.
pub(crate) fn load(
    plan: &LoadPlan,
    engine: &EngineSettings,
    shared: &SharedModels,
) -> Result<Ensemble, LoadingError> {
    let start = Instant::now();
    let registry = plan.registry.directory().display();
    tracing::info!(%registry, models = plan.manifests.len(), precision = %engine.precision, "loading");
    let options =
        EngineOptions { device: engine.device, threads: engine.threads, precision: engine.precision };
    let mut read = 0;
    let ensemble =
        Ensemble::load_versions(&plan.registry, plan.manifests.clone(), options, shared, &mut |model| {
            read += 1;
            tracing::debug!(%model, "verified and loaded");
        })?;
    if ensemble.precision() != options.precision {
        tracing::warn!("this processor does not multiply bfloat16: precision is {}", ensemble.precision());
    }
    if let Some(error) = ensemble.rounding_error() {
        tracing::info!("probabilities differ from those of strict precision by up to {error:.1e}");
    }
    ensemble.warm_up().map_err(LoadingError::WarmUp)?;
    if let Some(metrics) = metrics() {
        metrics.built(&ensemble.precision().to_string(), &engine.device.to_string());
    }
    let (models, elapsed_ms) = (ensemble.models().len(), start.elapsed().as_millis());
    tracing::info!(models, read, elapsed_ms, "loaded and warm");
    Ok(ensemble)
}
