//! A small simulation with two trained models, made by the programs themselves.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use polaris_model::Registry;
use polaris_model::training::{Optimizer, Recipe, Schedule};

use crate::{HarnessError, LabelledWindow, Program};

/// What `simulate`, `prepare` and `train` wrote, in a temporary directory.
#[derive(Debug)]
pub struct Pipeline {
    folder: tempfile::TempDir,
}

static SHARED: Mutex<Weak<Pipeline>> = Mutex::new(Weak::new());

impl Pipeline {
    /// The models that are prepared and trained: one protein in two cell lines.
    pub const MODELS: [&str; 2] = ["QKI.HepG2", "QKI.K562"];
    /// Substitutions behind the quantiles of |delta|.
    pub const BACKGROUND: usize = 50;

    /// The one of this process, made when the first test asks for it and removed with the last.
    ///
    /// # Errors
    /// If a program fails or has not been built.
    pub fn shared() -> Result<Arc<Self>, HarnessError> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipeline) = shared.upgrade() {
            return Ok(pipeline);
        }
        let pipeline = Arc::new(Self::make()?);
        *shared = Arc::downgrade(&pipeline);
        Ok(pipeline)
    }

    fn make() -> Result<Self, HarnessError> {
        let folder = tempfile::tempdir().map_err(HarnessError::io("temporary directory"))?;
        let pipeline = Self { folder };
        std::fs::write(pipeline.recipe_file(), serde_json::json!(Self::recipe()).to_string())
            .map_err(HarnessError::io("recipe"))?;
        Self::simulate(&pipeline.simulated())?.run()?.succeeded();
        pipeline.prepare(&pipeline.prepared())?.run()?.succeeded();
        pipeline.train(&pipeline.registry(), &pipeline.folder.path().join("work"))?.run()?.succeeded();
        Ok(pipeline)
    }

    /// Two passes: enough to be a trained network, not to be a good one.
    pub fn recipe() -> Recipe {
        Recipe {
            name: "tiny".to_owned(),
            optimizer: Optimizer::AdamW { learning_rate: 1e-3, weight_decay: 0.01 },
            schedule: Schedule::WarmUpCosine,
            batch_windows: 16,
            epochs: 2,
            kernel_l2: 0.001,
            dropout: [0.15, 0.3, 0.3],
            shift_bases: 10,
            average_decay: None,
            fitted_covariates: false,
        }
    }

    /// `simulate` of the smallest size.
    ///
    /// # Errors
    /// If it has not been built.
    pub fn simulate(out: &Path) -> Result<Program, HarnessError> {
        let size = ["simulate", "--megabases", "2", "--sites-per-rbp", "60", "--variants", "60", "--out"];
        Ok(Program::trainer(&size)?.arg(out))
    }

    /// `prepare` of the models' peaks, with short windows.
    ///
    /// # Errors
    /// If it has not been built.
    pub fn prepare(&self, out: &Path) -> Result<Program, HarnessError> {
        let only = Self::MODELS.join(",");
        let program = Program::trainer(&["prepare", "--length", "151", "--only", &only])?;
        let program = program.arg("--reference").arg(self.reference()).arg("--peaks").arg(self.peaks_table());
        Ok(program.arg("--out").arg(out))
    }

    /// `train` of a single fold of each prepared model, two at a time.
    ///
    /// # Errors
    /// If it has not been built.
    pub fn train(&self, registry: &Path, work: &Path) -> Result<Program, HarnessError> {
        let background = Self::BACKGROUND.to_string();
        let program = self.train_with(registry, work, &self.recipe_file())?;
        Ok(program.args(&["--folds", "1", "--jobs", "2", "--background", &background]))
    }

    /// `train` by chromosome with a recipe of the test's own.
    ///
    /// # Errors
    /// If it has not been built.
    pub fn train_with(&self, registry: &Path, work: &Path, recipe: &Path) -> Result<Program, HarnessError> {
        let program = Program::trainer(&["train", "--splits", "chromosome", "--prepared"])?;
        let program = program.arg(self.prepared()).arg("--reference").arg(self.reference());
        let program = program.arg("--registry").arg(registry).arg("--work").arg(work);
        Ok(program.arg("--recipe").arg(recipe))
    }

    /// `score` of a VCF against the simulated reference, with a server of the client's own.
    ///
    /// # Errors
    /// If it has not been built.
    pub fn score(&self, variants: &Path, output: &Path) -> Result<Program, HarnessError> {
        let program = Program::client(&["score", "--reference"])?.arg(self.reference());
        Ok(program.arg("--registry").arg(self.registry()).arg("-o").arg(output).arg(variants))
    }

    /// Labelled windows of a prepared model.
    ///
    /// # Errors
    /// If the file is not as `prepare` writes it.
    pub fn windows(&self, id: &str) -> Result<Vec<LabelledWindow>, HarnessError> {
        LabelledWindow::read(&self.windows_file(id))
    }

    /// The file that they are in.
    pub fn windows_file(&self, id: &str) -> PathBuf {
        self.prepared().join(id).join("windows.bed")
    }

    /// What `simulate` wrote.
    pub fn simulated(&self) -> PathBuf {
        self.folder.path().join("simulated")
    }

    /// The simulated reference bundle.
    pub fn reference(&self) -> PathBuf {
        self.simulated().join("reference")
    }

    /// The simulated table of peak files.
    pub fn peaks_table(&self) -> PathBuf {
        self.simulated().join("peaks.tsv")
    }

    /// The simulated variants.
    pub fn variants(&self) -> PathBuf {
        self.simulated().join("variants.vcf.gz")
    }

    /// What `prepare` wrote.
    pub fn prepared(&self) -> PathBuf {
        self.folder.path().join("prepared")
    }

    /// The directory that `train` published in.
    pub fn registry(&self) -> PathBuf {
        self.folder.path().join("registry")
    }

    /// The same, opened.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open_registry(&self) -> Result<Registry, HarnessError> {
        Ok(Registry::open(&self.registry())?)
    }

    /// The file of [`Pipeline::recipe`].
    pub fn recipe_file(&self) -> PathBuf {
        self.folder.path().join("recipe.json")
    }
}
