//! Reading model files through libtorch's own loader.

use std::path::{Path, PathBuf};

use tch::{CModule, TchError};

use crate::architecture::Architecture;
use crate::digest::sha256_hex;
use crate::network::host_values;
use crate::weights::{Weights, WeightsError};

/// A model file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// The file cannot be read.
    #[error("{path}: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why; part of the message, so not its source as well.
        cause: std::io::Error,
    },
    /// The digest is not that of the manifest.
    #[error("{path}: sha256 is {found}, the manifest says {expected}; the file is damaged or was replaced")]
    Digest {
        /// The file.
        path: PathBuf,
        /// Digest in the manifest.
        expected: String,
        /// Digest of the file.
        found: String,
    },
    /// libtorch does not accept the file.
    #[error("{path}: libtorch does not load it: {}", first_line(.cause))]
    Torch {
        /// The file.
        path: PathBuf,
        /// What libtorch says.
        cause: TchError,
    },
    /// The weights are not those of the architecture.
    #[error("{path}: {cause}")]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: WeightsError,
    },
}

/// libtorch's messages carry a stack trace; their first line says what happened.
fn first_line(error: &TchError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

/// Reads the weights of a model file that must have the given SHA-256, in hexadecimal, and architecture.
///
/// # Errors
/// If the file cannot be read or has another digest, if libtorch does not load it, or if its parameters
/// differ in name or shape or are not finite.
pub fn read_weights(
    path: &Path,
    sha256: &str,
    architecture: Architecture,
) -> Result<Weights, ModelFileError> {
    let torch = |cause| ModelFileError::Torch { path: path.to_owned(), cause };
    let weights = |cause| ModelFileError::Weights { path: path.to_owned(), cause };
    let bytes = std::fs::read(path).map_err(|cause| ModelFileError::Io { path: path.to_owned(), cause })?;
    let found = sha256_hex(&bytes);
    if found != sha256 {
        return Err(ModelFileError::Digest { path: path.to_owned(), expected: sha256.to_owned(), found });
    }
    // From memory: what was verified is what is loaded.
    let module = CModule::load_data(&mut bytes.as_slice()).map_err(torch)?;
    let mut named = module.named_parameters().map_err(torch)?;
    let mut tensors = Vec::new();
    for parameter in architecture.parameters() {
        let index = named
            .iter()
            .position(|(name, _)| name == parameter.name)
            .ok_or_else(|| weights(WeightsError::Missing(parameter.name)))?;
        let (_, tensor) = named.swap_remove(index);
        let shape: Vec<i64> = parameter.shape.iter().map(|&size| size as i64).collect();
        if tensor.size() != shape {
            return Err(weights(WeightsError::Elements {
                name: parameter.name,
                expected: parameter.elements(),
                found: tensor.numel(),
            }));
        }
        tensors.push(host_values(&tensor).map_err(torch)?);
    }
    if let Some((name, _)) = named.into_iter().next() {
        return Err(weights(WeightsError::Unexpected(name)));
    }
    Weights::new(architecture, tensors).map_err(weights)
}
