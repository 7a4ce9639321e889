//! Which versions of which models are to be served, read from the registry without loading them.

use polaris_model::{Manifest, ModelId, Registry, RegistryError};

use super::LoadingError;
use crate::settings::{ModelVersion, RegistrySettings, Requirement};

/// What is to be loaded.
#[derive(Clone, Debug)]
pub(crate) struct LoadPlan {
    pub(super) registry: Registry,
    /// The current versions, sorted by id, then the others.
    pub(super) manifests: Vec<Manifest>,
    /// How many of them are current.
    pub(super) current: usize,
    /// For each canary, its place among the manifests.
    pub(super) canaries: Vec<usize>,
}

/// The models that a registry is expected to serve, by id.
///
/// # Errors
/// If it cannot be read, or has not those that are to be served.
pub(crate) fn expected(settings: &RegistrySettings) -> Result<(Registry, Vec<ModelId>), LoadingError> {
    let registry = Registry::open(&settings.directory)?;
    let present = registry.model_ids()?;
    let required: &[ModelId] = match &settings.require {
        Requirement::Models(models) => models,
        Requirement::Any | Requirement::Count(_) => &[],
    };
    if present.is_empty() {
        return Err(LoadingError::Empty(settings.directory.clone()));
    }
    let mut chosen = if settings.models.is_empty() { present.clone() } else { settings.models.clone() };
    chosen.sort();
    chosen.dedup();
    if let Some(model) = chosen.iter().chain(required).find(|model| !present.contains(model)) {
        let present: Vec<String> = present.iter().map(ModelId::to_string).collect();
        return Err(LoadingError::Unknown {
            directory: settings.directory.clone(),
            model: model.clone(),
            present: present.join(", "),
        });
    }
    match settings.require {
        Requirement::Count(required) if chosen.len() < required => {
            Err(LoadingError::Few { directory: settings.directory.clone(), found: chosen.len(), required })
        }
        _ => Ok((registry, chosen)),
    }
}

impl LoadPlan {
    /// Reads the manifests of these models and of the further versions of the settings.
    ///
    /// # Errors
    /// With every model whose manifest is missing or does not fit.
    pub(crate) fn of(
        registry: Registry,
        models: &[ModelId],
        settings: &RegistrySettings,
    ) -> Result<Self, LoadingError> {
        let mut broken = Vec::new();
        let mut good = |name: String, manifest: Result<Manifest, RegistryError>| {
            manifest.map_err(|error| broken.push((name, error))).ok()
        };
        let mut manifests: Vec<Manifest> =
            models.iter().filter_map(|id| good(id.to_string(), registry.manifest(id))).collect();
        let current = manifests.len();
        let mut canaries = Vec::with_capacity(settings.canaries.len());
        let further = settings.versions.iter().map(|version| (version, false));
        for (wanted, canary) in further.chain(settings.canaries.iter().map(|version| (version, true))) {
            let there = manifests.iter().position(|manifest| is(manifest, wanted));
            let place = there.or_else(|| {
                let manifest = registry.manifest_of(&wanted.id, &wanted.version);
                manifests.push(good(wanted.to_string(), manifest)?);
                Some(manifests.len() - 1)
            });
            canaries.extend(place.filter(|_| canary));
        }
        if !broken.is_empty() {
            return Err(LoadingError::Manifests(broken));
        }
        Ok(Self { registry, manifests, current, canaries })
    }

    /// What tells sets of models apart: every version with its digest, those that are current first.
    pub(crate) fn signature(&self) -> Vec<(ModelId, String, String)> {
        let key = |manifest: &Manifest| {
            (manifest.id.clone(), manifest.version.clone(), manifest.model_sha256.clone())
        };
        self.manifests.iter().map(key).collect()
    }
}

fn is(manifest: &Manifest, wanted: &ModelVersion) -> bool {
    manifest.id == wanted.id && manifest.version == wanted.version
}
