//! What tests of engines compare with: the network by libtorch, one at a time, with nothing shared.

use tch::{Device, Kind, Tensor};

use super::{Batch, Network, host_values, pool};
use crate::ensemble::{ActivationMap, Substitution, WindowInput};
use crate::inputs;
use crate::weights::{Weights, split_mix_64};

/// Random bases.
pub(crate) fn sequence(length: usize, mut seed: u64) -> Vec<u8> {
    (0..length).map(|_| b"ACGT"[(split_mix_64(&mut seed) >> 62) as usize]).collect()
}

/// Every row of windows and their substitutions as a window of its own.
pub(crate) fn rows(windows: &[WindowInput]) -> Vec<WindowInput> {
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

pub(crate) fn assert_close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance, "{index}: {found}, {expected} expected");
    }
}

/// Maps summed over the positions that are pooled together. Where a pool holds a value twice but for rounding, as
/// everywhere in a run of N, either may count in a HiResCAM.
pub(crate) fn pools(maps: &[f32], positions: usize) -> Vec<f32> {
    maps.chunks(positions).flat_map(|map| map.chunks(4).map(|pool| pool.iter().sum())).collect()
}

/// Windows as tensors; `expression` is the column of the expression that is read, if any.
fn batch(windows: &[WindowInput], expression: Option<usize>) -> Batch {
    let length = windows[0].sequence.len();
    let value = |window: &WindowInput| expression.map_or(0.0, |column| window.expression[column]);
    let expression: Vec<f32> = windows.iter().map(value).collect();
    let sequences = windows.iter().map(|window| window.sequence.as_slice());
    Batch {
        sequence: inputs::sequences(sequences, length, Device::Cpu).unwrap(),
        expression: inputs::expression(&expression, Device::Cpu).unwrap(),
        region: inputs::regions(windows.iter().map(|window| window.region), Device::Cpu).unwrap(),
    }
}

/// Logits of windows.
pub(crate) fn logits(weights: &Weights, windows: &[WindowInput], expression: Option<usize>) -> Vec<f32> {
    let network = Network::new(weights, Device::Cpu).unwrap();
    host_values(&tch::no_grad(|| network.logits(&batch(windows, expression), None).unwrap())).unwrap()
}

/// Maps by their definition, `[windows][positions]`: libtorch differentiates the logit by the rectified activations.
pub(crate) fn maps_by_autograd(weights: &Weights, windows: &[WindowInput], map: ActivationMap) -> Vec<f32> {
    let network = Network::new(weights, Device::Cpu).unwrap();
    let batch = batch(windows, None);
    let activations =
        network.convolved(&batch.sequence, None).unwrap().relu().detach().set_requires_grad(true);
    let logits = network.head(&network.dense1(&pool(&activations).unwrap()).unwrap(), &batch, None).unwrap();
    let gradient = Tensor::run_backward(&[logits.sum(Kind::Float)], &[&activations], false, false);
    let gradient = match map {
        ActivationMap::GradCam => gradient[0].mean_dim(3, true, Kind::Float),
        ActivationMap::HiresCam => gradient[0].shallow_clone(),
    };
    let maps = (gradient * activations).sum_dim_intlist([1i64, 2].as_slice(), false, Kind::Float);
    host_values(&maps).unwrap()
}
