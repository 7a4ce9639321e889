//! Networks for comparison learn what is there, the same way each time, and say what they cannot use.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::ops::ControlFlow;

use polaris_model::Device;
use polaris_model::comparison::{Body, ComparisonNetwork, ComparisonWeights, Inputs};
use polaris_model::training::{
    ComparisonExample, Example, Optimizer, Recipe, TrainError, fit_comparison, predict_comparison,
};

const LENGTH: usize = 83;

/// Random numbers below a bound.
fn random(mut state: u64) -> impl FnMut(usize) -> usize {
    move |bound| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    }
}

/// Random windows; each of those that `motif` names a motif for holds it near the middle and is bound.
fn examples(
    count: usize,
    length: usize,
    seed: u64,
    motif: impl Fn(usize) -> Option<&'static [u8]>,
) -> Vec<Example> {
    let mut below = random(seed);
    (0..count)
        .map(|index| {
            let mut sequence: Vec<u8> = (0..length).map(|_| b"ACGT"[below(4)]).collect();
            let motif = motif(index);
            if let Some(motif) = motif {
                let start = length / 2 - 10 + below(8);
                sequence[start..start + motif.len()].copy_from_slice(motif);
            }
            Example { sequence, flank_bases: 0, expression: 1.0, region: None, positive: motif.is_some() }
        })
        .collect()
}

fn planted(count: usize, length: usize, seed: u64) -> Vec<Example> {
    examples(count, length, seed, |index| (index % 2 == 0).then_some(b"TGCATGCA"))
}

fn plain(examples: &[Example]) -> Vec<ComparisonExample<'_>> {
    examples.iter().map(|example| ComparisonExample { example, unpaired: &[], labels: &[] }).collect()
}

fn network(body: Body, length: usize, structure: bool, outputs: usize) -> ComparisonNetwork {
    let inputs = Inputs { length, structure, expression: true, region: true };
    ComparisonNetwork::new(body, inputs, outputs).unwrap()
}

fn recipe(epochs: usize) -> Recipe {
    Recipe {
        optimizer: Optimizer::AdamW { learning_rate: 2e-3, weight_decay: 0.01 },
        batch_windows: 20,
        epochs,
        shift_bases: 0,
        ..Recipe::standard()
    }
}

fn train(
    network: ComparisonNetwork,
    examples: &[ComparisonExample<'_>],
    recipe: &Recipe,
    seed: u64,
) -> Result<ComparisonWeights, TrainError> {
    polaris_model::set_threads(1);
    fit_comparison(network, examples, recipe, seed, Device::Cpu, &mut |_| ControlFlow::Continue(()))
}

/// The chance that a bound window scores above an unbound one.
fn auroc(labels: &[bool], logits: &[f32]) -> f64 {
    let of = |class: bool| labels.iter().zip(logits).filter(move |(label, _)| **label == class);
    let wins: f64 = of(true)
        .flat_map(|(_, bound)| of(false).map(move |(_, unbound)| (bound, unbound)))
        .map(
            |(bound, unbound)| {
                if bound > unbound { 1.0 } else { 0.5 * f64::from(u8::from(bound == unbound)) }
            },
        )
        .sum();
    wins / (of(true).count() * of(false).count()) as f64
}

fn column(rows: &[Vec<f32>], output: usize) -> Vec<f32> {
    rows.iter().map(|row| row[output]).collect()
}

fn learned(body: Body, length: usize, windows: usize, recipe: &Recipe) -> f64 {
    let training = planted(windows, length, 1);
    let weights = train(network(body, length, false, 1), &plain(&training), recipe, 1).unwrap();
    let test = planted(100, length, 2);
    let logits = predict_comparison(&weights, &plain(&test), Device::Cpu).unwrap();
    let labels: Vec<bool> = test.iter().map(|example| example.positive).collect();
    auroc(&labels, &column(&logits, 0))
}

#[test]
fn a_planted_motif_is_learned_by_each() {
    let rmsprop = Recipe { batch_windows: 20, epochs: 25, ..Recipe::of_network(Body::CnnLstm) };
    // Windows of Seqweaver are dear: few of them, and many steps.
    let small_steps = Recipe { batch_windows: 8, ..recipe(6) };
    for (body, length, windows, recipe) in [
        (Body::CnnLstm, LENGTH, 400, rmsprop),
        (Body::Polaris { dilation: 2 }, LENGTH, 400, recipe(20)),
        (Body::Seqweaver, 163, 160, small_steps),
    ] {
        let found = learned(body, length, windows, &recipe);
        assert!(found > 0.9, "{body:?}: {found}");
    }
}

#[test]
fn structure_is_read() {
    // Nothing but an unpaired stretch tells bound windows.
    let of = |seed| -> (Vec<Example>, Vec<Vec<f32>>) {
        let mut windows = examples(300, LENGTH, seed, |_| None);
        let unpaired = |index: usize| {
            (0..LENGTH)
                .map(|base| if index.is_multiple_of(2) && (30..50).contains(&base) { 0.9 } else { 0.2 })
                .collect()
        };
        windows.iter_mut().enumerate().for_each(|(index, window)| window.positive = index % 2 == 0);
        (windows, (0..300).map(unpaired).collect())
    };
    let with = |(examples, unpaired): &(Vec<Example>, Vec<Vec<f32>>),
                check: &dyn Fn(&[ComparisonExample<'_>])| {
        let all: Vec<ComparisonExample<'_>> = examples
            .iter()
            .zip(unpaired)
            .map(|(example, unpaired)| ComparisonExample { example, unpaired, labels: &[] })
            .collect();
        check(&all);
    };
    let network = network(Body::Polaris { dilation: 1 }, LENGTH, true, 1);
    with(&of(1), &|training| {
        let weights = train(network, training, &recipe(5), 1).unwrap();
        with(&of(2), &|test| {
            let logits = predict_comparison(&weights, test, Device::Cpu).unwrap();
            let labels: Vec<bool> = test.iter().map(|one| one.example.positive).collect();
            let found = auroc(&labels, &column(&logits, 0));
            assert!(found > 0.9, "{found}");
        });
    });
    let (examples, _) = of(1);
    let missing = train(network, &plain(&examples), &recipe(1), 1).unwrap_err().to_string();
    assert_eq!(missing, "example 0: 0 probabilities of being unpaired for 83 bases");
    let mut unpaired = vec![0.5; LENGTH];
    unpaired[7] = 1.5;
    let bad = ComparisonExample { example: &examples[0], unpaired: &unpaired, labels: &[] };
    let bad = train(network, &[bad], &recipe(1), 1).unwrap_err().to_string();
    assert_eq!(bad, "example 0: a probability of being unpaired is 1.5, expected 0 to 1");
}

#[test]
fn proteins_are_learned_together_from_labels_of_one_each() {
    let motif = |index: usize| match index % 4 {
        0 => Some(b"TGCATGCA".as_slice()),
        1 => Some(b"ACTAACAC".as_slice()),
        _ => None,
    };
    // Protein 0 is known where the index is even, protein 1 where it is odd.
    let label = |example: &Example, index: usize| -> [Option<bool>; 2] {
        let known = Some(example.positive);
        if index.is_multiple_of(2) { [known, None] } else { [None, known] }
    };
    let training = examples(400, LENGTH, 1, motif);
    let labels: Vec<[Option<bool>; 2]> =
        training.iter().enumerate().map(|(index, example)| label(example, index)).collect();
    let all: Vec<ComparisonExample<'_>> = training
        .iter()
        .zip(&labels)
        .map(|(example, labels)| ComparisonExample { example, unpaired: &[], labels })
        .collect();
    let network = network(Body::Polaris { dilation: 1 }, LENGTH, false, 2);
    let weights = train(network, &all, &recipe(15), 1).unwrap();
    let test = examples(200, LENGTH, 2, motif);
    let logits = predict_comparison(&weights, &plain(&test), Device::Cpu).unwrap();
    for protein in 0..2 {
        // Nothing was said of the other protein's motif.
        let asked: Vec<usize> = (0..200).filter(|index| index % 4 != 1 - protein).collect();
        let labels: Vec<bool> = asked.iter().map(|index| index % 4 == protein).collect();
        let logits = column(&logits, protein);
        let found = auroc(&labels, &asked.iter().map(|index| logits[*index]).collect::<Vec<_>>());
        assert!(found > 0.9, "protein {protein}: {found}");
    }
    let few = train(network, &plain(&training), &recipe(1), 1).unwrap_err().to_string();
    assert_eq!(few, "example 0: 1 labels for 2 outputs");
}

#[test]
fn a_seed_gives_the_same_weights() {
    let examples = planted(40, LENGTH, 3);
    for body in [Body::CnnLstm, Body::Polaris { dilation: 1 }] {
        let with =
            |seed| train(network(body, LENGTH, false, 1), &plain(&examples), &recipe(2), seed).unwrap();
        assert_eq!(with(7), with(7));
        assert_ne!(with(7), with(8));
    }
}

/// The network of POLARIS by either way: the same initial weights, order, dropout and steps.
#[test]
fn polaris_is_trained_as_ever() {
    let examples = planted(40, LENGTH, 4);
    // AdamW makes whole steps of gradients that are nothing but rounding.
    let descent =
        Recipe { optimizer: Optimizer::Sgd { learning_rate: 0.05 }, fitted_covariates: true, ..recipe(2) };
    polaris_model::set_threads(1);
    let architecture = polaris_model::Architecture::new(LENGTH, true, true).unwrap();
    for (recipe, most) in [(recipe(2), 1e-4), (descent, 1e-6)] {
        let go = &mut |_| ControlFlow::Continue(());
        let published =
            polaris_model::training::fit(architecture, &examples, &recipe, 1, Device::Cpu, go).unwrap();
        let compared =
            train(network(Body::Polaris { dilation: 1 }, LENGTH, false, 1), &plain(&examples), &recipe, 1)
                .unwrap();
        for ((parameter, published), (_, compared)) in published.iter().zip(compared.iter()) {
            let distance = published.iter().zip(compared).map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);
            assert!(distance < most, "{}: {distance}", parameter.name);
        }
    }
}
