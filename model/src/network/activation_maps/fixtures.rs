//! Networks and windows for tests.

use tch::{Device, Kind, Tensor};

use crate::architecture::Architecture;
use crate::inputs;
use crate::network::{Batch, Network};
use crate::weights::{Weights, split_mix_64};

/// A network with both covariates and weights of the formula.
pub(crate) fn network(length: usize, seed: u64) -> Network {
    let architecture = Architecture::new(length, true, true).unwrap();
    Network::new(&Weights::from_formula(architecture, seed), Device::Cpu).unwrap()
}

/// Random bases.
pub(crate) fn sequence(length: usize, mut seed: u64) -> Vec<u8> {
    (0..length).map(|_| b"ACGT"[(split_mix_64(&mut seed) >> 62) as usize]).collect()
}

/// Windows with no covariates.
pub(crate) fn batch(sequences: &[&[u8]]) -> Batch {
    let count = sequences.len() as i64;
    let zeros = |width| Tensor::zeros([count, width], (Kind::Float, Device::Cpu));
    Batch {
        sequence: inputs::sequences(sequences.iter().copied(), sequences[0].len(), Device::Cpu).unwrap(),
        expression: zeros(1),
        region: zeros(6),
    }
}
