//! Why a registry cannot be served.

use std::collections::BTreeMap;
use std::path::PathBuf;

use polaris_model::{EngineError, LoadError, ModelId, RegistryError};

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
    /// Fewer models than are required.
    #[error("the registry {directory} has {found} models to serve, registry.require is {required}")]
    Few {
        /// The registry.
        directory: PathBuf,
        /// Models that are there.
        found: usize,
        /// Models that must be.
        required: usize,
    },
    /// Models without a manifest that fits; at least one.
    #[error("cannot serve: {}", .0.iter().map(|(_, error)| error.to_string()).collect::<Vec<_>>().join("; "))]
    Manifests(Vec<(String, RegistryError)>),
    /// A model does not verify or cannot be served with the others.
    #[error("cannot serve: {0}")]
    Load(Box<LoadError>),
    /// The models load but do not calculate.
    #[error("cannot serve: the first prediction failed: {0}")]
    WarmUp(EngineError),
    /// The system has no thread left.
    #[error("cannot start the engine's thread: {0}")]
    NoThread(std::io::Error),
    /// The thread is gone without a word.
    #[error("the engine's thread ended while it was loading models")]
    Thread,
}

impl LoadingError {
    /// Whether another registry would not help: the fault is that of the device or the system.
    pub(crate) fn is_of_the_machine(&self) -> bool {
        match self {
            Self::Load(error) => matches!(**error, LoadError::Device(_) | LoadError::Threads(_)),
            Self::WarmUp(_) | Self::NoThread(_) | Self::Thread => true,
            _ => false,
        }
    }

    /// The models at fault, and why.
    pub(crate) fn models(&self) -> BTreeMap<String, String> {
        let text = |error: &RegistryError| error.to_string();
        match self {
            Self::Manifests(broken) => broken.iter().map(|(id, error)| (id.clone(), text(error))).collect(),
            Self::Unknown { model, .. } => [(model.to_string(), self.to_string())].into(),
            Self::Load(error) => match &**error {
                LoadError::Broken(broken) => {
                    broken.iter().map(|(id, error)| (id.to_string(), text(error))).collect()
                }
                LoadError::Lengths { first, second, .. } => {
                    [first, second].map(|id| (id.to_string(), error.to_string())).into()
                }
                _ => BTreeMap::new(),
            },
            _ => BTreeMap::new(),
        }
    }
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
