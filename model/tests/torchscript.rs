//! Model files as libtorch's own loader sees them.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use polaris_model::training::{Example, predict};
use polaris_model::{Architecture, Device, Weights, write_model};
use tch::{CModule, Tensor};

const SEQUENCE: &[u8] = b"ACGTTGCANNACGTGTGTGTACTAACTTTTTTGGAGGAACGATCGATTACGCAGCATCAGCATGCATG";

fn one_hot(sequence: &[u8]) -> Tensor {
    let mut values = vec![0f32; 4 * sequence.len()];
    polaris_genomics::one_hot(sequence, &mut values).unwrap();
    Tensor::from_slice(&values).reshape([1, 4, sequence.len() as i64])
}

fn variants() -> impl Iterator<Item = Architecture> {
    let covariates = [(true, true), (true, false), (false, true), (false, false)];
    [67, 151].into_iter().flat_map(move |length| {
        covariates.map(|(expression, region)| Architecture::new(length, expression, region).unwrap())
    })
}

#[test]
fn libtorch_answers_forward_as_we_do() {
    for architecture in variants() {
        let weights = Weights::from_formula(architecture, 42);
        let module = CModule::load_data(&mut write_model(&weights).unwrap().as_slice()).unwrap();
        let sequence: Vec<u8> = SEQUENCE.iter().copied().cycle().take(architecture.input_length()).collect();
        let region = "3utr".parse().unwrap();
        let example = Example {
            sequence: sequence.clone(),
            flank_bases: 0,
            expression: 1.5,
            region: Some(region),
            positive: true,
        };
        let mut regions = [0f32; 6];
        regions[region.index()] = 1.0;
        let inputs = [
            one_hot(&sequence),
            Tensor::from_slice(&[1.5f32]).reshape([1, 1]),
            Tensor::from_slice(&regions).reshape([1, 6]),
        ];
        let theirs = module.forward_ts(&inputs).unwrap();
        assert_eq!(theirs.size(), [1, 1]);
        let ours = predict(&weights, &[example], Device::Cpu).unwrap()[0];
        let theirs = theirs.double_value(&[0, 0]);
        assert!((f64::from(ours) - theirs).abs() < 1e-6, "{architecture:?}: {ours} {theirs}");
    }
}

#[test]
fn features_are_the_second_convolution() {
    let architecture = Architecture::new(67, true, true).unwrap();
    let module =
        CModule::load_data(&mut write_model(&Weights::from_formula(architecture, 42)).unwrap().as_slice())
            .unwrap();
    let features = module.method_ts("features", &[one_hot(&SEQUENCE[..67])]).unwrap();
    assert_eq!(features.size(), [1, 100, architecture.conv2_positions() as i64]);
    assert!(features.min().double_value(&[]) >= 0.0 && features.max().double_value(&[]) > 0.0);
}

#[test]
fn parameters_keep_names_shapes_and_values() {
    for architecture in variants() {
        let weights = Weights::from_formula(architecture, 7);
        let module = CModule::load_data(&mut write_model(&weights).unwrap().as_slice()).unwrap();
        let named = module.named_parameters().unwrap();
        assert_eq!(named.len(), architecture.parameters().len());
        for (parameter, values) in weights.iter() {
            let (_, tensor) = named.iter().find(|(name, _)| name == parameter.name).unwrap();
            let shape: Vec<i64> = parameter.shape.iter().map(|&size| size as i64).collect();
            assert_eq!(tensor.size(), shape, "{}", parameter.name);
            assert_eq!(tensor, &Tensor::from_slice(values).reshape(&shape), "{}", parameter.name);
        }
    }
}

#[test]
fn the_same_weights_give_the_same_bytes() {
    let weights = Weights::from_formula(Architecture::new(151, true, true).unwrap(), 3);
    assert_eq!(write_model(&weights).unwrap(), write_model(&weights).unwrap());
}
