use std::ops::ControlFlow;

use super::*;
use crate::network::{Batch, Network};
use crate::training::first_weights::first_weights;
use crate::training::fit::shift;
use crate::training::optimizer::Updater;
use crate::training::random::Stream;
use crate::training::{ExampleError, Optimizer, fit};

const LENGTH: usize = 151;
const FLANK: usize = 20;

fn architecture() -> Architecture {
    Architecture::new(LENGTH, true, true).unwrap()
}

/// Random windows with a motif in the bound ones, covariates, and now and then an N.
fn examples(count: usize, mut state: u64) -> Vec<Example> {
    let mut below = move |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    (0..count)
        .map(|index| {
            let mut sequence: Vec<u8> =
                (0..LENGTH + 2 * FLANK).map(|_| b"ACGTACGTACGTN"[below(13)]).collect();
            let positive = index % 2 == 0;
            if positive {
                let start = 80 + below(20);
                sequence[start..start + 6].copy_from_slice(b"TGCATG");
            }
            let region = polaris_genomics::RegionClass::ALL.get(below(7)).copied();
            Example { sequence, flank_bases: FLANK, expression: below(5) as f32, region, positive }
        })
        .collect()
}

/// Eight models of 34 to 48 windows: 5 or 6 steps of 8 an epoch, most with a last one that is not full.
fn eight() -> Vec<Vec<Example>> {
    (0..8).map(|model| examples(34 + 2 * model, 100 + model as u64)).collect()
}

fn tasks(data: &[Vec<Example>]) -> Vec<StackedTask<'_>> {
    data.iter()
        .zip(0..)
        .map(|(examples, seed)| StackedTask { examples: examples.iter().collect(), seed })
        .collect()
}

fn train(data: &[Vec<Example>], recipe: &Recipe) -> Vec<Result<Weights, TrainError>> {
    fit_stacked(architecture(), &tasks(data), recipe, Device::Cpu, &mut |_, _| ControlFlow::Continue(()))
        .unwrap()
}

fn alone(examples: &[Example], recipe: &Recipe, seed: u64) -> Result<Weights, TrainError> {
    fit(architecture(), examples, recipe, seed, Device::Cpu, &mut |_| ControlFlow::Continue(()))
}

fn largest_difference(left: &Weights, right: &Weights) -> f32 {
    let pairs = left.iter().zip(right.iter()).flat_map(|((_, left), (_, right))| left.iter().zip(right));
    pairs.map(|(left, right)| (left - right).abs()).fold(0.0, f32::max)
}

fn differences(recipe: &Recipe, trained: impl Fn(usize, &[Example]) -> Weights, kind: Kind) -> Vec<f32> {
    // As the trainer does: tests run side by side already.
    crate::set_threads(1);
    let data = eight();
    let observer = &mut |_, _| ControlFlow::Continue(());
    let stacked = fit_stacked_in(kind, architecture(), &tasks(&data), recipe, Device::Cpu, observer).unwrap();
    let pairs = data.iter().zip(stacked).enumerate();
    let differences: Vec<f32> = pairs
        .map(|(seed, (examples, stacked))| largest_difference(&trained(seed, examples), &stacked.unwrap()))
        .collect();
    println!("{} {kind:?}: largest differences of a weight {differences:?}", recipe.name);
    differences
}

/// 10 epochs of 5 or 6 steps.
fn fifty_steps(recipe: Recipe) -> Recipe {
    Recipe { epochs: 10, batch_windows: 8, ..recipe }
}

/// Where two values that are pooled differ by rounding only, the gradient goes one way or the other; hence not all.
#[test]
fn gradient_descent_gives_the_weights_of_networks_alone() {
    let optimizer = Optimizer::Sgd { learning_rate: 0.01 };
    for recipe in [Recipe::paper(), Recipe { optimizer, average_decay: Some(0.9), ..Recipe::standard() }] {
        let recipe = fifty_steps(recipe);
        let trained = |seed, examples: &[Example]| alone(examples, &recipe, seed as u64).unwrap();
        let differences = differences(&recipe, trained, Kind::Float);
        assert!(differences.iter().filter(|&&difference| difference <= 1e-6).count() >= 4, "{differences:?}");
        assert!(differences.iter().all(|&difference| difference <= 1e-3), "{differences:?}");
    }
}

/// AdamW makes whole steps of gradients that are nothing but rounding, so rounding is left out.
#[test]
fn every_recipe_gives_the_weights_of_networks_alone() {
    let fitted = Recipe { fitted_covariates: true, ..Recipe::standard() };
    for recipe in [Recipe::paper(), Recipe::standard(), fitted] {
        let recipe = fifty_steps(recipe);
        let trained = |seed, examples: &[Example]| in_64_bits(examples, &recipe, seed as u64);
        let differences = differences(&recipe, trained, Kind::Double);
        assert!(differences.iter().all(|&difference| difference <= 1e-5), "{differences:?}");
    }
}

/// What [`fit`] does, in 64-bit floats.
fn in_64_bits(examples: &[Example], recipe: &Recipe, seed: u64) -> Weights {
    let architecture = architecture();
    let (mut order, mut dropout) = (Stream::new(seed, 2), Stream::new(seed, 3));
    let mut weights: Vec<Tensor> = architecture
        .parameters()
        .iter()
        .zip(first_weights(architecture, examples.iter(), recipe, seed))
        .map(|(parameter, values)| {
            let shape: Vec<i64> = parameter.shape.iter().map(|&size| size as i64).collect();
            let values = Tensor::from_slice(&values).reshape(shape);
            values.to_kind(Kind::Double).set_requires_grad(true)
        })
        .collect();
    let network =
        Network::from_tensors(architecture, weights.iter().map(Tensor::shallow_clone).collect()).unwrap();
    let steps = examples.len().div_ceil(recipe.batch_windows) * recipe.epochs;
    let mut updater = Updater::new(recipe.optimizer, recipe.schedule, steps, &weights).unwrap();
    let mut indices: Vec<usize> = (0..examples.len()).collect();
    let cpu = tch::Device::Cpu;
    for _ in 0..recipe.epochs {
        order.shuffle(&mut indices);
        for indices in indices.chunks(recipe.batch_windows) {
            let chosen: Vec<(&Example, isize)> = indices
                .iter()
                .map(|&index| (&examples[index], shift(&mut order, recipe.shift_bases)))
                .collect();
            let batch = batches::batch(architecture, &chosen, cpu).unwrap();
            let batch = Batch {
                sequence: batch.sequence.to_kind(Kind::Double),
                expression: batch.expression.to_kind(Kind::Double),
                region: batch.region.to_kind(Kind::Double),
            };
            let masks =
                batches::dropout_tensors(architecture, chosen.len(), recipe.dropout, &mut dropout, cpu)
                    .unwrap();
            let labels = batches::labels(&chosen, cpu).unwrap().to_kind(Kind::Double);
            let logits = network.logits(&batch, Some(&masks)).unwrap();
            let mut loss =
                logits.binary_cross_entropy_with_logits::<Tensor>(&labels, None, None, Reduction::Mean);
            for kernel in [&weights[0], &weights[2]] {
                loss += kernel.square().sum(Kind::Double) * recipe.kernel_l2;
            }
            let gradients = Tensor::run_backward(&[&loss], &weights, false, false);
            updater.update(&mut weights, &gradients).unwrap();
        }
    }
    network.weights().unwrap()
}

#[test]
fn one_that_diverges_or_cannot_be_trained_spoils_no_other() {
    let recipe = Recipe { epochs: 3, ..Recipe::standard() };
    let good = eight();
    let mut data = good[..5].to_vec();
    data[1][7].expression = 1e38;
    data[1][8].expression = -1e38;
    data[2].retain(|example| example.positive);
    data[3][4].sequence[9] = b'?';
    let results = train(&data, &recipe);
    let whole = train(&good[..5], &recipe);
    for index in [0, 4] {
        let difference = largest_difference(results[index].as_ref().unwrap(), whole[index].as_ref().unwrap());
        assert!(difference <= 1e-5, "{index}: {difference}");
    }
    let error = |index: usize| results[index].as_ref().unwrap_err();
    assert!(matches!(error(1), TrainError::Diverged { .. }), "{}", error(1));
    let expected = ExampleError::OneClass { positives: 19, negatives: 0 };
    assert!(matches!(error(2), TrainError::Examples(error) if *error == expected), "{}", error(2));
    assert!(error(3).to_string().starts_with("example 4: "), "{}", error(3));
}

#[test]
fn epochs_are_told_as_to_a_network_alone_and_can_stop_one() {
    let recipe = Recipe { epochs: 4, ..Recipe::standard() };
    let data = &eight()[..3];
    let mut told: Vec<Vec<Epoch>> = vec![Vec::new(); 3];
    let results = fit_stacked(architecture(), &tasks(data), &recipe, Device::Cpu, &mut |task, epoch| {
        told[task].push(epoch);
        if task == 1 && epoch.number == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert!(matches!(results[1], Err(TrainError::Stopped)));
    assert_eq!(told[1].len(), 2);
    for task in [0, 2] {
        assert!(results[task].is_ok());
        let mut expected = Vec::new();
        fit(architecture(), &data[task], &recipe, task as u64, Device::Cpu, &mut |epoch| {
            expected.push(epoch);
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(told[task].len(), expected.len());
        for (found, expected) in told[task].iter().zip(&expected) {
            assert_eq!((found.number, found.epochs), (expected.number, expected.epochs));
            assert!((found.loss - expected.loss).abs() < 1e-4, "{found:?} {expected:?}");
        }
    }
}

#[test]
fn an_unusable_recipe_and_no_tasks() {
    let bad = Recipe { epochs: 0, ..Recipe::standard() };
    let observer = &mut |_, _| ControlFlow::Continue(());
    assert!(matches!(
        fit_stacked(architecture(), &[], &bad, Device::Cpu, observer),
        Err(TrainError::Recipe(_))
    ));
    assert!(fit_stacked(architecture(), &[], &Recipe::paper(), Device::Cpu, observer).unwrap().is_empty());
}
