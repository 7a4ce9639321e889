//! Scores of alleles from the predictions of their windows.

use polaris_model::{DeltaBackground, Predictions};
use polaris_proto::v1::{AlleleScores, ScoreVariantsResponse, WindowScores};

use crate::catalog::Catalog;
use crate::convert::{AlleleRows, Scoring};
use crate::service::rows::{Row, mean, rows};
use crate::status::ServiceError;

/// Quantile where a model has no background of random substitutions.
const NO_BACKGROUND: f32 = -1.0;

/// Puts the predictions of a request's windows together.
///
/// # Errors
/// If there are fewer predictions than windows.
pub(super) fn response(
    scoring: &Scoring,
    predictions: &Predictions,
    catalog: &Catalog,
) -> Result<ScoreVariantsResponse, ServiceError> {
    let backgrounds: Vec<Option<&DeltaBackground>> =
        catalog.chosen(&scoring.selection).map(|model| model.training.delta_background.as_ref()).collect();
    let mut rows = rows(predictions);
    let mut windows = Vec::with_capacity(scoring.alleles.len());
    for alleles in &scoring.alleles {
        windows.push(window_scores(alleles, &mut rows, &backgrounds).ok_or(ServiceError::ShortAnswer)?);
    }
    Ok(ScoreVariantsResponse {
        request_id: scoring.request_id,
        model_ids: scoring.selection.names.to_vec(),
        windows,
    })
}

/// Takes the rows of a reference window and its alleles: its own, those of its substitutions, then two for each resized
/// allele. `None` if there are fewer.
fn window_scores<'a>(
    alleles: &[AlleleRows],
    rows: &mut impl Iterator<Item = Row<'a>>,
    backgrounds: &[Option<&DeltaBackground>],
) -> Option<WindowScores> {
    let reference = rows.next()?;
    let is_substitution = |allele: &&AlleleRows| **allele == AlleleRows::Substitution;
    let substituted = alleles.iter().filter(is_substitution).count();
    let substitutions: Vec<Row> = rows.by_ref().take(substituted).collect();
    let mut substitutions = substitutions.into_iter();
    let mut scores = Vec::with_capacity(alleles.len());
    for allele in alleles {
        let (left, right) = match allele {
            AlleleRows::Substitution => {
                let row = substitutions.next()?;
                (row, row)
            }
            AlleleRows::Resized => (rows.next()?, rows.next()?),
        };
        scores.push(allele_scores(reference, left, right, backgrounds));
    }
    Some(WindowScores { reference: Some(reference.values()), alleles: scores })
}

/// A substitution has the same row on both sides.
fn allele_scores(
    reference: Row<'_>,
    left: Row<'_>,
    right: Row<'_>,
    backgrounds: &[Option<&DeltaBackground>],
) -> AlleleScores {
    let alternate = mean(left, right);
    let values = || Vec::with_capacity(backgrounds.len());
    let mut scores = AlleleScores {
        alternate: None,
        deltas: values(),
        logit_deltas: values(),
        spreads: values(),
        delta_quantiles: values(),
    };
    let sides = left.probabilities.iter().zip(right.probabilities);
    let references = reference.logits.iter().zip(reference.probabilities);
    let alternates = alternate.logits.iter().zip(&alternate.probabilities);
    for (((sides, (reference_logit, reference_probability)), (logit, probability)), background) in
        sides.zip(references).zip(alternates).zip(backgrounds)
    {
        let delta = probability - reference_probability;
        scores.deltas.push(delta);
        scores.logit_deltas.push(logit - reference_logit);
        scores.spreads.push((sides.0 - sides.1).abs());
        scores
            .delta_quantiles
            .push(background.map_or(NO_BACKGROUND, |background| background.quantile(delta.abs())));
    }
    scores.alternate = Some(alternate);
    scores
}

#[cfg(test)]
mod tests {
    use polaris_model::sigmoid;

    use super::*;
    use crate::fixtures::catalog;

    fn predictions(logits: &[f32]) -> Predictions {
        Predictions {
            models: 2,
            logits: logits.to_vec(),
            probabilities: logits.iter().map(|&logit| sigmoid(logit)).collect(),
        }
    }

    fn scoring(alleles: Vec<Vec<AlleleRows>>) -> Scoring {
        // QKI.K562, which has a background, then PUM2.none, which has none.
        Scoring {
            request_id: 3,
            selection: catalog(60)
                .selection(vec![2, 1], ["QKI.K562", "PUM2.none"].map(str::to_owned).to_vec()),
            windows: Vec::new(),
            alleles,
        }
    }

    #[test]
    fn rows_become_scores() {
        let scoring = scoring(vec![
            // The row of the substitution stands before those of the resized allele.
            vec![AlleleRows::Resized, AlleleRows::Substitution],
            vec![AlleleRows::Substitution],
        ]);
        let rows = [0.0, 1.0, -2.0, 1.0, 1.0, 4.0, 3.0, -2.0, 5.0, 6.0, 5.0, 7.0];
        let answer = response(&scoring, &predictions(&rows), &catalog(60)).unwrap();
        assert_eq!(
            (answer.request_id, answer.model_ids),
            (3, vec!["QKI.K562".to_owned(), "PUM2.none".to_owned()])
        );
        let first = &answer.windows[0];
        assert_eq!(first.reference.as_ref().unwrap().logits, [0.0, 1.0]);

        let substitution = &first.alleles[1];
        assert_eq!(substitution.alternate.as_ref().unwrap().probabilities, [sigmoid(-2.0), sigmoid(1.0)]);
        assert_eq!(substitution.deltas, [sigmoid(-2.0) - 0.5, 0.0]);
        assert_eq!(substitution.logit_deltas, [-2.0, 0.0]);
        assert_eq!(substitution.spreads, [0.0, 0.0]);
        // |delta| 0.381 of a background that is even from 0 to 1.
        assert!((substitution.delta_quantiles[0] - 0.381).abs() < 0.01, "{:?}", substitution.delta_quantiles);
        assert_eq!(substitution.delta_quantiles[1], -1.0);

        let resized = &first.alleles[0];
        assert_eq!(resized.alternate.as_ref().unwrap().logits, [2.0, 1.0]);
        assert_eq!(resized.alternate.as_ref().unwrap().probabilities, [sigmoid(2.0), sigmoid(1.0)]);
        assert_eq!(resized.spreads, [sigmoid(3.0) - sigmoid(1.0), sigmoid(4.0) - sigmoid(-2.0)]);
        assert_eq!(answer.windows[1].alleles[0].logit_deltas, [0.0, 1.0]);
    }

    #[test]
    fn too_few_predictions_are_an_error() {
        let scoring = scoring(vec![vec![AlleleRows::Resized]]);
        let answer = response(&scoring, &predictions(&[0.0, 1.0, 0.0, 1.0]), &catalog(60));
        assert!(matches!(answer, Err(ServiceError::ShortAnswer)));
        let scoring = self::scoring(vec![vec![AlleleRows::Substitution, AlleleRows::Substitution]]);
        let answer = response(&scoring, &predictions(&[0.0, 1.0, 0.0, 1.0]), &catalog(60));
        assert!(matches!(answer, Err(ServiceError::ShortAnswer)));
    }
}
