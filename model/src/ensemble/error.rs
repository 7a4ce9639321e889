//! Why an ensemble cannot be loaded or asked.

use tch::TchError;

use crate::inputs::InputError;
use crate::registry::{ModelId, RegistryError};

/// Models that cannot be served together.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No model was chosen.
    #[error("no models to load")]
    Empty,
    /// A model has no manifest that fits.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Models that do not verify; at least one.
    #[error("{}", joined(.0))]
    Broken(Vec<(ModelId, RegistryError)>),
    /// Two models read windows of different lengths.
    #[error(
        "model {first} reads {first_length} bases and model {second} reads {second_length}; serve them apart"
    )]
    Lengths {
        /// A model.
        first: ModelId,
        /// Its input length.
        first_length: usize,
        /// Another model.
        second: ModelId,
        /// Its input length.
        second_length: usize,
    },
    /// The device does not take the models.
    #[error("the device does not take the models: {0}")]
    Device(EngineError),
    /// The system has no thread for the engine.
    #[error("cannot start the engine's threads: {0}")]
    Threads(rayon::ThreadPoolBuildError),
}

fn joined(broken: &[(ModelId, RegistryError)]) -> String {
    broken.iter().map(|(_, error)| error.to_string()).collect::<Vec<_>>().join("; ")
}

// No `#[from]`: that would make the cause, which the message has, the error's source as well.
impl From<EngineError> for LoadError {
    fn from(cause: EngineError) -> Self {
        Self::Device(cause)
    }
}

/// A batch that cannot be calculated.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A window is not as the models need it.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A window without a value for every cell line.
    #[error("window {window}: {found} expression values, {expected} are expected")]
    Expression {
        /// Index of the window, from 0.
        window: usize,
        /// Cell lines of the ensemble.
        expected: usize,
        /// Values found.
        found: usize,
    },
    /// A substitution that reaches beyond its window.
    #[error("window {window}: the substitution from base {offset0} on reaches beyond the window")]
    Substitution {
        /// Index of the window, from 0.
        window: usize,
        /// First replaced base.
        offset0: usize,
    },
    /// A model index out of range.
    #[error("model index {index} is not below {models}")]
    Model {
        /// The index.
        index: usize,
        /// Models loaded.
        models: usize,
    },
}

impl From<TchError> for EngineError {
    fn from(source: TchError) -> Self {
        Self::Input(InputError::Torch(source))
    }
}
