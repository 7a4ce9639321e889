//! Each bad request is refused with INVALID_ARGUMENT and names the field and the place in it.

use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{
    Allele, PredictRequest, Resized, ScoreVariantsRequest, Substitution, VariantWindow, Window,
};
use polaris_tests::{HarnessError, INPUT_LENGTH, Random, Server, ServerProcess, TestRegistry};
use tonic::{Code, Status};
use tonic_types::{BadRequest, StatusExt};

fn check(status: &Status, field: &str, part: &str) {
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let details = status.get_details_bad_request().unwrap_or_else(|| BadRequest::new([]));
    let violation = &details.field_violations[0];
    assert_eq!(violation.field, field, "{status}");
    assert!(violation.description.contains(part), "{violation:?} has no {part:?}");
    assert!(status.message().starts_with(field), "{}", status.message());
}

#[tokio::test]
async fn windows_of_predict() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory()).start().await?;
    let good = Random::new(5).window(INPUT_LENGTH);
    let with_sequence = |sequence: String| Window { sequence, ..good.clone() };
    let with_k562 = |value: f32| {
        let mut window = good.clone();
        window.expression.insert("K562".to_owned(), value);
        window
    };
    let mut letter = good.sequence.clone();
    letter.replace_range(17..18, "X");
    let cases = [
        (with_sequence(letter), "windows[1].sequence", "letter 'X' at offset 17"),
        (
            with_sequence(good.sequence[1..].to_owned()),
            "windows[1].sequence",
            "150 bases, the models read 151",
        ),
        (with_sequence(String::new()), "windows[1].sequence", "0 bases"),
        (with_k562(f32::NAN), "windows[1].expression[\"K562\"]", "NaN"),
        (with_k562(-0.5), "windows[1].expression[\"K562\"]", "-0.5"),
        (Window { expression: [].into(), ..good.clone() }, "windows[1].expression[\"HepG2\"]", "missing"),
        (Window { region: 7, ..good.clone() }, "windows[1].region", "7"),
    ];
    for (window, field, part) in cases {
        let request = PredictRequest { windows: vec![good.clone(), window], model_ids: Vec::new() };
        check(&server.client().predict(request).await.unwrap_err(), field, part);
    }
    let none = PredictRequest::default();
    check(&server.client().predict(none).await.unwrap_err(), "windows", "at least one");
    let model_ids = vec!["QKI.K562".to_owned(), "QKI.K562".to_owned()];
    let twice = PredictRequest { windows: vec![good], model_ids };
    check(&server.client().predict(twice).await.unwrap_err(), "model_ids[1]", "model_ids[0]");
    Ok(())
}

#[tokio::test]
async fn alleles_of_score_variants() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory()).start().await?;
    let mut random = Random::new(6);
    let reference = random.window(INPUT_LENGTH);
    let substitution =
        |offset0, bases: &str| Some(Change::Substitution(Substitution { offset0, bases: bases.to_owned() }));
    let resized = |left: usize, right: usize| {
        let (left_anchored, right_anchored) = ("A".repeat(left), "C".repeat(right));
        Some(Change::Resized(Resized { left_anchored, right_anchored, ..Resized::default() }))
    };
    let cases = [
        (substitution(150, "AC"), "windows[0].alleles[1].substitution.offset0", "offset 150"),
        (substitution(0, ""), "windows[0].alleles[1].substitution.bases", "at least one"),
        (substitution(0, "A*"), "windows[0].alleles[1].substitution.bases", "letter '*' at offset 1"),
        (resized(150, 151), "windows[0].alleles[1].resized.left_anchored", "150 bases"),
        (resized(151, 152), "windows[0].alleles[1].resized.right_anchored", "152 bases"),
        (None, "windows[0].alleles[1]", "must be given"),
    ];
    for (change, field, part) in cases {
        let alleles = vec![Allele { change: substitution(0, "A") }, Allele { change }];
        check(
            &score(&server, vec![VariantWindow { reference: Some(reference.clone()), alleles }])
                .await
                .unwrap(),
            field,
            part,
        );
    }
    let headless = VariantWindow { reference: None, alleles: vec![Allele { change: substitution(0, "A") }] };
    check(&score(&server, vec![headless]).await.unwrap(), "windows[0].reference", "missing");
    let bare = VariantWindow { reference: Some(reference), alleles: Vec::new() };
    check(&score(&server, vec![bare]).await.unwrap(), "windows[0].alleles", "at least one");
    check(&score(&server, Vec::new()).await.unwrap(), "windows", "at least one");
    Ok(())
}

/// The refusal; `None` if there is an answer.
async fn score(server: &ServerProcess, windows: Vec<VariantWindow>) -> Option<Status> {
    let request = ScoreVariantsRequest { request_id: 1, model_ids: Vec::new(), windows };
    let call = server.client().score_variants(tokio_stream::iter([request])).await;
    match call {
        Ok(answers) => answers.into_inner().message().await.err(),
        Err(status) => Some(status),
    }
}
