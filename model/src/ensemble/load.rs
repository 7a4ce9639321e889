//! Models from a registry onto a device.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use super::shared::expression_column;
use super::{Backend, EngineError, EngineOptions, Ensemble, LoadError, SharedModels, WindowInput, sigmoid};
use crate::cpu::instruction_set::InstructionSet;
use crate::cpu::{self, CpuEnsemble, CpuMember, Processor};
use crate::device::Device;
use crate::precision::Precision;
use crate::registry::{Manifest, ModelId, Registry};
use crate::stacked::StackedEnsemble;
use crate::weights::{Weights, split_mix_64};

impl Ensemble {
    /// Loads and verifies the current versions of models, several at once, and says each when it is in place. On the
    /// processor the weights are in memory once when all are loaded, brought into the order in which they are read.
    ///
    /// # Errors
    /// If there are none, one does not verify, they differ in input length, or there is no thread.
    pub fn load(
        registry: &Registry,
        ids: &[ModelId],
        options: EngineOptions,
        loaded: &mut (dyn FnMut(&ModelId) + Send),
    ) -> Result<Self, LoadError> {
        let mut ids: Vec<&ModelId> = ids.iter().collect();
        ids.sort();
        ids.dedup();
        let manifests = ids.into_iter().map(|id| registry.manifest(id)).collect::<Result<Vec<_>, _>>()?;
        Self::load_versions(registry, manifests, options, &SharedModels::default(), loaded)
    }

    /// Loads and verifies the versions that manifests of the registry are about, as [`Ensemble::load`] does the current
    /// ones, but for those that another ensemble has in memory.
    ///
    /// # Errors
    /// As [`Ensemble::load`], with all models that do not verify.
    pub fn load_versions(
        registry: &Registry,
        manifests: Vec<Manifest>,
        options: EngineOptions,
        shared: &SharedModels,
        loaded: &mut (dyn FnMut(&ModelId) + Send),
    ) -> Result<Self, LoadError> {
        let input_length = same_length(&manifests)?;
        let mut cell_lines: Vec<String> = manifests
            .iter()
            .filter(|manifest| manifest.architecture.expression())
            .map(|manifest| manifest.cell_line.clone())
            .collect();
        cell_lines.sort();
        cell_lines.dedup();
        let options = EngineOptions { precision: available(options), ..options };
        let samples = samples(input_length, cell_lines.len());
        let source = Source {
            input_length,
            registry,
            manifests: &manifests,
            cell_lines: &cell_lines,
            options,
            samples: &samples,
            shared,
        };
        let (backend, exact): (_, Vec<Vec<f32>>) = match options.device {
            Device::Cpu => {
                let (ensemble, exact) = source.onto_processor(loaded)?;
                (Backend::Cpu(ensemble), exact)
            }
            Device::Cuda(_) => {
                let (ensemble, exact) = source.onto_gpu(loaded)?;
                (Backend::Cuda(ensemble), exact)
            }
        };
        let rounding_error = match options.precision {
            Precision::Strict => None,
            Precision::Fast => Some(rounding_error(&backend, &samples, &exact)?),
        };
        Ok(Self {
            input_length,
            cell_lines,
            manifests,
            backend,
            precision: options.precision,
            rounding_error,
            exact,
        })
    }
}

/// The precision that the device has products for: bfloat16 needs a processor that multiplies it.
fn available(options: EngineOptions) -> Precision {
    let rounds = options.device != Device::Cpu || InstructionSet::detect() >= InstructionSet::Avx512Bf16;
    if rounds { options.precision } else { Precision::Strict }
}

/// Windows on which fast answers are compared with strict ones.
const SAMPLES: usize = 8;

/// Windows of bases that follow no pattern.
fn samples(input_length: usize, cell_lines: usize) -> Vec<WindowInput> {
    let mut state = 0;
    let mut base = || b"ACGT"[(split_mix_64(&mut state) >> 62) as usize];
    (0..SAMPLES)
        .map(|_| WindowInput {
            sequence: (0..input_length).map(|_| base()).collect(),
            region: None,
            expression: vec![1.0; cell_lines],
            substitutions: Vec::new(),
        })
        .collect()
}

/// The largest difference of a probability from that of an exact logit, of `[models][samples]`.
fn rounding_error(
    backend: &Backend,
    samples: &[WindowInput],
    exact: &[Vec<f32>],
) -> Result<f32, EngineError> {
    let models: Vec<usize> = (0..exact.len()).collect();
    let logits = backend.logits(samples, &models)?;
    let rows = logits.chunks_exact(models.len().max(1)).enumerate();
    let differences = rows.flat_map(|(sample, row)| {
        let exact = exact.iter().filter_map(move |model| model.get(sample));
        row.iter().zip(exact).map(|(found, exact)| (sigmoid(*found) - sigmoid(*exact)).abs())
    });
    Ok(differences.fold(0.0, f32::max))
}

/// Models to be loaded.
struct Source<'a> {
    input_length: usize,
    registry: &'a Registry,
    manifests: &'a [Manifest],
    cell_lines: &'a [String],
    options: EngineOptions,
    samples: &'a [WindowInput],
    shared: &'a SharedModels,
}

impl Source<'_> {
    /// Column of the expression that a model reads, if it does.
    fn expression(&self, manifest: &Manifest) -> Option<usize> {
        expression_column(manifest, self.cell_lines)
    }

    /// What strict arithmetic says of the samples, if that is to be compared with.
    fn exact(&self, weights: &Weights, expression: Option<usize>) -> Vec<f32> {
        match self.options.precision {
            Precision::Strict => Vec::new(),
            Precision::Fast => cpu::strict_logits(weights, expression, self.samples),
        }
    }

    fn onto_processor(
        &self,
        loaded: &mut (dyn FnMut(&ModelId) + Send),
    ) -> Result<(CpuEnsemble, Vec<Vec<f32>>), LoadError> {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(self.options.threads.max(1))
            .thread_name(|index| format!("engine-{index}"))
            .build()
            .map_err(LoadError::Threads)?;
        let (count, precision) = (self.manifests.len(), self.options.precision);
        let place = |manifest: &Manifest| self.shared.place(manifest, self.expression(manifest), precision);
        let places: Vec<Option<usize>> = self.manifests.iter().map(place).collect();
        let exact =
            places.iter().map(|place| place.map(|place| self.shared.exact(place)).unwrap_or_default());
        let exact = Mutex::new(exact.collect::<Vec<_>>());
        let (loaded, broken) = (Mutex::new(loaded), Mutex::new(Vec::new()));
        let member = |index: usize| {
            let manifest = self.manifests.get(index).ok_or(LoadError::Empty)?;
            let weights = self.registry.weights(manifest).map_err(|error| {
                broken.lock().unwrap_or_else(PoisonError::into_inner).push((manifest.id.clone(), error));
                LoadError::Broken(Vec::new())
            })?;
            let expression = self.expression(manifest);
            let logits = self.exact(&weights, expression);
            if let Some(exact) = exact.lock().unwrap_or_else(PoisonError::into_inner).get_mut(index) {
                *exact = logits;
            }
            loaded.lock().unwrap_or_else(PoisonError::into_inner)(&manifest.id);
            Ok::<_, LoadError>(CpuMember { weights: Cow::Owned(weights), expression })
        };
        let networks = self.shared.networks(&places);
        let ensemble = CpuEnsemble::new(Processor::new(), threads, precision, count, &networks, member);
        let mut broken = broken.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !broken.is_empty() {
            broken.sort_by(|(one, _), (other, _)| one.cmp(other));
            return Err(LoadError::Broken(broken));
        }
        let ensemble = ensemble?;
        Ok((ensemble, exact.into_inner().unwrap_or_else(PoisonError::into_inner)))
    }

    fn onto_gpu(
        &self,
        loaded: &mut (dyn FnMut(&ModelId) + Send),
    ) -> Result<(StackedEnsemble, Vec<Vec<f32>>), LoadError> {
        let EngineOptions { device, precision, .. } = self.options;
        let mut builder =
            StackedEnsemble::builder(self.manifests.len(), self.input_length, device.torch(), precision)?;
        let mut exact = Vec::with_capacity(self.manifests.len());
        let mut broken = Vec::new();
        for manifest in self.manifests {
            let weights = match self.registry.weights(manifest) {
                Ok(weights) => weights,
                Err(error) => {
                    broken.push((manifest.id.clone(), error));
                    continue;
                }
            };
            // The others are only verified.
            if !broken.is_empty() {
                continue;
            }
            let expression = self.expression(manifest);
            builder.add(&weights, expression)?;
            exact.push(self.exact(&weights, expression));
            loaded(&manifest.id);
        }
        if !broken.is_empty() {
            return Err(LoadError::Broken(broken));
        }
        Ok((builder.finish()?, exact))
    }
}

/// The input length that all models share.
fn same_length(manifests: &[Manifest]) -> Result<usize, LoadError> {
    let first = manifests.first().ok_or(LoadError::Empty)?;
    let first_length = first.architecture.input_length();
    for second in manifests {
        let second_length = second.architecture.input_length();
        if second_length != first_length {
            return Err(LoadError::Lengths {
                first: first.id.clone(),
                first_length,
                second: second.id.clone(),
                second_length,
            });
        }
    }
    Ok(first_length)
}
