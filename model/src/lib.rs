//! The networks of POLARIS, their files, their registry, and the engine that runs them.
//!
//! This is the only crate that knows libtorch; tensors never leave it. A network is described by its
//! [`Architecture`], held by its [`Weights`], trained by [`training::fit`], published in a [`Registry`] as a
//! TorchScript file beside a [`Manifest`], and served by an [`Ensemble`], which also says which bases drive a
//! prediction ([`localization`]). Networks to compare it with are in [`comparison`].

mod architecture;
pub mod comparison;
mod cpu;
mod device;
mod digest;
mod ensemble;
mod inputs;
pub mod localization;
pub mod measure;
mod network;
mod precision;
mod registry;
mod stacked;
mod torchscript;
pub mod training;
mod weights;

pub use architecture::{Architecture, ArchitectureError, Parameter};
pub use cpu::instruction_set::InstructionSet;
pub use device::{Device, DeviceError, set_threads};
pub use ensemble::{
    EngineError, EngineOptions, Ensemble, LoadError, Localizations, Predictions, SharedModels, Substitution,
    WindowInput, sigmoid,
};
pub use inputs::InputError;
pub use network::NetworkError;
pub use precision::{Precision, PrecisionError};
pub use registry::{
    CURRENT_LINK, DeltaBackground, Evaluation, FoldMetrics, MANIFEST_FILE, MANIFEST_FORMAT, MODEL_FILE,
    Manifest, ModelId, ModelIdError, Registry, RegistryError, Split, TrainingRecord, VersionCopy,
};
pub use torchscript::{ArchiveTooLarge, ModelFileError, read_weights, write_model};
pub use weights::{Weights, WeightsError};
