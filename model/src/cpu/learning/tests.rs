//! The same step with every instruction set. That it is the right one is tested against libtorch, where recipes are.

use super::*;
use crate::cpu::instruction_set::InstructionSet;
use crate::weights::split_mix_64;

fn dropout(architecture: Architecture, windows: usize, state: &mut u64) -> Dropout {
    let mut mask = |count: usize| -> Vec<f32> {
        (0..count).map(|_| if split_mix_64(state).is_multiple_of(4) { 0.0 } else { 4.0 / 3.0 }).collect()
    };
    Dropout {
        pool1: mask(windows * architecture.pooled1_positions() * FILTERS),
        pool2: mask(windows * architecture.pooled2_positions() * FILTERS),
        dense2: mask(windows * DENSE_UNITS[1]),
        kept: [4.0 / 3.0; 3],
    }
}

#[test]
fn every_instruction_set_learns_the_same() {
    let architecture = Architecture::new(131, true, true).unwrap();
    let rules = [Rule::Sgd { rate: 0.05 }, Rule::AdamW { shrink: 0.999, rate: 0.001, scale: 1.1 }];
    for rule in rules {
        let learned: Vec<(InstructionSet, Weights, Vec<f64>)> = InstructionSet::ALL
            .into_iter()
            .filter_map(|set| {
                let mut state = 11;
                let moments = matches!(rule, Rule::AdamW { .. });
                let first = Weights::from_formula(architecture, 1000);
                let mut learner = CpuLearner::with(Processor::with(set)?, &first, 0.01, moments);
                // Batches of other sizes, more and fewer than a block of columns.
                let losses = [5, 21, 16].map(|windows| {
                    let sequences: Vec<Vec<u8>> = (0..windows)
                        .map(|_| (0..131).map(|_| b"ACGTN"[split_mix_64(&mut state) as usize % 5]).collect())
                        .collect();
                    let batch: Vec<LearningWindow<'_>> = sequences
                        .iter()
                        .enumerate()
                        .map(|(index, sequence)| LearningWindow {
                            sequence,
                            expression: index as f32 / 4.0,
                            region: (index % 7 < 6).then_some(index % 7),
                            positive: index % 2 == 0,
                        })
                        .collect();
                    learner.step(&batch, &dropout(architecture, windows, &mut state), &rule)
                });
                Some((set, learner.weights().unwrap(), losses.to_vec()))
            })
            .collect();
        let (_, plain, losses) = &learned[0];
        assert!(losses.iter().all(|loss| *loss > 0.1));
        for (set, weights, found) in &learned[1..] {
            for (loss, found) in losses.iter().zip(found) {
                assert!((loss - found).abs() < 1e-5, "{set}: {found} instead of {loss}");
            }
            let (mut sum, mut count) = (0.0, 0.0);
            for ((parameter, plain), (_, found)) in plain.iter().zip(weights.iter()) {
                for (plain, found) in plain.iter().zip(found) {
                    let difference = f64::from((plain - found).abs());
                    sum += difference;
                    count += 1.0;
                    // Adam's first steps are of either sign where a gradient is about 0.
                    let most = if matches!(rule, Rule::Sgd { .. }) { 1e-6 } else { 7e-3 };
                    assert!(difference < most, "{set}: {} differs by {difference}", parameter.name);
                }
            }
            assert!(sum / count < 1e-7, "{set}: {}", sum / count);
        }
    }
}
