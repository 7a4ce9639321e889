//! Methods that are networks.

use std::ops::ControlFlow;

use anyhow::Context;
use polaris_model::comparison::{Body, ComparisonNetwork, Inputs};
use polaris_model::training::{
    ComparisonExample, Epoch, Recipe, fit, fit_comparison, predict_comparison, predict_logits,
};
use polaris_model::{Architecture, Device};

use super::method::Method;
use super::set::{Fold, Set};

/// What decides weights, beside windows.
#[derive(Clone, Debug)]
pub(super) struct Training {
    pub(super) recipe: Recipe,
    pub(super) seed: u64,
    pub(super) device: Device,
}

/// What a method says of held-out windows, and how its training went.
#[derive(Clone, Debug)]
pub(super) struct Predicted {
    pub(super) trained_on: usize,
    pub(super) logits: Vec<f64>,
    /// Whether the logistic function makes probabilities of them.
    pub(super) calibrated: bool,
    pub(super) losses: Vec<f64>,
}

/// What a network for comparison reads.
pub(super) fn inputs(set: &Set, method: &Method, structure: bool) -> Inputs {
    Inputs { length: set.input_length, structure, expression: method.expression, region: method.region }
}

/// POLARIS.
pub(super) fn polaris(
    set: &Set,
    method: &Method,
    fold: &Fold,
    training: &Training,
    told: &mut dyn FnMut(&Epoch),
) -> anyhow::Result<Predicted> {
    let architecture = Architecture::new(set.input_length, method.expression, method.region)?;
    let mut losses = Vec::new();
    let weights = fit(
        architecture,
        &set.pick(&fold.training),
        &training.recipe,
        training.seed,
        training.device,
        &mut |epoch| observe(&mut losses, told, epoch),
    )?;
    let logits = predict_logits(&weights, &set.pick(&fold.held_out), training.device)?;
    let logits = logits.into_iter().map(f64::from).collect();
    Ok(Predicted { trained_on: fold.training.len(), logits, calibrated: true, losses })
}

/// A network for comparison with one output. `unpaired` has the structure of each window of the set, or is empty.
pub(super) fn network(
    set: &Set,
    method: &Method,
    (body, unpaired): (Body, &[Vec<f32>]),
    fold: &Fold,
    training: &Training,
    told: &mut dyn FnMut(&Epoch),
) -> anyhow::Result<Predicted> {
    let network = ComparisonNetwork::new(body, inputs(set, method, !unpaired.is_empty()), 1)?;
    let pick = |indices: &[usize]| -> Vec<ComparisonExample<'_>> {
        indices
            .iter()
            .map(|&index| ComparisonExample {
                example: &set.examples[index],
                unpaired: unpaired.get(index).map_or(&[], Vec::as_slice),
                labels: &[],
            })
            .collect()
    };
    learn(network, &pick(&fold.training), (&pick(&fold.held_out), 0), training, told)
}

/// Trains a network and asks one of its outputs about other windows.
pub(super) fn learn(
    network: ComparisonNetwork,
    examples: &[ComparisonExample<'_>],
    (held_out, output): (&[ComparisonExample<'_>], usize),
    training: &Training,
    told: &mut dyn FnMut(&Epoch),
) -> anyhow::Result<Predicted> {
    let mut losses = Vec::new();
    let Training { recipe, seed, device } = training;
    let weights = fit_comparison(network, examples, recipe, *seed, *device, &mut |epoch| {
        observe(&mut losses, told, epoch)
    })?;
    let logits = predict_comparison(&weights, held_out, *device)?
        .iter()
        .map(|row| row.get(output).copied().map(f64::from).context("an output is missing"))
        .collect::<anyhow::Result<_>>()?;
    Ok(Predicted { trained_on: examples.len(), logits, calibrated: true, losses })
}

fn observe(losses: &mut Vec<f64>, told: &mut dyn FnMut(&Epoch), epoch: Epoch) -> ControlFlow<()> {
    losses.push(epoch.loss);
    told(&epoch);
    ControlFlow::Continue(())
}
