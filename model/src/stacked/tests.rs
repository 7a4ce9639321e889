//! The stacked ensemble against its networks, one at a time.

mod alternates;
mod device;
mod maps;
mod predictions;

use polaris_genomics::RegionClass;
use tch::{Device, Tensor};

use super::{Limits, StackedEnsemble};
use crate::architecture::Architecture;
use crate::ensemble::{Substitution, WindowInput};
use crate::inputs;
use crate::network::{Batch, Network, host_values};
use crate::precision::Precision;
use crate::weights::{Weights, split_mix_64};

/// So little that every chunk is one window in one model.
const TINY: Limits = Limits { bytes: 1, passes: 1, alternates: 5 };

/// Networks that read all, some or none of the covariates.
struct Members {
    length: usize,
    weights: Vec<Weights>,
    columns: Vec<Option<usize>>,
}

impl Members {
    fn new(length: usize) -> Self {
        let kinds = [
            (true, true, Some(1)),
            (false, true, None),
            (true, false, Some(0)),
            (false, false, None),
            (true, true, None),
        ];
        let weights = kinds.iter().zip(1..).map(|(&(expression, region, _), seed)| {
            let architecture = Architecture::new(length, expression, region).unwrap();
            Weights::from_formula(architecture, 1000 * seed)
        });
        Self { length, weights: weights.collect(), columns: kinds.map(|(.., column)| column).to_vec() }
    }

    fn stacked(&self, device: Device, precision: Precision, limits: Limits) -> StackedEnsemble {
        let mut builder =
            StackedEnsemble::builder(self.weights.len(), self.length, device, precision).unwrap();
        for (weights, &column) in self.weights.iter().zip(&self.columns) {
            builder.add(weights, column).unwrap();
        }
        builder.finish_within(limits).unwrap()
    }

    fn strict(&self, limits: Limits) -> StackedEnsemble {
        self.stacked(Device::Cpu, Precision::Strict, limits)
    }

    fn network(&self, model: usize) -> Network {
        Network::new(&self.weights[model], Device::Cpu).unwrap()
    }

    /// A batch of whole windows as one of the networks reads it.
    fn batch(&self, windows: &[WindowInput], model: usize) -> Batch {
        let value =
            |window: &WindowInput| self.columns[model].map_or(0.0, |column| window.expression[column]);
        let expression: Vec<f32> = windows.iter().map(value).collect();
        let sequences = windows.iter().map(|window| window.sequence.as_slice());
        Batch {
            sequence: inputs::sequences(sequences, self.length, Device::Cpu).unwrap(),
            expression: inputs::expression(&expression, Device::Cpu).unwrap(),
            region: inputs::regions(windows.iter().map(|window| window.region), Device::Cpu).unwrap(),
        }
    }

    /// Logits `[rows][models]` by whole passes of one network after another.
    fn expected(&self, windows: &[WindowInput], models: &[usize]) -> Vec<f32> {
        let _no_grad = tch::no_grad_guard();
        let rows = rows(windows);
        let columns: Vec<Tensor> = models
            .iter()
            .map(|&model| self.network(model).logits(&self.batch(&rows, model), None).unwrap())
            .collect();
        if columns.is_empty() { Vec::new() } else { host_values(&Tensor::cat(&columns, 1)).unwrap() }
    }
}

/// Every row as a window of its own.
fn rows(windows: &[WindowInput]) -> Vec<WindowInput> {
    let mut rows = Vec::new();
    for window in windows {
        let whole = WindowInput { substitutions: Vec::new(), ..window.clone() };
        rows.push(whole.clone());
        for Substitution { offset0, bases } in &window.substitutions {
            let mut alternate = whole.clone();
            alternate.sequence[*offset0..offset0 + bases.len()].copy_from_slice(bases);
            rows.push(alternate);
        }
    }
    rows
}

fn sequence(length: usize, mut seed: u64) -> Vec<u8> {
    (0..length).map(|_| b"ACGT"[(split_mix_64(&mut seed) >> 62) as usize]).collect()
}

fn substitution(offset0: usize, bases: &[u8]) -> Substitution {
    Substitution { offset0, bases: bases.to_vec() }
}

/// Windows with all sorts of covariates, some padded, one without any base.
fn windows(length: usize, count: usize) -> Vec<WindowInput> {
    (0..count)
        .map(|index| {
            let mut sequence = sequence(length, index as u64 + 7);
            match index % 4 {
                1 => sequence[..length / 3].fill(b'N'),
                2 => sequence[length - length / 5..].fill(b'N'),
                3 => sequence.fill(b'N'),
                _ => {}
            }
            WindowInput {
                sequence,
                region: RegionClass::ALL.get(index % 7).copied(),
                expression: vec![index as f32 * 0.7, 3.0 - index as f32, f32::NAN],
                substitutions: Vec::new(),
            }
        })
        .collect()
}

fn assert_close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance, "{index}: {found}, {expected} expected");
    }
}
