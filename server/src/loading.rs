//! The engine's thread: verifies and loads the models, warms them up, then answers jobs.

use std::path::PathBuf;
use std::time::Instant;

use polaris_model::{EngineError, EngineOptions, Ensemble, LoadError, ModelId, Registry, RegistryError};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::catalog::Catalog;
use crate::engine::EngineQueue;
use crate::metrics::metrics;
use crate::settings::{EngineSettings, RegistrySettings, Settings};

/// Why a registry cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadingError {
    /// The directory cannot be read.
    #[error("registry: {0}")]
    Registry(Box<RegistryError>),
    /// Nothing is published.
    #[error("the registry {0} holds no models; publish some with polaris-trainer, or check --registry")]
    Empty(PathBuf),
    /// A model to be served is not there.
    #[error("the registry {directory} has no model {model}; it has {present}")]
    Unknown {
        /// The registry.
        directory: PathBuf,
        /// The model asked for.
        model: ModelId,
        /// The models that are there.
        present: String,
    },
    /// A model does not verify or cannot be served with the others.
    #[error("cannot serve: {0}")]
    Load(Box<LoadError>),
    /// The models load but do not calculate.
    #[error("cannot serve: the first prediction failed: {0}")]
    WarmUp(EngineError),
    /// The thread is gone without a word.
    #[error("the engine's thread ended while it was loading models")]
    Thread,
}

impl From<RegistryError> for LoadingError {
    fn from(error: RegistryError) -> Self {
        Self::Registry(Box::new(error))
    }
}

impl From<LoadError> for LoadingError {
    fn from(error: LoadError) -> Self {
        Self::Load(Box::new(error))
    }
}

/// The thread, before, while and after it runs.
#[derive(Debug, Default)]
pub(crate) struct EngineThread {
    started: CancellationToken,
    /// Jobs can be in the thread's hands: not before the models are loaded.
    answering: CancellationToken,
    ended: CancellationToken,
}

/// Models to come.
#[derive(Debug)]
pub(crate) struct Loaded(oneshot::Receiver<Result<Catalog, LoadingError>>);

impl Loaded {
    /// Waits until the models are loaded and warm.
    ///
    /// # Errors
    /// If they cannot be served.
    pub(crate) async fn catalog(self) -> Result<Catalog, LoadingError> {
        self.0.await.unwrap_or(Err(LoadingError::Thread))
    }
}

impl EngineThread {
    /// Starts it. To be called once.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub(crate) fn start(&self, settings: &Settings, queue: EngineQueue) -> std::io::Result<Loaded> {
        let (sender, loaded) = oneshot::channel();
        let (registry, engine) = (settings.registry.clone(), settings.engine);
        let (answering, ended) = (self.answering.clone(), self.ended.clone().drop_guard());
        // All of it on one thread, which owns the models: on a GPU libtorch keeps resources for every thread that it
        // sees.
        std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
            let _ended = ended;
            match load(&registry, &engine) {
                Ok(ensemble) => {
                    answering.cancel();
                    if sender.send(Ok(Catalog::of(&ensemble))).is_ok() {
                        queue.run(&ensemble);
                    }
                }
                // Nobody to tell: the server is stopping.
                Err(error) => drop(sender.send(Err(error))),
            }
        })?;
        self.started.cancel();
        Ok(Loaded(loaded))
    }

    /// Whether it runs now, and may be inside libtorch.
    pub(crate) fn is_running(&self) -> bool {
        self.started.is_cancelled() && !self.ended.is_cancelled()
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Waits until no work is in its hands for good. A thread that is still loading is not waited for.
    pub(crate) async fn finished(&self) {
        if self.answering.is_cancelled() {
            self.ended().await;
        }
    }
}

fn load(settings: &RegistrySettings, engine: &EngineSettings) -> Result<Ensemble, LoadingError> {
    let start = Instant::now();
    let registry = Registry::open(&settings.directory)?;
    let present = registry.model_ids()?;
    if present.is_empty() {
        return Err(LoadingError::Empty(settings.directory.clone()));
    }
    if let Some(model) = settings.models.iter().find(|model| !present.contains(model)) {
        let present: Vec<String> = present.iter().map(ModelId::to_string).collect();
        return Err(LoadingError::Unknown {
            directory: settings.directory.clone(),
            model: model.clone(),
            present: present.join(", "),
        });
    }
    let chosen = if settings.models.is_empty() { &present } else { &settings.models };
    tracing::info!(registry = %settings.directory.display(), models = chosen.len(), precision = %engine.precision, "loading");
    if let Some(metrics) = metrics() {
        metrics.models_expected.set(chosen.len().try_into().unwrap_or(i64::MAX));
    }
    let options =
        EngineOptions { device: engine.device, threads: engine.threads, precision: engine.precision };
    let ensemble = Ensemble::load(
        &registry,
        chosen,
        options,
        &mut |model| tracing::debug!(%model, "verified and loaded"),
    )?;
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
    tracing::info!(
        models = ensemble.models().len(),
        elapsed_ms = start.elapsed().as_millis(),
        "loaded and warm"
    );
    Ok(ensemble)
}
