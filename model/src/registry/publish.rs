//! Publishing: nothing is seen before it is whole.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::{
    CURRENT_LINK, MANIFEST_FILE, MANIFEST_FORMAT, MODEL_FILE, Manifest, ModelId, Registry, RegistryError,
    TrainingRecord, io,
};
use crate::digest::sha256_hex;
use crate::torchscript::write_model;
use crate::weights::Weights;

/// Leading characters of a digest that make a version's name unique.
const DIGEST_CHARACTERS: usize = 8;

impl Registry {
    /// Publishes a network as a new version of a model and makes it the current one. The version directory
    /// is written under a temporary name, synced and renamed; then `current` is swapped by rename.
    /// Publishing the same network with the same record again, on whatever day, makes its version current.
    ///
    /// Returns the manifest as published.
    ///
    /// # Errors
    /// If a file cannot be written; what is published stays as it was.
    pub fn publish(
        &self,
        id: &ModelId,
        weights: &Weights,
        training: TrainingRecord,
    ) -> Result<Manifest, RegistryError> {
        let bytes = write_model(weights)?;
        let mut manifest = Manifest {
            format: MANIFEST_FORMAT,
            id: id.clone(),
            version: String::new(),
            created: String::new(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            rbp: id.rbp().to_owned(),
            cell_line: id.cell_line().to_owned(),
            architecture: weights.architecture(),
            model_sha256: sha256_hex(&bytes),
            training,
        };
        let directory = self.directory().join(id.to_string());
        fs::create_dir_all(&directory).map_err(|cause| io(&directory, cause))?;
        sync(self.directory())?;
        // Of all but version and date: a network published with other figures or another background must not
        // pass for the version that is there.
        let mut digest = sha256_hex(&json(&manifest, &directory)?);
        digest.truncate(DIGEST_CHARACTERS);
        if let Some(version) = version_of(&directory, &digest)? {
            require_same(&directory.join(&version), &bytes)?;
            let published = self.manifest_of(id, &version)?;
            swap_current(&directory, &version)?;
            return Ok(published);
        }
        let now = jiff::Timestamp::now();
        manifest.version = format!("{}-{digest}", now.strftime("%Y-%m-%d"));
        manifest.created = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let manifest_bytes = json(&manifest, &directory)?;
        write_version(&directory, &manifest.version, &bytes, &manifest_bytes).inspect_err(|_| {
            // Nothing may be left of a model that could not be published; if it has versions, this fails.
            let _ = fs::remove_dir(&directory);
        })?;
        swap_current(&directory, &manifest.version)?;
        Ok(manifest)
    }
}

/// The version whose name ends with this digest, of whatever day.
fn version_of(directory: &Path, digest: &str) -> Result<Option<String>, RegistryError> {
    for entry in fs::read_dir(directory).map_err(|cause| io(directory, cause))? {
        let name = entry.map_err(|cause| io(directory, cause))?.file_name();
        if let Some(name) = name.to_str()
            && !name.starts_with('.')
            && name.rsplit_once('-').is_some_and(|(_, end)| end == digest)
        {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

/// A version that is there already must hold the same network.
pub(super) fn require_same(target: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
    let path = target.join(MODEL_FILE);
    let found = fs::read(&path).map_err(|cause| io(&path, cause))?;
    if found == bytes { Ok(()) } else { Err(RegistryError::Exists(target.to_owned())) }
}

fn json(manifest: &Manifest, path: &Path) -> Result<Vec<u8>, RegistryError> {
    let mut json = serde_json::to_vec_pretty(manifest)
        .map_err(|cause| RegistryError::Json { path: path.to_owned(), cause })?;
    json.push(b'\n');
    Ok(json)
}

pub(super) fn write_version(
    directory: &Path,
    version: &str,
    model: &[u8],
    manifest: &[u8],
) -> Result<(), RegistryError> {
    let staging = tempfile::Builder::new()
        .prefix(".publishing-")
        .tempdir_in(directory)
        .map_err(|cause| io(directory, cause))?;
    write_synced(&staging.path().join(MODEL_FILE), model)?;
    write_synced(&staging.path().join(MANIFEST_FILE), manifest)?;
    make_readable(staging.path())?;
    sync(staging.path())?;
    let staged = staging.keep();
    let target = directory.join(version);
    fs::rename(&staged, &target).map_err(|cause| {
        // The error to report is that of the rename; what is left behind has a name that nobody serves.
        let _ = fs::remove_dir_all(&staged);
        io(&target, cause)
    })?;
    sync(directory)
}

/// A temporary directory is private to its maker; a published one is for the server's user too.
fn make_readable(directory: &Path) -> Result<(), RegistryError> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).map_err(|cause| io(directory, cause))
}

pub(super) fn swap_current(directory: &Path, version: &str) -> Result<(), RegistryError> {
    // A name of its own: on machines that share the registry programs have the same process id.
    let temporary = tempfile::Builder::new()
        .prefix(&format!(".{CURRENT_LINK}-"))
        .make_in(directory, |path| std::os::unix::fs::symlink(version, path))
        .map_err(|cause| io(directory, cause))?;
    let link = directory.join(CURRENT_LINK);
    temporary.persist(&link).map_err(|error| io(&link, error.error))?;
    sync(directory)
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|cause| io(path, cause))
}

fn sync(directory: &Path) -> Result<(), RegistryError> {
    File::open(directory).and_then(|file| file.sync_all()).map_err(|cause| io(directory, cause))
}
