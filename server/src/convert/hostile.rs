//! Whatever bytes come in, a request is converted or refused. `PROPTEST_CASES=10000000 cargo test --release -p polaris-server
//! hostile` looks for longer.

use polaris_proto::inference::ModelInferRequest;
use polaris_proto::inference::model_infer_request::InferInputTensor;
use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{
    Allele, ClusterOptions, LocalizeRequest, LocalizeWindow, MapOptions, PredictRequest, Resized,
    ScoreVariantsRequest, Substitution, VariantWindow, Window,
};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::fixtures::catalog;

const LENGTH: usize = 60;
const MOST_WINDOWS: u32 = 5;

/// Converts a request of every kind that these bytes are; whatever comes out is as the engine needs it.
fn convert(bytes: &[u8]) {
    let catalog = catalog(LENGTH);
    let fits = |window: &WindowInput| {
        assert!(
            window.sequence.len() == LENGTH && window.sequence.iter().all(|base| b"ACGTN".contains(base))
        );
        assert!(window.expression.len() == 2 && window.expression.iter().all(|value| value.is_finite()));
    };
    if let Ok(request) = PredictRequest::decode(bytes) {
        let converted = prediction(request, &catalog, MOST_WINDOWS);
        converted.iter().flat_map(|prediction| &prediction.windows).for_each(fits);
    }
    if let Ok(request) = ScoreVariantsRequest::decode(bytes) {
        let converted = scoring(request, &catalog, MOST_WINDOWS);
        converted.iter().flat_map(|scoring| &scoring.windows).for_each(fits);
    }
    if let Ok(request) = LocalizeRequest::decode(bytes) {
        let converted = localization(request, &catalog, MOST_WINDOWS);
        let windows = converted.iter().flat_map(|localization| &localization.windows);
        windows.flat_map(|window| &window.rows).for_each(fits);
    }
    if let Ok(request) = ModelInferRequest::decode(bytes) {
        let converted = inference(&request, &catalog, MOST_WINDOWS);
        converted.iter().flat_map(|inference| &inference.windows).for_each(fits);
    }
}

/// One good request of every kind.
fn good() -> Vec<Vec<u8>> {
    let window = || Window {
        sequence: "ACGTN".repeat(LENGTH / 5),
        expression: ["K562", "HepG2"].map(|line| (line.to_owned(), 1.5)).into(),
        region: 3,
    };
    let sequence = || "ACGTN".repeat(LENGTH / 5);
    let resized =
        Resized { left_anchored: sequence(), right_anchored: sequence(), offset0: 4, removed: 1, added: 2 };
    let changes =
        [Change::Substitution(Substitution { offset0: 7, bases: "AC".to_owned() }), Change::Resized(resized)];
    let alleles = changes.map(|change| Allele { change: Some(change) });
    let localized = LocalizeWindow { reference: Some(window()), allele: Some(alleles[1].clone()) };
    let options = MapOptions {
        threshold: Some(0.5),
        top_k: Some(3),
        clusters: Some(ClusterOptions::default()),
        ..MapOptions::default()
    };
    let tensor = |name: &str, datatype: &str, shape: &[i64]| InferInputTensor {
        name: name.to_owned(),
        datatype: datatype.to_owned(),
        shape: shape.to_vec(),
        ..InferInputTensor::default()
    };
    let length = LENGTH as u32;
    let text = [length.to_le_bytes().to_vec(), sequence().into_bytes()].concat();
    let models = || vec!["QKI.K562".to_owned()];
    let requests = vec![
        PredictRequest { windows: vec![window(), window()], model_ids: models() }.encode_to_vec(),
        ScoreVariantsRequest {
            request_id: 7,
            model_ids: Vec::new(),
            windows: vec![VariantWindow { reference: Some(window()), alleles: alleles.to_vec() }],
        }
        .encode_to_vec(),
        LocalizeRequest { model_ids: models(), windows: vec![localized], options: Some(options) }
            .encode_to_vec(),
        ModelInferRequest {
            model_name: "QKI.K562".to_owned(),
            inputs: vec![
                tensor("sequence", "BYTES", &[1]),
                tensor("expression", "FP32", &[1, 1]),
                tensor("region", "INT64", &[1]),
            ],
            raw_input_contents: vec![text, 1.5f32.to_le_bytes().to_vec(), 3i64.to_le_bytes().to_vec()],
            ..ModelInferRequest::default()
        }
        .encode_to_vec(),
    ];
    let catalog = catalog(LENGTH);
    let infer = ModelInferRequest::decode(requests[3].as_slice()).unwrap();
    assert!(inference(&infer, &catalog, MOST_WINDOWS).is_ok());
    let score = ScoreVariantsRequest::decode(requests[1].as_slice()).unwrap();
    assert!(scoring(score, &catalog, MOST_WINDOWS).is_ok());
    requests
}

proptest! {
    #[test]
    fn random_bytes(bytes in vec(any::<u8>(), 0..300)) {
        convert(&bytes);
    }

    #[test]
    fn good_requests_with_bytes_changed(
        which in 0usize..4,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = good().swap_remove(which);
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        convert(&bytes);
    }
}
