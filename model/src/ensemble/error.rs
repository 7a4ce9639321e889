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
    /// A model does not verify.
    #[error(transparent)]
    Registry(#[from] RegistryError),
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
    /// libtorch could not place the weights on the device.
    #[error("model {id}: libtorch: {cause}")]
    Torch {
        /// The model.
        id: ModelId,
        /// What libtorch says; part of the message, so not its source as well.
        cause: TchError,
    },
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

impl EngineError {
    /// Turns a window's index within a chunk into that within the call.
    pub(super) fn offset_by(self, first_window: usize) -> Self {
        match self {
            Self::Input(InputError::Length { window, expected, found }) => {
                Self::Input(InputError::Length { window: window + first_window, expected, found })
            }
            Self::Input(InputError::Sequence { window, cause }) => {
                Self::Input(InputError::Sequence { window: window + first_window, cause })
            }
            Self::Expression { window, expected, found } => {
                Self::Expression { window: window + first_window, expected, found }
            }
            other => other,
        }
    }
}
