//! ScoreVariants gives what Predict gives for the same sequences.

use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{
    Allele, Resized, ScoreVariantsRequest, ScoreVariantsResponse, Substitution, VariantWindow, Window,
};
use polaris_tests::{
    HarnessError, INPUT_LENGTH, Random, Server, ServerProcess, TestRegistry, training_record,
};
use tonic::Status;

const TOLERANCE: f32 = 2e-6;

#[tokio::test]
async fn a_substitution_and_a_resized_allele() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let server = Server::new(registry.directory()).start().await?;
    let mut random = Random::new(2);
    let reference = random.window(INPUT_LENGTH);
    let with = |sequence: String| Window { sequence, ..reference.clone() };
    let mut substituted = reference.sequence.clone();
    substituted.replace_range(70..73, "ACA");
    let (left, right) = (random.sequence(INPUT_LENGTH), random.sequence(INPUT_LENGTH));

    let alleles = vec![
        Change::Substitution(Substitution { offset0: 70, bases: "aca".to_owned() }),
        Change::Resized(Resized {
            left_anchored: left.clone(),
            right_anchored: right.clone(),
            ..Resized::default()
        }),
    ];
    let alleles = alleles.into_iter().map(|change| Allele { change: Some(change) }).collect();
    let request = ScoreVariantsRequest {
        request_id: 41,
        model_ids: Vec::new(),
        windows: vec![VariantWindow { reference: Some(reference.clone()), alleles }],
    };
    let answer = score(&server, request).await.unwrap();
    let rows =
        server.predict(vec![reference.clone(), with(substituted), with(left), with(right)]).await.unwrap();
    let [reference, substituted, left, right] = rows.as_slice() else { panic!("{rows:?}") };

    assert_eq!((answer.request_id, answer.model_ids.len(), answer.windows.len()), (41, 4, 1));
    let scores = &answer.windows[0];
    assert_close(&scores.reference.as_ref().unwrap().logits, &reference.logits);
    assert_close(&scores.reference.as_ref().unwrap().probabilities, &reference.probabilities);

    let [first, second] = scores.alleles.as_slice() else { panic!("{:?}", scores.alleles) };
    let alternate = first.alternate.as_ref().unwrap();
    assert_close(&alternate.logits, &substituted.logits);
    assert_close(&alternate.probabilities, &substituted.probabilities);
    assert_close(&first.deltas, &difference(&substituted.probabilities, &reference.probabilities));
    assert_close(&first.logit_deltas, &difference(&substituted.logits, &reference.logits));
    assert_eq!(first.spreads, [0.0; 4]);

    let alternate = second.alternate.as_ref().unwrap();
    let mean: Vec<f32> = left.logits.iter().zip(&right.logits).map(|(l, r)| (l + r) / 2.0).collect();
    let probabilities: Vec<f32> = mean.iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect();
    assert_close(&alternate.logits, &mean);
    assert_close(&alternate.probabilities, &probabilities);
    assert_close(&second.deltas, &difference(&probabilities, &reference.probabilities));
    assert_close(&second.logit_deltas, &difference(&mean, &reference.logits));
    let spreads: Vec<f32> =
        difference(&left.probabilities, &right.probabilities).iter().map(|d| d.abs()).collect();
    assert_close(&second.spreads, &spreads);

    let background = training_record().delta_background.unwrap();
    for allele in [first, second] {
        let quantiles: Vec<f32> =
            allele.deltas.iter().map(|delta| background.quantile(delta.abs())).collect();
        assert_close(&allele.delta_quantiles, &quantiles);
        assert!(quantiles.iter().any(|&quantile| quantile > 0.0), "{quantiles:?}");
    }
    Ok(())
}

#[tokio::test]
async fn thousands_of_alleles_of_one_window() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    // So that the window has to be taken apart.
    let server = Server::new(registry.directory()).setting("ENGINE__MAX_BATCH_WINDOWS", 16).start().await?;
    let mut random = Random::new(3);
    let reference = random.window(INPUT_LENGTH);
    let mut changes: Vec<(usize, String)> =
        (0..3 * INPUT_LENGTH).map(|index| (index / 3, random.sequence(1))).collect();
    // Whole windows, what is there already, and the same again and again.
    changes.push((0, random.sequence(INPUT_LENGTH)));
    changes.push((40, reference.sequence[40..60].to_owned()));
    changes.extend((0..3000).map(|index| (index % 7, "N".to_owned())));
    let allele = |(offset0, bases): &(usize, String)| Allele {
        change: Some(Change::Substitution(Substitution { offset0: *offset0 as u32, bases: bases.clone() })),
    };
    let window =
        VariantWindow { reference: Some(reference.clone()), alleles: changes.iter().map(allele).collect() };
    let request = ScoreVariantsRequest { request_id: 1, model_ids: Vec::new(), windows: vec![window] };
    let answer = score(&server, request).await.unwrap();
    let scores = &answer.windows[0].alleles;
    assert_eq!(scores.len(), changes.len());

    let alternate = |(offset0, bases): &(usize, String)| {
        let mut sequence = reference.sequence.clone();
        sequence.replace_range(*offset0..offset0 + bases.len(), bases);
        Window { sequence, ..reference.clone() }
    };
    let some: Vec<usize> = (0..3 * INPUT_LENGTH + 2).chain([changes.len() - 1]).collect();
    let rows = server.predict(some.iter().map(|&index| alternate(&changes[index])).collect()).await.unwrap();
    for (index, row) in some.iter().zip(&rows) {
        assert_close(&scores[*index].alternate.as_ref().unwrap().logits, &row.logits);
    }
    assert_close(&scores[3 * INPUT_LENGTH + 1].deltas, &[0.0; 4]);
    Ok(())
}

async fn score(
    server: &ServerProcess,
    request: ScoreVariantsRequest,
) -> Result<ScoreVariantsResponse, Status> {
    let mut answers = server.client().score_variants(tokio_stream::iter([request])).await?.into_inner();
    let answer = answers.message().await?;
    assert_eq!(answers.message().await?, None);
    Ok(answer.unwrap_or_default())
}

fn difference(left: &[f32], right: &[f32]) -> Vec<f32> {
    left.iter().zip(right).map(|(l, r)| l - r).collect()
}

fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < TOLERANCE), "{found:?} {expected:?}");
}
