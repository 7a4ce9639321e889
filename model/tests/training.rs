//! Training: learns what is there, the same way each time, and says what it cannot use.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::ops::ControlFlow;

use polaris_model::training::{Epoch, Example, ExampleError, Recipe, TrainError, fit, predict};
use polaris_model::{Architecture, Device, Weights};

const LENGTH: usize = 67;
const FLANK: usize = 4;

fn architecture() -> Architecture {
    Architecture::new(LENGTH, true, true).unwrap()
}

/// Random windows; the bound ones hold UGCAUG near the middle.
fn examples(count: usize, mut state: u64) -> Vec<Example> {
    let mut below = move |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    (0..count)
        .map(|index| {
            let mut sequence: Vec<u8> = (0..LENGTH + 2 * FLANK).map(|_| b"ACGT"[below(4)]).collect();
            let positive = index % 2 == 0;
            if positive {
                let start = 30 + below(8);
                sequence[start..start + 6].copy_from_slice(b"TGCATG");
            }
            Example { sequence, flank_bases: FLANK, expression: 1.0, region: None, positive }
        })
        .collect()
}

fn recipe() -> Recipe {
    Recipe { epochs: 25, shift_bases: FLANK, ..Recipe::standard() }
}

fn train(examples: &[Example], recipe: &Recipe, seed: u64) -> Result<Weights, TrainError> {
    // As the trainer does: tests run side by side already.
    polaris_model::set_threads(1);
    fit(architecture(), examples, recipe, seed, Device::Cpu, &mut |_| ControlFlow::Continue(()))
}

/// Windows without their flanks.
fn windows(examples: &[Example]) -> Vec<Example> {
    examples
        .iter()
        .map(|example| Example {
            sequence: example.sequence[FLANK..FLANK + LENGTH].to_vec(),
            flank_bases: 0,
            ..example.clone()
        })
        .collect()
}

#[test]
fn a_planted_motif_is_learned() {
    let weights = train(&examples(400, 1), &recipe(), 1).unwrap();
    let test = windows(&examples(200, 2));
    let probabilities = predict(&weights, &test, Device::Cpu).unwrap();
    let right =
        test.iter().zip(&probabilities).filter(|(example, p)| example.positive == (**p > 0.5)).count();
    assert!(right >= 170, "{right} of 200");
    // A window is predicted as it is within its flanks.
    assert_eq!(predict(&weights, &examples(200, 2), Device::Cpu).unwrap(), probabilities);
}

#[test]
fn a_seed_gives_the_same_weights_also_beside_other_threads() {
    let examples = examples(64, 3);
    let recipe = Recipe { epochs: 2, ..recipe() };
    let alone = train(&examples, &recipe, 7).unwrap();
    let beside: Vec<Weights> = std::thread::scope(|scope| {
        let threads: Vec<_> = [7, 8]
            .map(|seed| (seed, &examples, &recipe))
            .map(|(seed, examples, recipe)| scope.spawn(move || train(examples, recipe, seed).unwrap()))
            .into();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(alone, beside[0]);
    assert_ne!(alone, beside[1]);
}

#[test]
fn the_published_penalty_shrinks_the_kernels() {
    let examples = examples(64, 4);
    let size = |kernel_l2| -> f64 {
        let recipe = Recipe { kernel_l2, epochs: 4, ..Recipe::paper() };
        let weights = train(&examples, &recipe, 1).unwrap();
        let kernel =
            weights.iter().find(|(parameter, _)| parameter.name == "conv2.weight").unwrap().1.to_vec();
        kernel.iter().map(|&value| f64::from(value).powi(2)).sum()
    };
    // 16 steps of gradient descent at 0.01 on 0.01 w^2 take away a share of 0.0002 of each weight a step.
    let (without, with) = (size(0.0), size(0.01));
    let expected = (1.0 - 0.0002f64).powi(2 * 16);
    assert!((with / without - expected).abs() < 2e-3, "{} {expected}", with / without);
}

#[test]
fn epochs_are_told_and_can_stop_the_training() {
    let mut seen = Vec::new();
    let result = fit(architecture(), &examples(40, 5), &recipe(), 1, Device::Cpu, &mut |epoch: Epoch| {
        seen.push(epoch.number);
        if epoch.number == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(result, Err(TrainError::Stopped)));
    assert_eq!(seen, [1, 2, 3]);
}

#[test]
fn unusable_examples_are_named() {
    let good = examples(8, 6);
    let check = |change: &dyn Fn(&mut Vec<Example>)| {
        let mut examples = good.clone();
        change(&mut examples);
        train(&examples, &recipe(), 1).unwrap_err().to_string()
    };
    let letter = check(&|examples| examples[3].sequence[7] = b'a');
    assert!(letter.contains("example 3") && letter.contains("'a'"), "{letter}");
    let one_class = check(&|examples| examples.retain(|example| example.positive));
    assert_eq!(one_class, ExampleError::OneClass { positives: 4, negatives: 0 }.to_string());
    assert!(
        check(&|examples| examples[3].sequence.truncate(70))
            .starts_with("example 3: 70 bases, 75 are expected")
    );
    assert!(check(&|examples| examples[2].expression = f32::NAN).contains("example 2: expression is NaN"));
    assert!(check(&|examples| examples[5].sequence[10] = b'X').contains('X'));
    let no_flanks = check(&|examples| *examples = windows(examples));
    assert!(no_flanks.contains("0 bases to either side, the recipe shifts by up to 4"), "{no_flanks}");
}

#[test]
fn a_loss_that_leaves_the_numbers_is_told() {
    let mut examples = examples(40, 8);
    examples[3].expression = 1e38;
    examples[4].expression = -1e38;
    let error = train(&examples, &recipe(), 1).unwrap_err();
    assert!(matches!(error, TrainError::Diverged { .. }), "{error}");
}
