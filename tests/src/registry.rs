//! Registries of models whose weights come from a formula.

use std::path::{Path, PathBuf};

use polaris_model::training::Recipe;
use polaris_model::{
    Architecture, CURRENT_LINK, DeltaBackground, EngineOptions, Ensemble, Evaluation, FoldMetrics,
    MANIFEST_FILE, MODEL_FILE, Manifest, ModelId, Registry, Split, TrainingRecord, Weights,
};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::HarnessError;

/// Length of the windows of models in tests, short to be quick.
pub const INPUT_LENGTH: usize = 151;

/// A registry in a temporary directory.
#[derive(Debug)]
pub struct TestRegistry {
    folder: tempfile::TempDir,
    registry: Registry,
}

impl TestRegistry {
    /// A registry without models.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn empty() -> Result<Self, HarnessError> {
        let folder = tempfile::tempdir().map_err(HarnessError::io("temporary directory"))?;
        let registry = Registry::create(folder.path())?;
        Ok(Self { folder, registry })
    }

    /// The four input variants: `QKI.K562` reads expression and region, `QKI.HepG2` expression, `PUM2.K562`
    /// region, `TARDBP.K562` the sequence alone.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn all_variants() -> Result<Self, HarnessError> {
        let registry = Self::empty()?;
        registry.publish("QKI.K562", INPUT_LENGTH, true, true)?;
        registry.publish("QKI.HepG2", INPUT_LENGTH, true, false)?;
        registry.publish("PUM2.K562", INPUT_LENGTH, false, true)?;
        registry.publish("TARDBP.K562", INPUT_LENGTH, false, false)?;
        Ok(registry)
    }

    /// Publishes a model. Its weights differ from those of models with another id.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn publish(
        &self,
        id: &str,
        input_length: usize,
        expression: bool,
        region: bool,
    ) -> Result<(), HarnessError> {
        let model: ModelId = id.parse().map_err(|error| HarnessError::Model(format!("{error}")))?;
        let architecture = Architecture::new(input_length, expression, region)
            .map_err(|error| HarnessError::Model(error.to_string()))?;
        let seed = id.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        self.registry.publish(&model, &Weights::from_formula(architecture, seed), training_record())?;
        Ok(())
    }

    /// Publishes another version of a model of [`INPUT_LENGTH`] that reads expression and region, and makes it current.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn publish_version(&self, id: &str, seed: u64) -> Result<Manifest, HarnessError> {
        self.publish_version_of(id, INPUT_LENGTH, seed)
    }

    /// The same of any input length.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn publish_version_of(
        &self,
        id: &str,
        input_length: usize,
        seed: u64,
    ) -> Result<Manifest, HarnessError> {
        let model: ModelId = id.parse().map_err(|error| HarnessError::Model(format!("{error}")))?;
        let architecture = Architecture::new(input_length, true, true)
            .map_err(|error| HarnessError::Model(error.to_string()))?;
        Ok(self.registry.publish(&model, &Weights::from_formula(architecture, seed), training_record())?)
    }

    /// Cuts a model's file in two halves and returns what it held.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn truncate(&self, id: &str) -> Result<Vec<u8>, HarnessError> {
        let path = self.model_file(id);
        let failed = || HarnessError::io(path.display().to_string());
        let model = std::fs::read(&path).map_err(failed())?;
        std::fs::write(&path, model.get(..model.len() / 2).unwrap_or_default()).map_err(failed())?;
        Ok(model)
    }

    /// All its models, loaded in this process.
    ///
    /// # Errors
    /// If they do not load.
    pub fn ensemble(&self) -> Result<Ensemble, HarnessError> {
        // Beside a server: more threads than cores are slower than one.
        let options = EngineOptions { threads: 1, ..EngineOptions::default() };
        let ids = self.registry.model_ids()?;
        let loaded = Ensemble::load(&self.registry, &ids, options, &mut |_| ());
        loaded.map_err(|error| HarnessError::Model(error.to_string()))
    }

    /// The registry's directory.
    pub fn directory(&self) -> &Path {
        self.folder.path()
    }

    /// The registry itself.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// A model's file.
    pub fn model_file(&self, id: &str) -> PathBuf {
        self.directory().join(id).join(CURRENT_LINK).join(MODEL_FILE)
    }

    /// Puts a pipe in the place of a model's file, whose bytes it returns: who loads the model waits there until somebody
    /// writes to the pipe.
    ///
    /// # Errors
    /// If the file cannot be replaced.
    pub fn stall_loading(&self, id: &str) -> Result<Vec<u8>, HarnessError> {
        let path = self.model_file(id);
        let failed = || HarnessError::io(path.display().to_string());
        let model = std::fs::read(&path).map_err(failed())?;
        std::fs::remove_file(&path).map_err(failed())?;
        let (kind, mode) = (FileType::Fifo, Mode::RUSR | Mode::WUSR);
        mknodat(CWD, &path, kind, mode, 0).map_err(|errno| failed()(errno.into()))?;
        Ok(model)
    }

    /// A model's manifest.
    pub fn manifest_file(&self, id: &str) -> PathBuf {
        self.directory().join(id).join(CURRENT_LINK).join(MANIFEST_FILE)
    }
}

/// A made-up history of a model, with two folds by chromosome (AUROC 0.8 and 0.9, AUPRC 0.6 and 0.7) and a
/// background of |delta| that is even from 0 to 0.1.
pub fn training_record() -> TrainingRecord {
    let fold = |fold, auroc: f64| FoldMetrics {
        fold,
        trained_on: 160,
        positives: 20,
        negatives: 20,
        auroc,
        auprc: auroc - 0.2,
    };
    TrainingRecord {
        assembly: "toy".to_owned(),
        reference_digest: "1".repeat(64),
        windows_sha256: "2".repeat(64),
        recipe: Recipe::standard(),
        seed: 7,
        positives: 100,
        negatives: 100,
        held_out: fold(0, 0.8),
        held_out_split: Split::Chromosome,
        held_out_contigs: vec!["chr1".to_owned()],
        evaluations: vec![Evaluation { split: Split::Chromosome, folds: vec![fold(0, 0.8), fold(1, 0.9)] }],
        delta_background: DeltaBackground::from_deltas(
            (0..=1000).map(|step| step as f32 / 10_000.0).collect(),
        ),
    }
}
