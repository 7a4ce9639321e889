//! A trained model file answers in libtorch's own loader as the server does.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use polaris_genomics::{ReferenceBundle, one_hot};
use polaris_proto::v1::PredictRequest;
use polaris_tests::{HarnessError, LabelledWindow, Pipeline, Server};
use tch::{CModule, Tensor};

#[tokio::test]
async fn libtorch_and_the_server_agree() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let bundle = ReferenceBundle::open(&pipeline.reference())?;
    let server = Server::new(&pipeline.registry()).start().await?;
    for id in Pipeline::MODELS {
        let (_, cell_line) = id.split_once('.').unwrap();
        let windows = pipeline.windows(id)?;
        let messages: Vec<_> =
            windows.iter().map(|row| row.message(&bundle, cell_line)).collect::<Result<_, _>>()?;
        for (row, message) in windows.iter().zip(&messages) {
            check_covariates(row, &bundle, cell_line);
            assert_eq!(message.sequence.len(), 151);
        }
        let sequences: Vec<&[u8]> = messages.iter().map(|message| message.sequence.as_bytes()).collect();
        let expected = libtorch(&pipeline.registry().join(id).join("current/model.pt"), &windows, &sequences);

        let request = PredictRequest { windows: messages.clone(), model_ids: vec![id.to_owned()] };
        let answer = server.client().predict(request).await.unwrap().into_inner();
        assert_eq!(answer.predictions.len(), expected.len());
        for (values, expected) in answer.predictions.iter().zip(&expected) {
            let found = f64::from(values.probabilities[0]);
            assert!((found - expected).abs() < 1e-6, "{id}: {found} {expected}");
        }
        let spread =
            expected.iter().copied().fold(0.0, f64::max) - expected.iter().copied().fold(1.0, f64::min);
        assert!(spread > 0.05, "{id} says the same of every window: {expected:?}");
    }
    Ok(())
}

/// What the file says is what a lookup at the window's midpoint says.
fn check_covariates(row: &LabelledWindow, bundle: &ReferenceBundle, cell_line: &str) {
    let (contig, midpoint0) = (&row.window.contig, row.window.midpoint0());
    let expression = bundle.expression(cell_line, contig, midpoint0).unwrap();
    assert!((expression - row.expression).abs() < 1e-5, "{row:?} {expression}");
    assert_eq!(bundle.genes().region_class(contig, midpoint0), row.region, "{row:?}");
}

fn libtorch(path: &std::path::Path, windows: &[LabelledWindow], sequences: &[&[u8]]) -> Vec<f64> {
    let module = CModule::load(path).unwrap();
    let (count, length) = (windows.len(), sequences[0].len());
    let mut bases = vec![0f32; 4 * length * count];
    for (sequence, out) in sequences.iter().zip(bases.chunks_mut(4 * length)) {
        one_hot(sequence, out).unwrap();
    }
    let expression: Vec<f32> = windows.iter().map(|row| row.expression).collect();
    let mut regions = vec![0f32; 6 * count];
    for (row, out) in windows.iter().zip(regions.chunks_mut(6)) {
        if let Some(class) = row.region {
            out[class.index()] = 1.0;
        }
    }
    let count = i64::try_from(count).unwrap();
    let inputs = [
        Tensor::from_slice(&bases).reshape([count, 4, i64::try_from(length).unwrap()]),
        Tensor::from_slice(&expression).reshape([count, 1]),
        Tensor::from_slice(&regions).reshape([count, 6]),
    ];
    let answer = module.forward_ts(&inputs).unwrap();
    assert_eq!(answer.size(), [count, 1]);
    (0..count).map(|window| answer.double_value(&[window, 0])).collect()
}
