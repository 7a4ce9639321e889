//! The ensemble engine: all models of a registry over the same windows.

mod error;
mod load;
mod localize;
mod shared;

use std::num::NonZeroUsize;

use polaris_genomics::{RegionClass, SequenceError};

use crate::cpu::CpuEnsemble;
use crate::device::Device;
use crate::inputs::InputError;
use crate::localization::LocalizationMethod;
use crate::precision::Precision;
use crate::registry::Manifest;
use crate::stacked::StackedEnsemble;

pub use error::{EngineError, LoadError};
pub use localize::Localizations;
pub use shared::SharedModels;

/// Sizes of the batches that warm an ensemble up: a single window, and a block.
const WARM_UP_WINDOWS: [usize; 2] = [1, 64];

/// One window as all models read it.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowInput {
    /// RNA-strand sequence in A C G T N, as long as [`Ensemble::input_length`].
    pub sequence: Vec<u8>,
    /// Region class at the midpoint.
    pub region: Option<RegionClass>,
    /// ln(TPM + 1) of the nearest gene for each of [`Ensemble::cell_lines`], in that order.
    pub expression: Vec<f32>,
    /// Alternates of the window that are asked for beside it, each a row of its own after the window's.
    pub substitutions: Vec<Substitution>,
}

/// Bases in the place of as many others of a window; everything else stays as it is.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Substitution {
    /// First replaced base, 0-based from the window's 5' end.
    pub offset0: usize,
    /// The bases that stand there instead, in A C G T N.
    pub bases: Vec<u8>,
}

/// Predictions of some models, a row for each window and for each of its substitutions: a window, then its
/// substitutions, then the next window.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// Models, that is, values in a row.
    pub models: usize,
    /// Logits, `[rows][models]`.
    pub logits: Vec<f32>,
    /// Probabilities of binding, `[rows][models]`.
    pub probabilities: Vec<f32>,
}

impl WindowInput {
    /// Rows that it has in [`Predictions`].
    pub fn rows(&self) -> usize {
        1 + self.substitutions.len()
    }
}

/// How an ensemble is to calculate.
#[derive(Clone, Copy, Debug)]
pub struct EngineOptions {
    /// Where.
    pub device: Device,
    /// Threads on the processor; also those that load models.
    pub threads: usize,
    /// How exactly. Where the processor does not multiply bfloat16, all products are strict.
    pub precision: Precision,
}

impl Default for EngineOptions {
    /// The processor, with as many threads as the process may use, and exact products.
    fn default() -> Self {
        Self {
            device: Device::Cpu,
            threads: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            precision: Precision::Strict,
        }
    }
}

/// Loaded models on a device.
#[derive(Debug)]
pub struct Ensemble {
    input_length: usize,
    cell_lines: Vec<String>,
    manifests: Vec<Manifest>,
    backend: Backend,
    precision: Precision,
    rounding_error: Option<f32>,
    /// What strict arithmetic says of some windows, `[models][windows]`; empty with [`Precision::Strict`].
    exact: Vec<Vec<f32>>,
}

/// What calculates.
#[derive(Debug)]
enum Backend {
    Cpu(CpuEnsemble),
    Cuda(StackedEnsemble),
}

impl Backend {
    /// Logits `[rows][models]` of checked windows and their substitutions.
    fn logits(&self, windows: &[WindowInput], models: &[usize]) -> Result<Vec<f32>, EngineError> {
        match self {
            Self::Cpu(ensemble) => Ok(ensemble.logits(windows, models)),
            Self::Cuda(ensemble) => ensemble.predict(windows, models),
        }
    }

    /// Logits `[windows][models]` and signed maps `[windows][models][positions of the second convolution]` of checked
    /// windows, whose substitutions are left aside.
    fn maps(
        &self,
        windows: &[WindowInput],
        models: &[usize],
        map: ActivationMap,
    ) -> Result<(Vec<f32>, Vec<f32>), EngineError> {
        match self {
            Self::Cpu(ensemble) => Ok(ensemble.maps(windows, models, map)),
            Self::Cuda(ensemble) => ensemble.maps(windows, models, map),
        }
    }
}

/// How gradients weigh activations.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ActivationMap {
    /// Grad-CAM (Selvaraju et al. 2017; the paper's equations 1 and 2 before its ReLU): by their mean over positions.
    GradCam,
    /// HiResCAM (Draelos and Carin 2020): position by position.
    HiresCam,
}

impl Ensemble {
    /// Manifests of the loaded models, sorted by id. Models are chosen by their index in this slice.
    pub fn models(&self) -> &[Manifest] {
        &self.manifests
    }

    /// Cell lines whose expression some loaded model reads, sorted.
    pub fn cell_lines(&self) -> &[String] {
        &self.cell_lines
    }

    /// Length of a window in bases, the same for all loaded models.
    pub fn input_length(&self) -> usize {
        self.input_length
    }

    /// How exactly it calculates.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// With [`Precision::Fast`]: the largest difference of a probability from a strict one, over all models and some random
    /// windows.
    pub fn rounding_error(&self) -> Option<f32> {
        self.rounding_error
    }

    /// Runs every model on batches of the sizes that requests will make, so that the first requests do not pay for what is
    /// set up late.
    ///
    /// # Errors
    /// If a model fails.
    pub fn warm_up(&self) -> Result<(), EngineError> {
        let window = WindowInput {
            sequence: vec![b'N'; self.input_length],
            region: None,
            expression: vec![0.0; self.cell_lines.len()],
            substitutions: vec![Substitution { offset0: self.input_length / 2, bases: b"A".to_vec() }],
        };
        let all: Vec<usize> = (0..self.manifests.len()).collect();
        for windows in WARM_UP_WINDOWS {
            let windows = vec![window.clone(); windows];
            self.predict(&windows, &all)?;
            self.localize(&windows, &all, LocalizationMethod::GradCam)?;
        }
        Ok(())
    }

    /// Predicts windows and their substitutions with the chosen models (indices into [`Ensemble::models`]).
    ///
    /// # Errors
    /// If a window has another length or letters than A C G T N, or lacks an expression value, a substitution reaches
    /// beyond its window, or an index is out of range.
    pub fn predict(&self, windows: &[WindowInput], models: &[usize]) -> Result<Predictions, EngineError> {
        self.check(windows, models)?;
        let logits = self.backend.logits(windows, models)?;
        Ok(Predictions::of_logits(models.len(), logits))
    }

    fn check(&self, windows: &[WindowInput], models: &[usize]) -> Result<(), EngineError> {
        if let Some(&index) = models.iter().find(|&&index| index >= self.manifests.len()) {
            return Err(EngineError::Model { index, models: self.manifests.len() });
        }
        windows.iter().enumerate().try_for_each(|(index, window)| self.check_window(index, window))
    }

    fn check_window(&self, index: usize, input: &WindowInput) -> Result<(), EngineError> {
        let (expected, found) = (self.input_length, input.sequence.len());
        if found != expected {
            return Err(InputError::Length { window: index, expected, found }.into());
        }
        let (expected, found) = (self.cell_lines.len(), input.expression.len());
        if found != expected {
            return Err(EngineError::Expression { window: index, expected, found });
        }
        let letters = |sequence: &[u8], start0: usize| {
            check_sequence(sequence, start0).map_err(|cause| InputError::Sequence { window: index, cause })
        };
        letters(&input.sequence, 0)?;
        for change in &input.substitutions {
            letters(&change.bases, change.offset0)?;
            let end0 = change.offset0.checked_add(change.bases.len());
            if end0.is_none_or(|end0| end0 > self.input_length) {
                return Err(EngineError::Substitution { window: index, offset0: change.offset0 });
            }
        }
        Ok(())
    }
}

/// Checks bases that begin at `start0` of a window.
pub(crate) fn check_sequence(sequence: &[u8], start0: usize) -> Result<(), SequenceError> {
    match sequence.iter().enumerate().find(|(_, base)| !b"ACGTN".contains(base)) {
        None => Ok(()),
        Some((offset, &letter)) => {
            Err(SequenceError::Letter { offset0: start0.saturating_add(offset), letter: char::from(letter) })
        }
    }
}

impl Predictions {
    /// Completes logits, `[rows][models]`, by their probabilities.
    fn of_logits(models: usize, logits: Vec<f32>) -> Self {
        let probabilities = logits.iter().map(|&logit| sigmoid(logit)).collect();
        Self { models, logits, probabilities }
    }
}

/// The logistic function, accurate for large arguments of either sign.
pub fn sigmoid(logit: f32) -> f32 {
    (1.0 / (1.0 + (-f64::from(logit)).exp())) as f32
}
