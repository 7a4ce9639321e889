//! Published models and the windows that they were not trained on: what a model shows there, it has learned and
//! not memorized.

mod choice;
mod progress;
mod subject;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use polaris_genomics::{Reference, ReferenceBundle};
use polaris_model::{Device, EngineOptions, Ensemble, Manifest, ModelId, Registry};

pub(crate) use progress::Progress;
pub(crate) use subject::{Examined, Method, Subject};

use crate::files::sha256_of_file;
use crate::prepare::record::WINDOWS_FILE;
use crate::windows_file::{LabelledWindow, read_windows};

/// Options of every command that looks at models through held-out windows.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Registry of the models.
    #[arg(long, value_name = "DIR")]
    registry: PathBuf,
    /// Folder that `prepare` wrote and the models were trained on.
    #[arg(long, value_name = "DIR")]
    prepared: PathBuf,
    /// Reference bundle that they were trained with: a folder with reference.toml.
    #[arg(long, value_name = "BUNDLE")]
    reference: PathBuf,
    /// These models only, comma-separated, such as QKI.HepG2,PUM2.K562.
    #[arg(long, visible_alias = "models", value_name = "MODELS", value_delimiter = ',')]
    only: Vec<ModelId>,
    /// Accept a windows.bed that a model was not trained on; its windows on the model's held-out contigs are used.
    #[arg(long)]
    other_windows: bool,
    /// Device to calculate on: cpu, cuda or cuda:N.
    #[arg(long, default_value = "cpu")]
    device: Device,
}

/// A registry, prepared windows and a genome that belong together.
pub(crate) struct HeldOut<'a> {
    arguments: &'a Arguments,
    registry: Registry,
    bundle: ReferenceBundle,
    reference_digest: String,
    ids: Vec<ModelId>,
}

/// A model's manifest with a file of windows.
struct Source {
    manifest: Manifest,
    windows: Vec<LabelledWindow>,
    /// The model was trained on this very file.
    own: bool,
    path: PathBuf,
}

impl Arguments {
    /// Opens registry and bundle and chooses the models.
    ///
    /// # Errors
    /// If one cannot be read, a named model is not in the registry, or it is empty.
    pub(crate) fn open(&self) -> anyhow::Result<HeldOut<'_>> {
        self.device.prepare()?;
        let registry = Registry::open(&self.registry)?;
        let published = registry.model_ids()?;
        let shown = self.registry.display();
        if let Some(missing) = self.only.iter().find(|id| !published.contains(id)) {
            bail!("{missing} is not published in {shown}");
        }
        let chosen = |id: &ModelId| self.only.is_empty() || self.only.contains(id);
        let ids: Vec<ModelId> = published.into_iter().filter(chosen).collect();
        if ids.is_empty() {
            bail!("{shown} holds no published model; run `polaris-trainer train` first");
        }
        let bundle = ReferenceBundle::open(&self.reference)?;
        let reference_digest = bundle.digest()?;
        Ok(HeldOut { arguments: self, registry, bundle, reference_digest, ids })
    }
}

impl HeldOut<'_> {
    /// The chosen models, sorted.
    pub(crate) fn ids(&self) -> &[ModelId] {
        &self.ids
    }

    /// Loads a model and its held-out bound windows, and predicts them.
    ///
    /// # Errors
    /// If the model does not verify, its windows or its genome are not those that it was trained with, or none of the
    /// bound ones was held out.
    pub(crate) fn subject(&self, id: &ModelId) -> anyhow::Result<Subject> {
        let source = self.source(id)?;
        let rows = choice::held_out(source.windows, &source.manifest.training, source.own)
            .with_context(|| format!("{}: {id}", source.path.display()))?;
        self.load(id, rows, &source.path)
    }

    /// Loads a model and all its held-out windows, bound and unbound, and predicts them; beside it the windows that it
    /// was trained on, or with --other-windows those of the file that lie on other contigs than the held-out ones.
    ///
    /// # Errors
    /// If the model does not verify, or its windows or its genome are not those that it was trained with.
    pub(crate) fn both_classes(&self, id: &ModelId) -> anyhow::Result<(Subject, Vec<LabelledWindow>)> {
        let source = self.source(id)?;
        let divided = choice::divide(source.windows, &source.manifest.training, source.own)
            .with_context(|| format!("{}: {id}", source.path.display()))?;
        Ok((self.load(id, divided.held_out, &source.path)?, divided.trained_on))
    }

    /// The genome.
    pub(crate) fn reference(&self) -> &Reference {
        self.bundle.reference()
    }

    fn load(&self, id: &ModelId, rows: Vec<LabelledWindow>, path: &Path) -> anyhow::Result<Subject> {
        let options = EngineOptions { device: self.arguments.device, ..EngineOptions::default() };
        let ensemble = Ensemble::load(&self.registry, std::slice::from_ref(id), options, &mut |_| ())?;
        Subject::new(id, ensemble, rows, &self.bundle).with_context(|| path.display().to_string())
    }

    /// Reads manifest and windows of a model.
    fn source(&self, id: &ModelId) -> anyhow::Result<Source> {
        let manifest = self.registry.manifest(id)?;
        self.check_reference(&manifest)?;
        let path = self.arguments.prepared.join(id.to_string()).join(WINDOWS_FILE);
        let digest = sha256_of_file(&path).with_context(|| path.display().to_string())?;
        let own = digest == manifest.training.windows_sha256;
        if !own && !self.arguments.other_windows {
            bail!(
                "{}: {id} was trained on another file (sha256 {}, not {digest}); give the folder that it was trained \
                 on, or --other-windows to use these on its held-out contigs",
                path.display(),
                manifest.training.windows_sha256
            );
        }
        let windows = read_windows(&path)?;
        Ok(Source { manifest, windows, own, path })
    }

    fn check_reference(&self, manifest: &Manifest) -> anyhow::Result<()> {
        if manifest.training.reference_digest != self.reference_digest {
            bail!(
                "{}: trained with another reference bundle (assembly {}) than that of --reference (assembly {}, or its \
                 files have changed since); give that bundle",
                manifest.id,
                manifest.training.assembly,
                self.bundle.assembly()
            );
        }
        Ok(())
    }
}
