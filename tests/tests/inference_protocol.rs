//! The Open Inference Protocol gives what Predict gives, for one model and for all.

use polaris_proto::inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use polaris_proto::inference::infer_parameter::ParameterChoice;
use polaris_proto::inference::model_infer_request::InferInputTensor;
use polaris_proto::inference::{
    InferTensorContents, ModelInferRequest, ModelMetadataRequest, ModelReadyRequest, ServerReadyRequest,
};
use polaris_proto::v1::Window;
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry};
use tonic::Code;

fn input(name: &str, datatype: &str, rows: usize, contents: InferTensorContents) -> InferInputTensor {
    InferInputTensor {
        name: name.to_owned(),
        datatype: datatype.to_owned(),
        shape: vec![rows as i64],
        contents: Some(contents),
        ..InferInputTensor::default()
    }
}

fn expression(name: &str, windows: &[Window], cell_line: &str) -> InferInputTensor {
    let fp32_contents = windows.iter().map(|window| window.expression[cell_line]).collect();
    let contents = InferTensorContents { fp32_contents, ..InferTensorContents::default() };
    input(name, "FP32", windows.len(), contents)
}

#[tokio::test]
async fn models_and_all_of_them() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory()).start().await?;
    let mut random = Random::new(6);
    let windows: Vec<Window> = (0..5).map(|_| random.window(INPUT_LENGTH)).collect();
    let expected = server.predict(windows.clone()).await.unwrap();
    let mut client = GrpcInferenceServiceClient::new(server.channel());
    assert!(client.server_ready(ServerReadyRequest {}).await.unwrap().into_inner().ready);

    let bytes_contents = windows.iter().map(|window| window.sequence.clone().into_bytes()).collect();
    let int64_contents = windows.iter().map(|window| i64::from(window.region)).collect();
    let rows = windows.len();
    let common = [
        input("sequence", "BYTES", rows, InferTensorContents { bytes_contents, ..Default::default() }),
        input("region", "INT64", rows, InferTensorContents { int64_contents, ..Default::default() }),
    ];
    let request = |name: &str, inputs: &[InferInputTensor]| ModelInferRequest {
        model_name: name.to_owned(),
        id: "seven".to_owned(),
        inputs: [&common[..], inputs].concat(),
        ..ModelInferRequest::default()
    };
    // The third of the four, by id.
    let one = request("QKI.K562", &[expression("expression", &windows, "K562")]);
    let reply = client.model_infer(one).await.unwrap();
    assert!(reply.metadata().get("polaris-compute-ms").is_some());
    let reply = reply.into_inner();
    assert_eq!((reply.id.as_str(), reply.outputs[0].shape.as_slice()), ("seven", &[5, 1][..]));
    let values = |output: usize| reply.outputs[output].contents.clone().unwrap().fp32_contents;
    assert_eq!(values(0), expected.iter().map(|row| row.probabilities[2]).collect::<Vec<_>>());
    assert_eq!(values(1), expected.iter().map(|row| row.logits[2]).collect::<Vec<_>>());

    let lines = ["HepG2", "K562"].map(|line| expression(&format!("expression.{line}"), &windows, line));
    let mut all = client.model_infer(request("ensemble", &lines)).await.unwrap().into_inner();
    let probabilities = all.outputs[0].contents.clone().unwrap().fp32_contents;
    assert_eq!(probabilities, expected.iter().flat_map(|row| row.probabilities.clone()).collect::<Vec<_>>());
    let names = all.parameters.remove("model_ids").unwrap().parameter_choice.unwrap();
    let expected = "PUM2.K562,QKI.HepG2,QKI.K562,TARDBP.K562".to_owned();
    assert_eq!(names, ParameterChoice::StringParam(expected));

    let metadata = |name: &str| ModelMetadataRequest { name: name.to_owned(), version: String::new() };
    let told = client.model_metadata(metadata("TARDBP.K562")).await.unwrap().into_inner();
    assert_eq!((told.inputs.len(), told.outputs.len(), told.versions.len()), (1, 2, 1));
    let told = client.model_metadata(metadata("ensemble")).await.unwrap().into_inner();
    let names: Vec<&str> = told.inputs.iter().map(|input| input.name.as_str()).collect();
    assert_eq!(names, ["sequence", "expression.HepG2", "expression.K562", "region"]);
    assert_eq!(client.model_metadata(metadata("NONE.K562")).await.unwrap_err().code(), Code::NotFound);
    let ready = ModelReadyRequest { name: "NONE.K562".to_owned(), version: String::new() };
    assert!(!client.model_ready(ready).await.unwrap().into_inner().ready);
    let refused = client.model_infer(request("QKI.K562", &[])).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("inputs[expression]"), "{refused}");
    Ok(())
}
