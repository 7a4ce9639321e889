use tch::Tensor;

use super::fixtures::{batch, network, sequence};
use super::*;
use crate::network::host_values;

/// The maps by their definition: libtorch differentiates the logit by the rectified activations.
fn by_autograd(network: &Network, batch: &Batch, map: ActivationMap) -> Tensor {
    let activations =
        network.convolved(&batch.sequence, None).unwrap().relu().detach().set_requires_grad(true);
    let head = network.head(&network.dense1(&pool(&activations).unwrap()).unwrap(), batch, None).unwrap();
    let gradient = Tensor::run_backward(&[head.logits.sum(Kind::Float)], &[&activations], false, false);
    let gradient = match map {
        ActivationMap::GradCam => gradient[0].mean_dim(3, true, Kind::Float),
        ActivationMap::HiresCam => gradient[0].shallow_clone(),
    };
    (gradient * activations).sum_dim_intlist([1i64, 2].as_slice(), false, Kind::Float)
}

#[test]
fn the_closed_form_is_what_autograd_gives() {
    for (length, seed) in [(59, 1), (60, 2), (151, 3), (400, 4), (1000, 5)] {
        let network = network(length, seed);
        let sequences: Vec<Vec<u8>> = (0..5).map(|window| sequence(length, 10 * seed + window)).collect();
        let batch = batch(&sequences.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let summed = network.summed_dense1().unwrap();
        for map in [ActivationMap::GradCam, ActivationMap::HiresCam] {
            let (logits, maps) = tch::no_grad(|| network.logits_and_maps(&batch, map, &summed).unwrap());
            let plain = tch::no_grad(|| network.logits(&batch, None).unwrap());
            assert!((logits - plain).abs().max().double_value(&[]) < 1e-6);
            assert_eq!(maps.size(), [5, network.architecture.conv2_positions() as i64]);
            let expected = host_values(&by_autograd(&network, &batch, map)).unwrap();
            let found = host_values(&maps).unwrap();
            let largest = expected.iter().fold(0f32, |largest, value| largest.max(value.abs()));
            assert!(largest > 1e-5, "{length} {map:?}: {largest}");
            for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert!(
                    (found - expected).abs() < 1e-5 * largest,
                    "{length} {map:?} {index}: {found} {expected}"
                );
            }
        }
    }
}

#[test]
fn hires_maps_add_up_to_what_the_activations_add_to_the_logit() {
    // The head is linear where its ReLUs do not switch: with all biases that follow at 0, the map's sum is the logit less
    // what the covariates and the output's bias add. Checked against the gradient times the pooled activations.
    let network = network(151, 7);
    let batch = batch(&[&sequence(151, 8)]);
    let summed = network.summed_dense1().unwrap();
    let maps = tch::no_grad(|| network.logits_and_maps(&batch, ActivationMap::HiresCam, &summed).unwrap().1);
    let pooled = pool(&network.convolved(&batch.sequence, None).unwrap().relu())
        .unwrap()
        .detach()
        .set_requires_grad(true);
    let logits = network.head(&network.dense1(&pooled).unwrap(), &batch, None).unwrap().logits;
    let gradient = Tensor::run_backward(&[logits], &[&pooled], false, false);
    let expected = (&gradient[0] * &pooled).sum(Kind::Float).double_value(&[]);
    assert!((maps.sum(Kind::Float).double_value(&[]) - expected).abs() < 1e-5 * expected.abs().max(1.0));
}
