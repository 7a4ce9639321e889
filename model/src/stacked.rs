//! All models over windows of one length as one ensemble of libtorch operations: the engine for GPUs.
//!
//! Weights are stacked, a tensor a layer, with the model as first dimension ([`weights`]). Windows are calculated in
//! chunks, and those by some models after the other, so that activations stay within a limit ([`Limits`]); alternates
//! start from the pass of their window ([`alternates`]) unless they reach too much of it ([`reach`]). While the device
//! calculates a chunk the host prepares the next and hands out the one before.

mod alternates;
mod builder;
mod chosen;
mod inputs;
mod layout;
mod maps;
mod pass;
mod plan;
mod precise;
mod reach;
mod run;
mod weights;

use tch::{Device, TchError, Tensor};

use crate::ensemble::{ActivationMap, EngineError, WindowInput};
use alternates::Origin;
use chosen::{Chosen, ModelChunk};
use inputs::ChunkInputs;
use layout::Layout;
use plan::Plan;
use run::Answer;
use weights::StackedWeights;

/// Bytes that the activations of a chunk take on the device, and the weights of models that do not lie side by side: a
/// gibibyte, beside the weights of all models, 16 MB each.
const ACTIVATION_BYTES: usize = 1 << 30;
/// Windows of a chunk: enough rows for the products of the dense layers, which read all weights for each chunk.
const CHUNK_WINDOWS: usize = 128;
/// Alternates of a chunk: their answers, for all models, are a few megabytes.
const CHUNK_ALTERNATES: usize = 8192;

/// How much is calculated at once.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Of activations, in bytes. One window in one model is always calculated.
    bytes: usize,
    /// Whole passes of a chunk.
    passes: usize,
    /// Alternates of a chunk.
    alternates: usize,
}

impl Limits {
    const DEFAULT: Self =
        Self { bytes: ACTIVATION_BYTES, passes: CHUNK_WINDOWS, alternates: CHUNK_ALTERNATES };

    /// Whole passes of a chunk.
    fn passes(&self, layout: &Layout) -> usize {
        self.passes.min(self.bytes / layout.window_bytes()).max(1)
    }

    /// Alternates that are calculated at once in some models.
    fn alternates(&self, layout: &Layout, changed: i64, models: i64) -> i64 {
        let bytes = layout.alternate_bytes(changed.unsigned_abs() as usize);
        ((self.bytes / bytes) as i64 / models.max(1)).max(1)
    }
}

/// Models over windows of one length, on a device.
#[derive(Debug)]
pub(crate) struct StackedEnsemble {
    weights: StackedWeights,
    device: Device,
    count: usize,
    /// Columns of expression that some model reads.
    columns: usize,
    limits: Limits,
}

impl StackedEnsemble {
    /// Logits `[rows][models]` of windows and their substitutions by the chosen models: a window, its substitutions,
    /// the next window.
    ///
    /// # Errors
    /// If a window, a substitution or an index is not as the ensemble needs it, or libtorch fails.
    pub(crate) fn predict(&self, windows: &[WindowInput], models: &[usize]) -> Result<Vec<f32>, EngineError> {
        let _no_grad = tch::no_grad_guard();
        let chosen = Chosen::of(models, self.count)?;
        let plan = Plan::of(windows, true, &self.weights.layout, self.columns, &self.limits)?;
        let answer = self.run(&plan, &chosen, models.len(), 0, &|inputs, chunks| {
            Ok(Answer { logits: self.logits(inputs, chunks, chosen.count())?, maps: None })
        })?;
        Ok(answer.logits)
    }

    /// Logits `[windows][models]`, and signed maps `[windows][models][positions of the second convolution]`, of windows
    /// without their substitutions.
    ///
    /// # Errors
    /// As [`StackedEnsemble::predict`].
    pub(crate) fn maps(
        &self,
        windows: &[WindowInput],
        models: &[usize],
        map: ActivationMap,
    ) -> Result<(Vec<f32>, Vec<f32>), EngineError> {
        let _no_grad = tch::no_grad_guard();
        let chosen = Chosen::of(models, self.count)?;
        let plan = Plan::of(windows, false, &self.weights.layout, self.columns, &self.limits)?;
        let width = self.weights.layout.conv2;
        let answer = self.run(&plan, &chosen, models.len(), width, &|inputs, chunks| {
            let parts = chunks
                .iter()
                .map(|chunk| self.weights.select(&chunk.source)?.logits_and_maps(inputs, map))
                .collect::<Result<Vec<_>, _>>()?;
            let (logits, maps): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
            Ok(Answer { logits: Tensor::f_cat(&logits, 0)?, maps: Some(Tensor::f_cat(&maps, 0)?) })
        })?;
        Ok((answer.logits, answer.maps))
    }

    /// Logits of the passes and then of the alternates of a chunk, `[models, rows]`.
    fn logits(&self, inputs: &ChunkInputs, chunks: &[ModelChunk], models: usize) -> Result<Tensor, TchError> {
        let shape = [models as i64, inputs.passes + inputs.alternates];
        let logits = Tensor::f_empty(shape, (tch::Kind::Float, self.device))?;
        for chunk in chunks {
            let weights = self.weights.select(&chunk.source)?;
            let out = logits.f_narrow(0, chunk.start, chunk.count)?;
            let activations = weights.convolve(inputs)?;
            let pooled2 = weights.pooled2(&activations)?;
            let dense1 = weights.dense1(&pooled2)?;
            let covariates = weights.covariates(inputs)?;
            let passes = weights.dense(&dense1)?.output.f_add(&covariates)?;
            out.f_narrow(1, 0, inputs.passes)?.f_copy_(&passes)?;
            let origin = Origin { activations, pooled2, dense1, covariates };
            let mut row = inputs.passes;
            for class in &inputs.classes {
                let most = self.limits.alternates(&weights.layout, class.changed, chunk.count);
                let mut start = 0;
                while start < class.count {
                    let end = (start + most).min(class.count);
                    let alternates = weights.alternates(&origin, class, start..end)?;
                    out.f_narrow(1, row, end - start)?.f_copy_(&alternates)?;
                    row += end - start;
                    start = end;
                }
            }
        }
        Ok(logits)
    }
}

#[cfg(test)]
mod tests;
