//! The stacked ensemble against its networks, one at a time.

mod alternates;
mod device;
mod maps;
mod predictions;

use polaris_genomics::RegionClass;
use tch::Device;

use super::{Limits, StackedEnsemble};
use crate::architecture::Architecture;
use crate::ensemble::{Substitution, WindowInput};
use crate::network::fixtures::{self, assert_close, pools, rows, sequence};
use crate::precision::Precision;
use crate::weights::Weights;

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

    /// Logits `[rows][models]` by whole passes of one network after another.
    fn expected(&self, windows: &[WindowInput], models: &[usize]) -> Vec<f32> {
        let rows = rows(windows);
        let column = |&model: &usize| fixtures::logits(&self.weights[model], &rows, self.columns[model]);
        let columns: Vec<Vec<f32>> = models.iter().map(column).collect();
        (0..rows.len()).flat_map(|row| columns.iter().map(move |column| column[row])).collect()
    }
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
