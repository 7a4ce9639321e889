//! Training of the networks for comparison by the same loop.

use std::ops::ControlFlow;

use tch::{Reduction, TchError, Tensor};

use super::batches::{Example, ExampleError, check_trainable};
use super::first_weights::Covariates;
use super::fit::{Epoch, PREDICTION_WINDOWS, TrainError, train};
use super::random::Stream;
use super::recipe::{Optimizer, Recipe, Schedule};
use super::trainable::Trainable;
use crate::architecture::Parameter;
use crate::comparison::{Body, ComparisonBatch, ComparisonNetwork, ComparisonWeights, DropoutPlace, logits};
use crate::device::Device;
use crate::inputs;
use crate::network::host_values;

/// A labelled window with what only some networks read.
#[derive(Clone, Copy, Debug)]
pub struct ComparisonExample<'a> {
    /// The window, its covariates and its label.
    pub example: &'a Example,
    /// Probability of each base of the sequence, flanks too, of being unpaired; empty where no network reads it.
    pub unpaired: &'a [f32],
    /// Whether each of the network's proteins binds here, `None` where that is not known. Empty for a network of one
    /// output: the example's own label.
    pub labels: &'a [Option<bool>],
}

impl Recipe {
    /// What a network is trained by unless told otherwise: that of its authors where they tell it. See
    /// `docs/networks.md`.
    pub fn of_network(body: Body) -> Self {
        let published = |name: &str, dropout| Self {
            name: name.to_owned(),
            optimizer: Optimizer::RmsProp { learning_rate: 1e-3 },
            schedule: Schedule::Constant,
            batch_windows: 100,
            epochs: 20,
            kernel_l2: 0.0,
            dropout,
            shift_bases: 0,
            average_decay: None,
            fitted_covariates: false,
        };
        match body {
            Body::Polaris { .. } => Self::standard(),
            Body::CnnLstm => published("cnn-lstm", [0.15; 3]),
            Body::Seqweaver => published("seqweaver", [0.2, 0.2, 0.5]),
        }
    }
}

/// Trains a network for comparison from scratch, as [`fit`](super::fit) trains POLARIS: the same seed gives the same
/// weights on the CPU.
///
/// # Errors
/// If recipe or examples are unusable, the loss diverges, or the observer stops.
pub fn fit_comparison(
    network: ComparisonNetwork,
    examples: &[ComparisonExample<'_>],
    recipe: &Recipe,
    seed: u64,
    device: Device,
    observer: &mut dyn FnMut(Epoch) -> ControlFlow<()>,
) -> Result<ComparisonWeights, TrainError> {
    recipe.check()?;
    check(&network, examples)?;
    check_labels(&network, examples)?;
    check_trainable(examples.iter().map(|one| one.example), recipe, labels_of_all(examples))?;
    let tensors = train(&Task { network: &network, examples }, recipe, seed, device.torch(), observer)?;
    let tensors = tensors.iter().map(host_values).collect::<Result<_, TchError>>()?;
    Ok(ComparisonWeights { network, tensors })
}

/// Logits of binding, `[examples][outputs]`, of windows as they stand.
///
/// # Errors
/// If an example does not fit the network.
pub fn predict_comparison(
    weights: &ComparisonWeights,
    examples: &[ComparisonExample<'_>],
    device: Device,
) -> Result<Vec<Vec<f32>>, TrainError> {
    let network = weights.network();
    check(&network, examples)?;
    let tensors = weights
        .iter()
        .map(|(parameter, values)| {
            let shape: Vec<i64> = parameter.shape.iter().map(|&size| size as i64).collect();
            Tensor::f_from_slice(values)?.f_reshape(shape)?.f_to_device(device.torch())
        })
        .collect::<Result<Vec<_>, TchError>>()?;
    let _no_grad = tch::no_grad_guard();
    let task = Task { network: &network, examples };
    let mut rows = Vec::with_capacity(examples.len());
    let all: Vec<(usize, isize)> = (0..examples.len()).map(|index| (index, 0)).collect();
    for chosen in all.chunks(PREDICTION_WINDOWS) {
        let batch = task.batch(chosen, device.torch())?;
        let values = host_values(&logits(&network, &tensors, &batch, &mut |_, tensor| Ok(tensor))?)?;
        rows.extend(values.chunks_exact(network.outputs()).map(<[f32]>::to_vec));
    }
    Ok(rows)
}

struct Task<'a> {
    network: &'a ComparisonNetwork,
    examples: &'a [ComparisonExample<'a>],
}

impl Task<'_> {
    fn chosen<'a>(
        &'a self,
        chosen: &'a [(usize, isize)],
    ) -> impl ExactSizeIterator<Item = (&'a ComparisonExample<'a>, usize)> {
        chosen.iter().map(|(index, shift)| {
            let one = &self.examples[*index];
            (one, one.example.flank_bases.saturating_add_signed(*shift))
        })
    }

    fn batch(&self, chosen: &[(usize, isize)], device: tch::Device) -> Result<ComparisonBatch, TrainError> {
        let length = self.network.inputs().length;
        let windows = self
            .chosen(chosen)
            .map(|(one, start)| one.example.sequence.get(start..start + length).unwrap_or_default());
        let expression: Vec<f32> = self.chosen(chosen).map(|(one, _)| one.example.expression).collect();
        let batch = ComparisonBatch {
            sequence: inputs::sequences(windows, length, device)?,
            expression: inputs::expression(&expression, device)?,
            region: inputs::regions(self.chosen(chosen).map(|(one, _)| one.example.region), device)?,
        };
        if !self.network.inputs().structure {
            return Ok(batch);
        }
        let unpaired: Vec<f32> = self
            .chosen(chosen)
            .flat_map(|(one, start)| one.unpaired.get(start..start + length).unwrap_or_default())
            .copied()
            .collect();
        Ok(batch.with_structure(&unpaired, device)?)
    }
}

impl Trainable for Task<'_> {
    fn parameters(&self) -> Vec<Parameter> {
        self.network.parameters()
    }

    fn first_weights(&self, recipe: &Recipe, seed: u64) -> Vec<Vec<f32>> {
        let mut stream = Stream::new(seed, 1);
        let first = |parameter: &Parameter| {
            let mut values = stream.initial(parameter);
            if parameter.name == "lstm.bias" {
                // An LSTM that forgets from the start learns nothing across positions (Jozefowicz et al. 2015). The gates
                // stand in the order input, forget, cell, output.
                let gate = values.len() / 4;
                values.iter_mut().skip(gate).take(gate).for_each(|value| *value = 1.0);
            }
            values
        };
        let parameters = self.network.parameters();
        let mut tensors: Vec<Vec<f32>> = parameters.iter().map(first).collect();
        if recipe.fitted_covariates {
            let inputs = self.network.inputs();
            let covariates = Covariates { expression: inputs.expression, region: inputs.region };
            let mut labelled = vec![Vec::new(); self.network.outputs()];
            for one in self.examples {
                for (known, label) in labelled.iter_mut().zip(labels_of(one)) {
                    known.extend(label.map(|label| (one.example, label)));
                }
            }
            covariates.fit(&parameters, &mut tensors, &labelled);
        }
        tensors
    }

    fn kernels(&self) -> Vec<usize> {
        let parameters = self.network.parameters();
        let kernel = |parameter: &Parameter| parameter.name.starts_with("conv") && parameter.shape.len() == 3;
        parameters.iter().filter(|one| kernel(one)).map(|one| one.ordinal).collect()
    }

    fn examples(&self) -> usize {
        self.examples.len()
    }

    fn loss(
        &self,
        weights: &[Tensor],
        chosen: &[(usize, isize)],
        rates: [f64; 3],
        dropout: &mut Stream,
        device: tch::Device,
    ) -> Result<Tensor, TrainError> {
        let batch = self.batch(chosen, device)?;
        let logits = logits(self.network, weights, &batch, &mut |place, tensor| {
            let [pool1, pool2, late] = rates;
            let rate = match place {
                DropoutPlace::Pool1 => pool1,
                DropoutPlace::Pool2 => pool2,
                DropoutPlace::Late => late,
            };
            if rate > 0.0 { dropped(&tensor, rate, dropout) } else { Ok(tensor) }
        })?;
        let labels: Vec<Option<bool>> = self.chosen(chosen).flat_map(|(one, _)| labels_of(one)).collect();
        let column = |value: &dyn Fn(Option<bool>) -> f32| {
            let values: Vec<f32> = labels.iter().map(|label| value(*label)).collect();
            Tensor::f_from_slice(&values)?.f_reshape(logits.size())?.f_to_device(device)
        };
        let bound = column(&|label| f32::from(u8::from(label == Some(true))))?;
        if labels.iter().all(Option::is_some) {
            return Ok(logits.f_binary_cross_entropy_with_logits::<Tensor>(
                &bound,
                None,
                None,
                Reduction::Mean,
            )?);
        }
        let known = column(&|label| f32::from(u8::from(label.is_some())))?;
        let count = labels.iter().flatten().count().max(1) as f64;
        let sum = logits.f_binary_cross_entropy_with_logits(&bound, Some(&known), None, Reduction::Sum)?;
        Ok(sum.f_div_scalar(count)?)
    }
}

/// Multiplies by 0 or by what keeps the mean. Of activations the values are drawn in the order of their memory,
/// channels innermost.
fn dropped(tensor: &Tensor, rate: f64, stream: &mut Stream) -> Result<Tensor, TchError> {
    let values = stream.dropout(tensor.numel(), rate);
    let mask = Tensor::f_from_slice(&values)?.f_to_device(tensor.device())?;
    let mask = match *tensor.size() {
        [windows, channels, _, positions] => {
            mask.f_reshape([windows, 1, positions, channels])?.f_permute([0, 3, 1, 2])?
        }
        _ => mask.f_reshape(tensor.size())?,
    };
    tensor.f_mul(&mask)
}

/// The labels of an example, one for each output.
fn labels_of(one: &ComparisonExample<'_>) -> Vec<Option<bool>> {
    if one.labels.is_empty() { vec![Some(one.example.positive)] } else { one.labels.to_vec() }
}

/// All known labels.
fn labels_of_all<'a>(examples: &'a [ComparisonExample<'_>]) -> impl Iterator<Item = bool> + 'a {
    examples.iter().flat_map(labels_of).flatten()
}

fn check(network: &ComparisonNetwork, examples: &[ComparisonExample<'_>]) -> Result<(), ExampleError> {
    let inputs = network.inputs();
    for (index, one) in examples.iter().enumerate() {
        super::batches::check_one(index, one.example, inputs.length)?;
        if !inputs.structure {
            continue;
        }
        let expected = one.example.sequence.len();
        if one.unpaired.len() != expected {
            return Err(ExampleError::Structure { example: index, expected, found: one.unpaired.len() });
        }
        if let Some(value) = one.unpaired.iter().find(|value| !(0.0..=1.0).contains(*value)) {
            return Err(ExampleError::Unpaired { example: index, found: value.to_string() });
        }
    }
    Ok(())
}

fn check_labels(network: &ComparisonNetwork, examples: &[ComparisonExample<'_>]) -> Result<(), ExampleError> {
    let expected = network.outputs();
    let count = |one: &ComparisonExample<'_>| one.labels.len().max(1);
    match examples.iter().enumerate().find(|(_, one)| count(one) != expected) {
        None => Ok(()),
        Some((example, one)) => Err(ExampleError::Labels { example, expected, found: count(one) }),
    }
}
