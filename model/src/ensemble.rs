//! The ensemble engine: all models of a registry over the same windows.

mod error;
mod localize;

use polaris_genomics::RegionClass;
use tch::{Device as TorchDevice, TchError, Tensor};

use crate::device::Device;
use crate::inputs;
use crate::network::{Batch, Network, SummedDense1, host_values};
use crate::registry::{Manifest, ModelId, Registry};

pub use error::{EngineError, LoadError};
pub use localize::Localizations;

/// Windows that go through a network at once: enough to keep the processor's caches and cores busy.
const CHUNK_WINDOWS: usize = 64;

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

/// Loaded models on a device.
#[derive(Debug)]
pub struct Ensemble {
    device: TorchDevice,
    input_length: usize,
    cell_lines: Vec<String>,
    manifests: Vec<Manifest>,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    network: Network,
    summed_dense1: SummedDense1,
    /// Column of this model's cell line among [`Ensemble::cell_lines`], if it reads expression.
    expression: Option<usize>,
}

impl Ensemble {
    /// Loads and verifies the current versions of models, in the order of their ids, and says each when it
    /// is in place.
    ///
    /// # Errors
    /// If there are none, one does not verify, or they differ in input length.
    pub fn load(
        registry: &Registry,
        ids: &[ModelId],
        device: Device,
        loaded: &mut dyn FnMut(&ModelId),
    ) -> Result<Self, LoadError> {
        let mut ids: Vec<&ModelId> = ids.iter().collect();
        ids.sort();
        ids.dedup();
        let mut manifests: Vec<Manifest> = Vec::new();
        let mut networks = Vec::new();
        for id in ids {
            let (manifest, weights) = registry.load(id)?;
            if let Some(first) = manifests.first()
                && first.architecture.input_length() != manifest.architecture.input_length()
            {
                return Err(LoadError::Lengths {
                    first: first.id.clone(),
                    first_length: first.architecture.input_length(),
                    second: id.clone(),
                    second_length: manifest.architecture.input_length(),
                });
            }
            let torch = |cause| LoadError::Torch { id: id.clone(), cause };
            let network = Network::new(&weights, device.torch()).map_err(torch)?;
            let summed_dense1 = network.summed_dense1().map_err(torch)?;
            networks.push((network, summed_dense1));
            manifests.push(manifest);
            loaded(id);
        }
        let input_length = manifests.first().ok_or(LoadError::Empty)?.architecture.input_length();
        let mut cell_lines: Vec<String> = manifests
            .iter()
            .filter(|manifest| manifest.architecture.expression())
            .map(|manifest| manifest.cell_line.clone())
            .collect();
        cell_lines.sort();
        cell_lines.dedup();
        let members = manifests
            .iter()
            .zip(networks)
            .map(|(manifest, (network, summed_dense1))| Member {
                network,
                summed_dense1,
                expression: manifest
                    .architecture
                    .expression()
                    .then(|| cell_lines.binary_search(&manifest.cell_line).ok())
                    .flatten(),
            })
            .collect();
        Ok(Self { device: device.torch(), input_length, cell_lines, manifests, members })
    }

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

    /// Runs every model once, so that the first request does not pay for what libtorch sets up late.
    ///
    /// # Errors
    /// If a model fails.
    pub fn warm_up(&self) -> Result<(), EngineError> {
        let window = WindowInput {
            sequence: vec![b'N'; self.input_length],
            region: None,
            expression: vec![0.0; self.cell_lines.len()],
            substitutions: Vec::new(),
        };
        let all: Vec<usize> = (0..self.members.len()).collect();
        self.predict(&[window], &all).map(|_| ())
    }

    /// Predicts windows and their substitutions with the chosen models (indices into [`Ensemble::models`]).
    ///
    /// # Errors
    /// If a window has another length or letters than A C G T N, or lacks an expression value, a substitution reaches
    /// beyond its window, or an index is out of range.
    pub fn predict(&self, windows: &[WindowInput], models: &[usize]) -> Result<Predictions, EngineError> {
        let windows = &whole_windows(windows)?;
        let mut logits = vec![0.0; windows.len() * models.len()];
        self.for_each_batch(windows, models, &mut |place, member, batch| {
            let values = host_values(&member.network.logits(batch, None)?)?;
            place.scatter(&values, 1, &mut logits);
            Ok(())
        })?;
        Ok(Predictions::of_logits(models.len(), logits))
    }

    /// Hands every model each chunk of windows in the form that it reads.
    fn for_each_batch(
        &self,
        windows: &[WindowInput],
        models: &[usize],
        calculate: &mut dyn FnMut(Place, &Member, &Batch) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let members = models
            .iter()
            .map(|&index| {
                self.members.get(index).ok_or(EngineError::Model { index, models: self.members.len() })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let _no_grad = tch::no_grad_guard();
        for (chunk, windows) in windows.chunks(CHUNK_WINDOWS).enumerate() {
            let first_window = chunk * CHUNK_WINDOWS;
            let inputs = self.encode(windows).map_err(|error| error.offset_by(first_window))?;
            for (column, member) in members.iter().enumerate() {
                let place = Place { first_window, column, models: models.len() };
                calculate(place, member, &inputs.batch(member)?)?;
            }
        }
        Ok(())
    }

    fn encode(&self, windows: &[WindowInput]) -> Result<EncodedWindows, EngineError> {
        if let Some((window, input)) =
            windows.iter().enumerate().find(|(_, input)| input.expression.len() != self.cell_lines.len())
        {
            return Err(EngineError::Expression {
                window,
                expected: self.cell_lines.len(),
                found: input.expression.len(),
            });
        }
        let sequences = windows.iter().map(|window| window.sequence.as_slice());
        let expression = (0..self.cell_lines.len())
            .map(|column| {
                let values: Vec<f32> =
                    windows.iter().filter_map(|window| window.expression.get(column).copied()).collect();
                inputs::expression(&values, self.device)
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(EncodedWindows {
            sequence: inputs::sequences(sequences, self.input_length, self.device)?,
            region: inputs::regions(windows.iter().map(|window| window.region), self.device)?,
            no_expression: inputs::expression(&vec![0.0; windows.len()], self.device)?,
            expression,
        })
    }
}

/// Every row as a window of its own.
fn whole_windows(windows: &[WindowInput]) -> Result<Vec<WindowInput>, EngineError> {
    let mut rows = Vec::with_capacity(windows.iter().map(WindowInput::rows).sum());
    for (index, window) in windows.iter().enumerate() {
        let reference = WindowInput { substitutions: Vec::new(), ..window.clone() };
        rows.push(reference.clone());
        for substitution in &window.substitutions {
            let mut alternate = reference.clone();
            let end0 = substitution.offset0.checked_add(substitution.bases.len());
            let replaced = end0.and_then(|end0| alternate.sequence.get_mut(substitution.offset0..end0));
            replaced
                .ok_or(EngineError::Substitution { window: index, offset0: substitution.offset0 })?
                .copy_from_slice(&substitution.bases);
            rows.push(alternate);
        }
    }
    Ok(rows)
}

impl Predictions {
    /// Completes logits, `[windows][models]`, by their probabilities.
    fn of_logits(models: usize, logits: Vec<f32>) -> Self {
        let probabilities = logits.iter().map(|&logit| sigmoid(logit)).collect();
        Self { models, logits, probabilities }
    }
}

/// Where the answers of a model for a chunk of windows belong.
#[derive(Clone, Copy)]
struct Place {
    first_window: usize,
    column: usize,
    models: usize,
}

impl Place {
    /// Puts `width` values of each window where they belong, `[windows][models][width]`.
    fn scatter(self, values: &[f32], width: usize, out: &mut [f32]) {
        for (row, values) in values.chunks_exact(width.max(1)).enumerate() {
            let start = ((self.first_window + row) * self.models + self.column) * width;
            if let Some(out) = out.get_mut(start..start + width) {
                out.copy_from_slice(values);
            }
        }
    }
}

/// A chunk of windows on the device.
struct EncodedWindows {
    sequence: Tensor,
    region: Tensor,
    expression: Vec<Tensor>,
    no_expression: Tensor,
}

impl EncodedWindows {
    /// What one model reads of it; shares the tensors.
    fn batch(&self, member: &Member) -> Result<Batch, TchError> {
        let expression = member.expression.and_then(|column| self.expression.get(column));
        Ok(Batch {
            sequence: self.sequence.shallow_clone(),
            expression: expression.unwrap_or(&self.no_expression).shallow_clone(),
            region: self.region.shallow_clone(),
        })
    }
}

/// The logistic function, accurate for large arguments of either sign.
pub fn sigmoid(logit: f32) -> f32 {
    (1.0 / (1.0 + (-f64::from(logit)).exp())) as f32
}
