//! Versions as bytes, to carry them from one registry to another.

use std::fs;

use super::publish::{require_same, swap_current, write_version};
use super::{MANIFEST_FILE, MODEL_FILE, Manifest, ModelId, Registry, RegistryError, io, parse_manifest};
use crate::digest::sha256_hex;
use crate::torchscript::ModelFileError;

/// A published version, verified: its model file has the digest that the manifest says.
#[derive(Clone, Debug)]
pub struct VersionCopy {
    manifest: Manifest,
    manifest_bytes: Vec<u8>,
    model_bytes: Vec<u8>,
}

impl VersionCopy {
    /// Checks that both files are of this model and version and belong together. libtorch does not see the model yet.
    ///
    /// # Errors
    /// If the manifest is malformed, of another model, version or format, or the model file has another digest. The error
    /// names `place`, where they come from.
    pub fn verified(
        (id, version): (&ModelId, &str),
        manifest_bytes: Vec<u8>,
        model_bytes: Vec<u8>,
        place: &str,
    ) -> Result<Self, RegistryError> {
        let manifest = Self::manifest_of((id, version), &manifest_bytes, place)?;
        let found = sha256_hex(&model_bytes);
        if found != manifest.model_sha256 {
            let path = format!("{place}/{MODEL_FILE}").into();
            let cause = ModelFileError::Digest { path, expected: manifest.model_sha256, found };
            return Err(RegistryError::Model { id: manifest.id, cause: Box::new(cause) });
        }
        Ok(Self { manifest, manifest_bytes, model_bytes })
    }

    /// Checks a manifest alone.
    ///
    /// # Errors
    /// As [`VersionCopy::verified`].
    pub fn manifest_of(
        (id, version): (&ModelId, &str),
        manifest_bytes: &[u8],
        place: &str,
    ) -> Result<Manifest, RegistryError> {
        parse_manifest((id, version), manifest_bytes, format!("{place}/{MANIFEST_FILE}").as_ref())
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The files: manifest and model.
    pub fn into_files(self) -> (Vec<u8>, Vec<u8>) {
        (self.manifest_bytes, self.model_bytes)
    }
}

impl Registry {
    /// Reads a version.
    ///
    /// # Errors
    /// If it is missing or not what its manifest says.
    pub fn copy_of(&self, id: &ModelId, version: &str) -> Result<VersionCopy, RegistryError> {
        let folder = self.directory().join(id.to_string()).join(version);
        let read = |name| {
            let path = folder.join(name);
            fs::read(&path).map_err(|cause| io(&path, cause))
        };
        VersionCopy::verified(
            (id, version),
            read(MANIFEST_FILE)?,
            read(MODEL_FILE)?,
            &folder.display().to_string(),
        )
    }

    /// Whether a version is there; what a broken publication left does not count, as it has another name.
    pub fn has(&self, id: &ModelId, version: &str) -> bool {
        self.directory().join(id.to_string()).join(version).join(MANIFEST_FILE).is_file()
    }

    /// Publishes a version of another registry under its name, and makes it the current one. Nothing is seen before it is
    /// whole. If it is there already, only the link is set.
    ///
    /// # Errors
    /// If a file cannot be written, or the version is there with another network.
    pub fn import(&self, copy: &VersionCopy) -> Result<(), RegistryError> {
        let manifest = copy.manifest();
        let directory = self.directory().join(manifest.id.to_string());
        fs::create_dir_all(&directory).map_err(|cause| io(&directory, cause))?;
        if self.has(&manifest.id, &manifest.version) {
            require_same(&directory.join(&manifest.version), &copy.model_bytes)?;
        } else {
            write_version(&directory, &manifest.version, &copy.model_bytes, &copy.manifest_bytes)?;
        }
        swap_current(&directory, &manifest.version)
    }

    /// Publishes a version as [`Registry::import`] does in the place of one that is there and damaged, which is kept under a
    /// hidden name, that nobody serves.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn repair(&self, copy: &VersionCopy) -> Result<(), RegistryError> {
        let manifest = copy.manifest();
        let directory = self.directory().join(manifest.id.to_string());
        let damaged = directory.join(&manifest.version);
        let aside = tempfile::Builder::new()
            .prefix(&format!(".damaged-{}-", manifest.version))
            .tempdir_in(&directory)
            .map_err(|cause| io(&directory, cause))?;
        fs::rename(&damaged, aside.path()).map_err(|cause| io(&damaged, cause))?;
        drop(aside.keep());
        self.import(copy)
    }

    /// Makes a version that is there the current one.
    ///
    /// # Errors
    /// If there is no such version, or the link cannot be set.
    pub fn make_current(&self, id: &ModelId, version: &str) -> Result<Manifest, RegistryError> {
        let manifest = self.manifest_of(id, version)?;
        swap_current(&self.directory().join(id.to_string()), version)?;
        Ok(manifest)
    }
}
