//! The model registry: a directory of published, never changed versions.
//!
//! ```text
//! registry/RBFOX2.K562/2026-11-22-1f0c9a7b/model.pt        TorchScript
//!                                         /manifest.json   what it is and how it was made
//!         /RBFOX2.K562/current -> 2026-11-22-1f0c9a7b
//! ```

mod copy;
mod manifest;
mod model_id;
mod publish;

use std::path::{Path, PathBuf};

pub use copy::VersionCopy;
pub use manifest::{
    DeltaBackground, Evaluation, FoldMetrics, MANIFEST_FORMAT, Manifest, Split, TrainingRecord,
};
pub use model_id::{ModelId, ModelIdError};

use crate::torchscript::{ArchiveTooLarge, ModelFileError, read_weights};
use crate::weights::Weights;

/// Name of the model file in a version directory.
pub const MODEL_FILE: &str = "model.pt";
/// Name of the manifest in a version directory.
pub const MANIFEST_FILE: &str = "manifest.json";
/// Name of the link to the served version.
pub const CURRENT_LINK: &str = "current";

/// A registry directory.
#[derive(Clone, Debug)]
pub struct Registry {
    directory: PathBuf,
}

/// What can be wrong with a registry. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A file or directory cannot be read or written.
    #[error("{path}: {cause}")]
    Io {
        /// File or directory.
        path: PathBuf,
        /// Why; part of the message, so not its source as well.
        cause: std::io::Error,
    },
    /// `current` is a directory or file of its own.
    #[error(
        "{0} is no link to a version directory (a copy may have followed links); make one with `ln -sfn VERSION current`"
    )]
    NoLink(PathBuf),
    /// A manifest that is not one.
    #[error("{path}:{}:{}: {cause}", .cause.line(), .cause.column())]
    Json {
        /// The manifest.
        path: PathBuf,
        /// What is wrong, and where.
        cause: serde_json::Error,
    },
    /// A manifest that does not fit its place, this version of the program, or itself.
    #[error("{path}: {field} is {found}, expected {expected}")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The field.
        field: &'static str,
        /// Its value.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// The model file does not match.
    #[error("model {id}: {cause}")]
    Model {
        /// The model.
        id: ModelId,
        /// What is wrong with the file.
        cause: Box<ModelFileError>,
    },
    /// A version that is there with other contents.
    #[error("{0} is published with other contents; a version is never changed")]
    Exists(PathBuf),
    /// A model too large to write.
    #[error(transparent)]
    TooLarge(#[from] ArchiveTooLarge),
}

impl Registry {
    /// Opens an existing registry.
    ///
    /// # Errors
    /// If the directory is missing or cannot be read.
    pub fn open(directory: &Path) -> Result<Self, RegistryError> {
        std::fs::read_dir(directory).map_err(|cause| io(directory, cause))?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// Opens a registry, making the directory if it is missing.
    ///
    /// # Errors
    /// If the directory cannot be made or read.
    pub fn create(directory: &Path) -> Result<Self, RegistryError> {
        std::fs::create_dir_all(directory).map_err(|cause| io(directory, cause))?;
        Self::open(directory)
    }

    /// The registry's directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The models with a `current` version, sorted. Files and directories of other names are passed over.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn model_ids(&self) -> Result<Vec<ModelId>, RegistryError> {
        let mut ids = Vec::new();
        for entry in std::fs::read_dir(&self.directory).map_err(|cause| io(&self.directory, cause))? {
            let entry = entry.map_err(|cause| io(&self.directory, cause))?;
            let id = entry.file_name().to_str().and_then(|name| name.parse::<ModelId>().ok());
            // A dangling link is a model too: loading it reports what is missing.
            if let Some(id) = id
                && entry.path().join(CURRENT_LINK).symlink_metadata().is_ok()
            {
                ids.push(id);
            }
        }
        ids.sort();
        Ok(ids)
    }

    /// Reads and checks the manifest of a model's current version.
    ///
    /// # Errors
    /// If it is missing, not linked to, malformed, of another format, or not about this model and version.
    pub fn manifest(&self, id: &ModelId) -> Result<Manifest, RegistryError> {
        self.manifest_of(id, &self.current_version(id)?)
    }

    /// The version that a model's `current` link names.
    ///
    /// # Errors
    /// If there is no link.
    pub fn current_version(&self, id: &ModelId) -> Result<String, RegistryError> {
        let link = self.directory.join(id.to_string()).join(CURRENT_LINK);
        let target = std::fs::read_link(&link).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::InvalidInput => RegistryError::NoLink(link.clone()),
            _ => io(&link, cause),
        })?;
        Ok(target.to_string_lossy().into_owned())
    }

    /// Reads and checks the manifest of one version.
    ///
    /// # Errors
    /// If it is missing, malformed, of another format, or not about this model and version.
    pub fn manifest_of(&self, id: &ModelId, version: &str) -> Result<Manifest, RegistryError> {
        let path = self.version_directory(id, version).join(MANIFEST_FILE);
        let bytes = std::fs::read(&path).map_err(|cause| io(&path, cause))?;
        parse_manifest((id, version), &bytes, &path)
    }

    /// Where the files of a version are.
    pub fn version_directory(&self, id: &ModelId, version: &str) -> PathBuf {
        self.directory.join(id.to_string()).join(version)
    }

    /// Loads a model's current version, verified against its manifest.
    ///
    /// # Errors
    /// As [`Registry::manifest`] and [`Registry::weights`].
    pub fn load(&self, id: &ModelId) -> Result<(Manifest, Weights), RegistryError> {
        let manifest = self.manifest(id)?;
        let weights = self.weights(&manifest)?;
        Ok((manifest, weights))
    }

    /// Loads the weights that a manifest of this registry is about, verified against it.
    ///
    /// # Errors
    /// If the model file has another digest or other weights than the manifest says. The error names model and file.
    pub fn weights(&self, manifest: &Manifest) -> Result<Weights, RegistryError> {
        let path = self.version_directory(&manifest.id, &manifest.version).join(MODEL_FILE);
        read_weights(&path, &manifest.model_sha256, manifest.architecture)
            .map_err(|cause| RegistryError::Model { id: manifest.id.clone(), cause: Box::new(cause) })
    }
}

/// Parses and checks the manifest at `path`.
fn parse_manifest(
    (id, version): (&ModelId, &str),
    bytes: &[u8],
    path: &Path,
) -> Result<Manifest, RegistryError> {
    let manifest: Manifest = serde_json::from_slice(bytes)
        .map_err(|cause| RegistryError::Json { path: path.to_owned(), cause })?;
    manifest.check(id, version).map_err(|(field, found, expected)| RegistryError::Manifest {
        path: path.to_owned(),
        field,
        found,
        expected,
    })?;
    Ok(manifest)
}

fn io(path: &Path, cause: std::io::Error) -> RegistryError {
    RegistryError::Io { path: path.to_owned(), cause }
}
