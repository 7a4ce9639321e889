//! Both ways to train are one.

use std::ops::ControlFlow;

use super::batches::Example;
use super::fit::{Learner, run};
use super::native::NativeLearner;
use super::recipe::{Optimizer, Recipe};
use super::torch::{Polaris, TorchLearner};
use crate::architecture::Architecture;
use crate::network::Network;
use crate::weights::Weights;
use polaris_genomics::RegionClass;

fn examples(count: usize, length: usize, flank: usize) -> Vec<Example> {
    let mut state = 7;
    let mut below = |bound: u64| crate::weights::split_mix_64(&mut state) % bound;
    (0..count)
        .map(|index| Example {
            sequence: (0..length + 2 * flank).map(|_| b"ACGTACGTACGTACGTN"[below(17) as usize]).collect(),
            flank_bases: flank,
            expression: below(100) as f32 / 20.0,
            region: RegionClass::ALL.get(below(8) as usize).copied(),
            positive: index % 3 == 0,
        })
        .collect()
}

/// Weights of both after some epochs.
fn both(architecture: Architecture, recipe: &Recipe, examples: &[Example]) -> [Weights; 2] {
    crate::set_threads(1);
    let mut losses = [Vec::new(), Vec::new()];
    let mut native = NativeLearner::new(architecture, examples, recipe, 3).unwrap();
    let network = Polaris { architecture, examples };
    let mut torch = TorchLearner::new(&network, recipe, 3, tch::Device::Cpu).unwrap();
    let learners: [&mut dyn Learner; 2] = [&mut native, &mut torch];
    for (learner, losses) in learners.into_iter().zip(&mut losses) {
        run(learner, examples.len(), recipe, 3, &mut |epoch| {
            losses.push(epoch.loss);
            ControlFlow::Continue(())
        })
        .unwrap();
    }
    for (native, torch) in losses[0].iter().zip(&losses[1]) {
        assert!((native - torch).abs() < 1e-4, "{losses:?}");
    }
    let torch = Network::from_tensors(architecture, torch.finish()).unwrap().weights().unwrap();
    [native.finish().unwrap(), torch]
}

/// Largest difference of a tensor's elements, and the name.
fn difference([left, right]: &[Weights; 2]) -> (f32, &'static str) {
    left.iter().zip(right.iter()).fold((0.0, ""), |worst, ((parameter, left), (_, right))| {
        let most = left.iter().zip(right).map(|(left, right)| (left - right).abs()).fold(0.0, f32::max);
        if most > worst.0 { (most, parameter.name) } else { worst }
    })
}

fn mean_difference([left, right]: &[Weights; 2]) -> f64 {
    let pairs = || left.iter().zip(right.iter()).flat_map(|((_, left), (_, right))| left.iter().zip(right));
    pairs().map(|(left, right)| f64::from((left - right).abs())).sum::<f64>() / pairs().count() as f64
}

#[test]
fn native_training_is_that_of_libtorch() {
    for (length, expression, region) in
        [(151, true, true), (67, false, true), (203, true, false), (59, false, false)]
    {
        let architecture = Architecture::new(length, expression, region).unwrap();
        // The last batch of an epoch is a small one.
        let examples = examples(37, length, 5);
        let sgd = Recipe { epochs: 4, shift_bases: 5, ..Recipe::paper() };
        let weights = both(architecture, &sgd, &examples);
        let first = NativeLearner::new(architecture, &examples, &sgd, 3).unwrap().finish().unwrap();
        assert!(difference(&[weights[0].clone(), first]).0 > 1e-3, "nothing was learned");
        let (most, name) = difference(&weights);
        assert!(most < 2e-6, "{length}: {name} differs by {most}");

        // Where a gradient is about 0 Adam's first steps are of either sign, whatever its size.
        let adam = Recipe {
            epochs: 4,
            shift_bases: 5,
            average_decay: Some(0.9),
            batch_windows: 19,
            ..Recipe::standard()
        };
        let rms = Recipe { optimizer: Optimizer::RmsProp { learning_rate: 1e-3 }, ..adam.clone() };
        for recipe in [adam, rms] {
            let weights = both(architecture, &recipe, &examples);
            let (most, name) = difference(&weights);
            assert!(most < 2e-3 && mean_difference(&weights) < 1e-6, "{length}: {name} differs by {most}");
        }
    }
}
