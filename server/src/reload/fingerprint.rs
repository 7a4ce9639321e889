//! Whether a registry has changed, without reading what is in it.

use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

use polaris_model::{MANIFEST_FILE, MODEL_FILE, ModelId, Registry};

use crate::settings::RegistrySettings;

/// The versions that are current, and size and time of their files, which change if a broken one is mended in its place.
/// Polled: network file systems do not say when they change.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Fingerprint(Vec<Version>);

/// A version with its model file and its manifest.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Version {
    id: ModelId,
    version: String,
    files: [Option<Seen>; 2],
}

/// Size and time of a file.
type Seen = (u64, SystemTime);

impl Fingerprint {
    /// Of the models that settings ask for, as far as they are there.
    pub(super) fn of(settings: &RegistrySettings) -> Self {
        let Ok(registry) = Registry::open(&settings.directory) else { return Self::default() };
        let ids = registry.model_ids().unwrap_or_default();
        let chosen = |id: &ModelId| settings.models.is_empty() || settings.models.contains(id);
        let current = ids.into_iter().filter(chosen).map(|id| {
            let version = registry.current_version(&id).unwrap_or_default();
            (id, version)
        });
        let further = settings.versions.iter().chain(&settings.canaries);
        let further = further.map(|further| (further.id.clone(), further.version.clone()));
        let versions = current.chain(further).map(|(id, version)| {
            let directory = registry.version_directory(&id, &version);
            let files = [MODEL_FILE, MANIFEST_FILE].map(|file| seen(&directory.join(file)));
            Version { id, version, files }
        });
        Self(versions.collect())
    }
}

fn seen(path: &Path) -> Option<Seen> {
    let metadata: Metadata = std::fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::settings::{Flag, Settings};

    #[test]
    fn a_new_version_and_a_mended_file_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("QKI.K562");
        for version in ["one", "two"] {
            std::fs::create_dir_all(model.join(version)).unwrap();
            std::fs::write(model.join(version).join(MODEL_FILE), "model").unwrap();
        }
        let directory = folder.path().display().to_string();
        let flag = Flag { flag: "--registry", key: "registry.directory", value: directory.into() };
        let settings = Settings::load(None, vec![flag]).unwrap().registry;
        let look = || Fingerprint::of(&settings);
        assert_eq!(look(), Fingerprint::default());
        symlink("one", model.join("current")).unwrap();
        let one = look();
        assert_eq!(one, look());
        std::fs::remove_file(model.join("current")).unwrap();
        symlink("two", model.join("current")).unwrap();
        let two = look();
        assert_ne!(one, two);
        std::fs::write(model.join("two").join(MODEL_FILE), "mended").unwrap();
        assert_ne!(two, look());
    }
}
