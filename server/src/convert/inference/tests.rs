use polaris_proto::inference::InferTensorContents;
use polaris_proto::inference::model_infer_request::{InferInputTensor, InferRequestedOutputTensor};

use super::*;
use crate::fixtures::catalog;

const LENGTH: usize = 60;

fn bytes(texts: &[&str]) -> InferInputTensor {
    let contents = InferTensorContents {
        bytes_contents: texts.iter().map(|text| text.as_bytes().to_vec()).collect(),
        ..InferTensorContents::default()
    };
    input(SEQUENCE, "BYTES", &[texts.len()], contents)
}

fn floats(name: &str, shape: &[usize], values: &[f32]) -> InferInputTensor {
    let contents = InferTensorContents { fp32_contents: values.to_vec(), ..InferTensorContents::default() };
    input(name, "FP32", shape, contents)
}

fn integers(name: &str, values: &[i64]) -> InferInputTensor {
    let contents = InferTensorContents { int64_contents: values.to_vec(), ..InferTensorContents::default() };
    input(name, "INT64", &[values.len()], contents)
}

fn input(name: &str, datatype: &str, shape: &[usize], contents: InferTensorContents) -> InferInputTensor {
    InferInputTensor {
        name: name.to_owned(),
        datatype: datatype.to_owned(),
        shape: shape.iter().map(|&size| size as i64).collect(),
        contents: Some(contents),
        ..InferInputTensor::default()
    }
}

fn request(model: &str, inputs: Vec<InferInputTensor>) -> ModelInferRequest {
    ModelInferRequest { model_name: model.to_owned(), inputs, ..ModelInferRequest::default() }
}

fn check(request: &ModelInferRequest) -> Result<Inference, RequestError> {
    inference(request, &catalog(LENGTH), 4)
}

#[test]
fn letters_and_numbers_are_what_one_hot_and_bytes_are() {
    let sequence = "ACGTN".repeat(LENGTH / 5);
    let inputs = vec![
        bytes(&[&sequence, &"acguN".repeat(LENGTH / 5)]),
        floats(EXPRESSION, &[2, 1], &[1.5, 0.0]),
        integers(REGION, &[0, 5]),
    ];
    let plain = check(&request("QKI.K562", inputs)).unwrap();
    assert_eq!((plain.windows.len(), plain.outputs.as_slice(), plain.raw), (2, &[0, 1][..], false));
    assert_eq!(plain.windows[0].sequence, plain.windows[1].sequence);
    assert_eq!((plain.windows[0].region, plain.windows[1].region), (None, Some(RegionClass::ThreePrimeUtr)));
    // HepG2 is not read.
    assert_eq!(plain.windows[0].expression, [0.0, 1.5]);

    let mut one_hot = vec![0f32; 2 * 4 * LENGTH];
    for (row, base, at) in
        (0..2).flat_map(|row| (0..4).flat_map(move |base| (0..LENGTH).map(move |at| (row, base, at))))
    {
        one_hot[(row * 4 + base) * LENGTH + at] = f32::from(u8::from(at % 5 == base));
    }
    let classes = [[0.0; 6], [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]].concat();
    let raw_bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let empty = |name, shape: &[usize]| InferInputTensor { contents: None, ..floats(name, shape, &[]) };
    let mut raw = request(
        "QKI.K562",
        vec![empty(SEQUENCE, &[2, 4, LENGTH]), empty(EXPRESSION, &[2]), empty(REGION, &[2, 6])],
    );
    raw.raw_input_contents = vec![raw_bytes(&one_hot), raw_bytes(&[1.5, 0.0]), raw_bytes(&classes)];
    raw.outputs = vec![InferRequestedOutputTensor {
        name: "logit".to_owned(),
        ..InferRequestedOutputTensor::default()
    }];
    let found = check(&raw).unwrap();
    assert_eq!((found.windows, found.outputs, found.raw), (plain.windows, vec![1], true));
}

#[test]
fn all_models_read_the_expression_of_each_cell_line() {
    let sequence = "A".repeat(LENGTH);
    let inputs = |line: &str| {
        vec![
            bytes(&[&sequence]),
            floats("expression.HepG2", &[1, 1], &[2.0]),
            floats(line, &[1, 1], &[3.0]),
            integers(REGION, &[1]),
        ]
    };
    let found = check(&request(ENSEMBLE, inputs("expression.K562"))).unwrap();
    assert_eq!((found.windows[0].expression.as_slice(), found.selection.models.len()), (&[2.0, 3.0][..], 3));
    let error = check(&request(ENSEMBLE, inputs("expression"))).unwrap_err().to_string();
    assert!(error.starts_with("inputs[expression.K562]: a chosen model reads"), "{error}");
}

#[test]
fn what_is_wrong_is_named() {
    let sequence = "A".repeat(LENGTH);
    let good = || vec![bytes(&[&sequence]), floats(EXPRESSION, &[1, 1], &[1.0]), integers(REGION, &[1])];
    assert!(check(&request("QKI.K562", good())).is_ok());
    let with = |index: usize, input: InferInputTensor| {
        let mut inputs = good();
        inputs[index] = input;
        check(&request("QKI.K562", inputs)).unwrap_err().to_string()
    };
    let huge = InferInputTensor { shape: vec![i64::MAX, i64::MAX], ..bytes(&[&sequence]) };
    for (error, part) in [
        (with(0, bytes(&["ACGT"])), "inputs[sequence][0]: 4 bases, the models read 60"),
        (with(0, bytes(&[&"X".repeat(LENGTH)])), "inputs[sequence][0]"),
        (with(0, bytes(&[sequence.as_str(); 5])), "windows: 5 windows"),
        (with(0, bytes(&[])), "at least one window"),
        (with(0, huge), "inputs[sequence].shape"),
        (with(0, integers(SEQUENCE, &[1])), "inputs[sequence].shape: BYTES [n] or FP32 [n, 4, 60]"),
        (with(0, floats(SEQUENCE, &[1, 4, LENGTH], &vec![0.5; 4 * LENGTH])), "position 0 is neither one-hot"),
        (with(0, floats("other", &[1], &[1.0])), "inputs[sequence]: this input is needed"),
        (with(1, floats(EXPRESSION, &[1, 1], &[f32::NAN])), "inputs[expression][0]: no ln(TPM + 1)"),
        (with(1, floats(EXPRESSION, &[2], &[1.0, 1.0])), "inputs[expression].shape: 2 values for 1 windows"),
        (with(1, floats(EXPRESSION, &[2], &[1.0])), "inputs[expression]: 1 values, the shape [2] has 2"),
        (with(2, integers(REGION, &[7])), "inputs[region][0]: no region class"),
        (
            with(2, floats(REGION, &[1, 6], &[1.0, 1.0, 0.0, 0.0, 0.0, 0.0])),
            "inputs[region][0]: no region class",
        ),
        (with(2, floats("other", &[1], &[1.0])), "inputs[region]: a chosen model reads this input"),
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
    let mut cut = request("QKI.K562", good());
    cut.raw_input_contents = vec![vec![60, 0, 0, 0, b'A'], Vec::new(), Vec::new()];
    assert!(check(&cut).unwrap_err().to_string().contains("its raw contents are cut off"));
    cut.raw_input_contents.pop();
    assert!(
        check(&cut).unwrap_err().to_string().contains("raw_input_contents: 2 of them, there are 3 inputs")
    );
    let unknown = check(&ModelInferRequest { model_version: "1".to_owned(), ..request("QKI.K562", good()) });
    assert_eq!(unknown.unwrap_err(), RequestError::UnknownModel { id: "QKI.K562@1".to_owned() });
}
