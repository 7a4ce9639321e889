//! A stream is answered in order, whatever the size of its requests, and ends with the first error after
//! what came before it.

use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{Allele, ScoreVariantsRequest, Substitution, VariantWindow};
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, TestRegistry};
use tonic::Code;
use tonic_types::StatusExt;

fn request(request_id: u64, windows: usize, random: &mut Random) -> ScoreVariantsRequest {
    let change = Some(Change::Substitution(Substitution { offset0: 75, bases: "A".to_owned() }));
    let windows = (0..windows)
        .map(|_| VariantWindow {
            reference: Some(random.window(INPUT_LENGTH)),
            alleles: vec![Allele { change: change.clone() }],
        })
        .collect();
    ScoreVariantsRequest { request_id, model_ids: vec!["QKI.K562".to_owned()], windows }
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_requests() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory()).start().await?;
    let mut random = Random::new(3);
    let mut requests: Vec<_> = (0..30)
        .map(|index| request(1000 - index, if index % 4 == 0 { 200 } else { 1 }, &mut random))
        .collect();
    let sizes: Vec<_> = requests.iter().map(|request| (request.request_id, request.windows.len())).collect();
    let mut bad = request(5, 2, &mut random);
    bad.windows[1].alleles.clear();
    requests.push(bad);
    requests.push(request(6, 1, &mut random));

    let mut answers =
        server.client().score_variants(tokio_stream::iter(requests)).await.unwrap().into_inner();
    let mut found = Vec::new();
    let error = loop {
        match answers.message().await {
            Ok(Some(answer)) => found.push((answer.request_id, answer.windows.len())),
            Ok(None) => panic!("the bad request was passed over"),
            Err(status) => break status,
        }
    };
    assert_eq!(found, sizes);
    assert_eq!(error.code(), Code::InvalidArgument);
    assert_eq!(error.get_details_bad_request().unwrap().field_violations[0].field, "windows[1].alleles");
    Ok(())
}

#[tokio::test]
async fn an_empty_stream_has_no_answers() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory()).start().await?;
    let mut answers = server.client().score_variants(tokio_stream::empty()).await.unwrap().into_inner();
    assert_eq!(answers.message().await.unwrap(), None);
    Ok(())
}
