use tch::{Device, Kind, Tensor};

use super::*;
use crate::Architecture;
use crate::inputs;
use crate::network::{self, Network, host_values};
use crate::weights::Weights;

const POLARIS: Body = Body::Polaris { dilation: 1 };
const BODIES: [Body; 4] = [POLARIS, Body::Polaris { dilation: 2 }, Body::CnnLstm, Body::Seqweaver];

fn reads(length: usize, covariates: bool, structure: bool) -> Inputs {
    Inputs { length, structure, expression: covariates, region: covariates }
}

fn elements(body: Body, inputs: Inputs, outputs: usize) -> usize {
    let network = ComparisonNetwork::new(body, inputs, outputs).unwrap();
    network.parameters().iter().map(Parameter::elements).sum()
}

#[test]
fn shapes_by_hand() {
    let layers = |body, length| -> Vec<(&str, usize, usize)> {
        let network = ComparisonNetwork::new(body, reads(length, true, false), 1).unwrap();
        network.layers().iter().map(|layer| (layer.name, layer.positions, layer.channels)).collect()
    };
    let lstm = [
        ("conv1", 993, 100),
        ("pool1", 248, 100),
        ("lstm", 248, 50),
        ("pool2", 62, 50),
        ("dense1", 1, 300),
        ("dense2", 1, 64),
        ("output", 1, 1),
    ];
    assert_eq!(layers(Body::CnnLstm, 1000), lstm);
    let seqweaver = [
        ("conv1", 993, 320),
        ("pool1", 248, 320),
        ("conv2", 241, 480),
        ("pool2", 60, 480),
        ("conv3", 53, 960),
        ("dense1", 1, 925),
        ("output", 1, 1),
    ];
    assert_eq!(layers(Body::Seqweaver, 1000), seqweaver);
    // 101 - 7 = 94, 23, 16, 4; a dilation of 2 takes 14 off: 9, 2.
    assert_eq!(layers(POLARIS, 101)[3], ("pool2", 4, 100));
    assert_eq!(layers(Body::Polaris { dilation: 2 }, 101)[2..4], [("conv2", 9, 100), ("pool2", 2, 100)]);
    assert_eq!(layers(Body::CnnLstm, 101)[3], ("pool2", 5, 50));
}

#[test]
fn weights_by_hand() {
    assert_eq!(elements(POLARIS, reads(1000, true, false), 1), 3_883_680);
    // 3300 + (200 * 100 + 200 * 50 + 200) + (300 * 62 * 50 + 300) + (64 * 300 + 64) + 2 + 42 + 72.
    assert_eq!(elements(Body::CnnLstm, reads(1000, true, false), 1), 983_180);
    // 10,560 + 1,229,280 + 3,687,360 + 925 * 53 * 960 + 925 + 926.
    assert_eq!(elements(Body::Seqweaver, reads(1000, false, false), 1), 51_993_051);
    assert_eq!(elements(Body::Seqweaver, reads(1000, true, false), 1), 51_993_051 + 2 + 42 + 7);
    // Two positions fewer are left for the dense layer.
    assert_eq!(
        elements(Body::Polaris { dilation: 2 }, reads(1000, true, false), 1),
        3_883_680 - 2 * 600 * 100
    );
    // Structure is a channel of each of the first filters; an output more has 64 weights and a bias.
    assert_eq!(elements(POLARIS, reads(1000, true, true), 1), 3_883_680 + 100 * 8);
    assert_eq!(
        elements(POLARIS, reads(1000, false, false), 3) - elements(POLARIS, reads(1000, false, false), 2),
        65
    );
}

#[test]
fn what_cannot_be_is_said() {
    let shortest = BODIES.map(|body| body.minimum_length());
    assert_eq!(shortest, [59, 79, 23, 163]);
    for (body, shortest) in BODIES.into_iter().zip(shortest) {
        assert!(ComparisonNetwork::new(body, reads(shortest, false, false), 1).is_ok());
        let short = ComparisonNetwork::new(body, reads(shortest - 1, false, false), 1).unwrap_err();
        assert!(matches!(short, ComparisonNetworkError::Length { minimum, .. } if minimum == shortest));
    }
    let short = ComparisonNetwork::new(Body::Seqweaver, reads(101, false, false), 1).unwrap_err();
    assert_eq!(short.to_string(), "input length 101: Seqweaver needs 163 to 100000 bases");
    let none = ComparisonNetwork::new(POLARIS, reads(101, false, false), 0);
    assert_eq!(none, Err(ComparisonNetworkError::Outputs(0)));
    let none = ComparisonNetwork::new(Body::Polaris { dilation: 0 }, reads(101, false, false), 1);
    assert_eq!(none, Err(ComparisonNetworkError::Dilation(0)));
}

/// Random windows with all that networks read.
fn batch(length: usize, structure: bool) -> ComparisonBatch {
    let windows: Vec<Vec<u8>> = (0..3).map(|seed| network::fixtures::sequence(length, seed)).collect();
    let sequence = inputs::sequences(windows.iter().map(Vec::as_slice), length, Device::Cpu).unwrap();
    let region =
        [Some(polaris_genomics::RegionClass::Exon), None, Some(polaris_genomics::RegionClass::Intron)];
    let batch = ComparisonBatch {
        sequence,
        expression: inputs::expression(&[0.5, 2.0, 0.0], Device::Cpu).unwrap(),
        region: inputs::regions(region.into_iter(), Device::Cpu).unwrap(),
    };
    if !structure {
        return batch;
    }
    let unpaired: Vec<f32> = (0..3 * length).map(|base| (base % 7) as f32 / 7.0).collect();
    batch.with_structure(&unpaired, Device::Cpu).unwrap()
}

/// Weights of a formula.
fn tensors(network: &ComparisonNetwork) -> Vec<Tensor> {
    let tensor = |parameter: &Parameter| {
        let limit = crate::weights::initial_limit(parameter).unwrap_or(0.05);
        let mut state = 1000 + parameter.ordinal as u64;
        let values: Vec<f32> = (0..parameter.elements())
            .map(|_| {
                let unit = (crate::weights::split_mix_64(&mut state) >> 40) as f64 / f64::from(1u32 << 24);
                ((2.0 * unit - 1.0) * limit) as f32
            })
            .collect();
        let shape: Vec<i64> = parameter.shape.iter().map(|&size| size as i64).collect();
        Tensor::from_slice(&values).reshape(shape)
    };
    network.parameters().iter().map(tensor).collect()
}

#[test]
fn undilated_polaris_is_polaris() {
    let network = ComparisonNetwork::new(POLARIS, reads(151, true, false), 1).unwrap();
    let architecture = Architecture::new(151, true, true).unwrap();
    assert_eq!(network.parameters(), architecture.parameters());
    let published = Network::new(&Weights::from_formula(architecture, 1000), Device::Cpu).unwrap();
    let ComparisonBatch { sequence, expression, region } = batch(151, false);
    let as_published = network::Batch { sequence, expression, region };
    let expected = host_values(&published.logits(&as_published, None).unwrap()).unwrap();
    let found =
        logits(&network, &tensors(&network), &batch(151, false), &mut |_, tensor| Ok(tensor)).unwrap();
    assert_eq!(found.size(), [3, 1]);
    assert_eq!(host_values(&found).unwrap(), expected);
}

#[test]
fn gradients_reach_every_weight() {
    for body in BODIES {
        let network = ComparisonNetwork::new(body, reads(170, true, true), 2).unwrap();
        let weights: Vec<Tensor> =
            tensors(&network).into_iter().map(|tensor| tensor.set_requires_grad(true)).collect();
        let mut places = Vec::new();
        let values = logits(&network, &weights, &batch(170, true), &mut |place, tensor| {
            places.push(place);
            Ok(tensor)
        })
        .unwrap();
        assert_eq!(values.size(), [3, 2]);
        assert_eq!(places, [DropoutPlace::Pool1, DropoutPlace::Pool2, DropoutPlace::Late], "{body:?}");
        let gradients = Tensor::run_backward(&[values.sum(Kind::Float)], &weights, false, false);
        for (gradient, parameter) in gradients.iter().zip(network.parameters()) {
            let size = gradient.abs().sum(Kind::Float).double_value(&[]);
            assert!(size.is_finite() && size > 0.0, "{body:?} {}", parameter.name);
        }
    }
}
