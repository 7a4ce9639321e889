//! Checks that a reply answers its request, and finds each allele's scores in it.

use polaris_genomics::{RegionClass, Strand};
use polaris_proto::v1::{AlleleScores, ModelValues, ScoreVariantsRequest, ScoreVariantsResponse};

use super::plan::{Placement, RecordPlan};
use super::request::PlacedWindow;

/// What is wrong with a reply.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplyError {
    /// Another request's.
    #[error("answered request {found} where {expected} was due: its version does not fit this client")]
    Order {
        /// Id of the request that was due.
        expected: u64,
        /// Id in the reply.
        found: u64,
    },
    /// Models came or went.
    #[error(
        "answered with other models ({found}) than it had listed: they changed during the run: start again"
    )]
    Models {
        /// How many answered.
        found: usize,
    },
    /// Counts that do not match.
    #[error(
        "answered request {id} with {found} {what}, {expected} were asked: its version does not fit this client"
    )]
    Shape {
        /// Of the request.
        id: u64,
        /// What was counted.
        what: &'static str,
        /// In the request.
        expected: usize,
        /// In the reply.
        found: usize,
    },
    /// NaN or infinity.
    #[error(
        "answered request {id} with a score that is no number: check the models with `polaris-trainer evaluate`"
    )]
    NotFinite {
        /// Of the request.
        id: u64,
    },
}

/// What a reply must look like.
#[derive(Debug)]
pub(super) struct Expected {
    id: u64,
    /// Alleles of each window.
    alleles: Vec<usize>,
}

impl Expected {
    /// Of a request that has its id.
    pub(super) fn of(request: &ScoreVariantsRequest) -> Self {
        let alleles = request.windows.iter().map(|window| window.alleles.len()).collect();
        Self { id: request.request_id, alleles }
    }

    /// Whether the reply answers it, with one finite value of each kind for each of `models` (sorted ids).
    pub(super) fn check(&self, reply: &ScoreVariantsResponse, models: &[String]) -> Result<(), ReplyError> {
        if reply.request_id != self.id {
            return Err(ReplyError::Order { expected: self.id, found: reply.request_id });
        }
        let mut answered: Vec<&String> = reply.model_ids.iter().collect();
        answered.sort();
        if !answered.into_iter().eq(models) {
            return Err(ReplyError::Models { found: reply.model_ids.len() });
        }
        self.count("windows", self.alleles.len(), reply.windows.len())?;
        for (window, &alleles) in reply.windows.iter().zip(&self.alleles) {
            self.check_values(window.reference.as_ref(), models.len())?;
            self.count("alleles", alleles, window.alleles.len())?;
            for allele in &window.alleles {
                self.check_values(allele.alternate.as_ref(), models.len())?;
                for values in [&allele.deltas, &allele.logit_deltas, &allele.spreads, &allele.delta_quantiles]
                {
                    self.check_numbers(values, models.len())?;
                }
            }
        }
        Ok(())
    }

    fn check_values(&self, values: Option<&ModelValues>, models: usize) -> Result<(), ReplyError> {
        let Some(values) = values else { return self.count("values", models, 0) };
        self.check_numbers(&values.probabilities, models)
    }

    fn check_numbers(&self, numbers: &[f32], models: usize) -> Result<(), ReplyError> {
        self.count("values", models, numbers.len())?;
        match numbers.iter().all(|number| number.is_finite()) {
            true => Ok(()),
            false => Err(ReplyError::NotFinite { id: self.id }),
        }
    }

    fn count(&self, what: &'static str, expected: usize, found: usize) -> Result<(), ReplyError> {
        match found == expected {
            true => Ok(()),
            false => Err(ReplyError::Shape { id: self.id, what, expected, found }),
        }
    }
}

/// Records in their order with the replies that answer them.
pub(super) struct Scored {
    pub(super) records: Vec<RecordPlan>,
    pub(super) windows: Vec<PlacedWindow>,
    pub(super) replies: Vec<ScoreVariantsResponse>,
}

/// Scores of an allele by one model on one strand.
#[derive(Clone, Copy)]
pub(super) struct ModelScore<'a> {
    pub(super) model: &'a str,
    pub(super) strand: Strand,
    pub(super) reference: f32,
    pub(super) alternate: f32,
    pub(super) delta: f32,
    pub(super) logit_delta: f32,
    pub(super) spread: f32,
    /// None where the model has no background.
    pub(super) quantile: Option<f32>,
}

impl Scored {
    /// The scores of an allele on one strand, a model after the other, and its window's region. A reply that
    /// passed `Expected::check` has them all.
    pub(super) fn scores(
        &self,
        placement: &Placement,
    ) -> Option<(Option<RegionClass>, impl Iterator<Item = ModelScore<'_>>)> {
        let window = self.windows.get(placement.window)?;
        let location = window.alleles.get(placement.allele)?;
        let reply = self.replies.get(location.request)?;
        let scores = reply.windows.get(location.window)?;
        let allele = scores.alleles.get(location.allele)?;
        let models = model_scores(&reply.model_ids, placement.strand, scores.reference.as_ref()?, allele)?;
        Some((window.region, models))
    }
}

fn model_scores<'a>(
    models: &'a [String],
    strand: Strand,
    reference: &'a ModelValues,
    allele: &'a AlleleScores,
) -> Option<impl Iterator<Item = ModelScore<'a>>> {
    let alternate = allele.alternate.as_ref()?;
    let probabilities = reference.probabilities.iter().zip(&alternate.probabilities);
    let changes = allele.deltas.iter().zip(&allele.logit_deltas);
    let beside = allele.spreads.iter().zip(&allele.delta_quantiles);
    let values = models.iter().zip(probabilities).zip(changes.zip(beside));
    Some(values.map(
        move |((model, (&reference, &alternate)), ((&delta, &logit_delta), (&spread, &quantile)))| {
            let quantile = (quantile >= 0.0).then_some(quantile);
            ModelScore { model, strand, reference, alternate, delta, logit_delta, spread, quantile }
        },
    ))
}

#[cfg(test)]
mod tests {
    use polaris_proto::v1::{Allele, VariantWindow, WindowScores};

    use super::*;

    fn reply() -> (Expected, ScoreVariantsResponse) {
        let window = VariantWindow { reference: None, alleles: vec![Allele::default(); 2] };
        let request = ScoreVariantsRequest { request_id: 5, model_ids: vec![], windows: vec![window] };
        let values = || ModelValues { probabilities: vec![0.5, 0.25], logits: vec![0.0, -1.0] };
        let allele = AlleleScores {
            alternate: Some(values()),
            deltas: vec![0.0; 2],
            logit_deltas: vec![0.0; 2],
            spreads: vec![0.0; 2],
            delta_quantiles: vec![-1.0, 0.5],
        };
        let scores = WindowScores { reference: Some(values()), alleles: vec![allele; 2] };
        let reply = ScoreVariantsResponse {
            request_id: 5,
            model_ids: vec!["B.K562".into(), "A.K562".into()],
            windows: vec![scores],
        };
        (Expected::of(&request), reply)
    }

    #[test]
    fn fits_or_is_refused() {
        let models = ["A.K562".to_owned(), "B.K562".to_owned()];
        let (expected, good) = reply();
        assert!(expected.check(&good, &models).is_ok());

        let broken = |change: fn(&mut ScoreVariantsResponse)| {
            let mut reply = good.clone();
            change(&mut reply);
            expected.check(&reply, &models).unwrap_err()
        };
        assert!(matches!(broken(|reply| reply.request_id = 6), ReplyError::Order { expected: 5, found: 6 }));
        assert!(matches!(broken(|reply| reply.model_ids[0] = "C".into()), ReplyError::Models { .. }));
        assert!(matches!(broken(|reply| reply.windows.clear()), ReplyError::Shape { what: "windows", .. }));
        assert!(matches!(
            broken(|reply| reply.windows[0].alleles.truncate(1)),
            ReplyError::Shape { what: "alleles", .. }
        ));
        assert!(matches!(
            broken(|reply| reply.windows[0].reference = None),
            ReplyError::Shape { what: "values", .. }
        ));
        assert!(matches!(
            broken(|reply| reply.windows[0].alleles[1].deltas.truncate(1)),
            ReplyError::Shape { what: "values", .. }
        ));
        assert!(matches!(
            broken(|reply| reply.windows[0].alleles[1].deltas[1] = f32::NAN),
            ReplyError::NotFinite { id: 5 }
        ));
    }

    #[test]
    fn a_missing_quantile_is_none() {
        let (_, reply) = reply();
        let window = &reply.windows[0];
        let scores: Vec<_> = model_scores(
            &reply.model_ids,
            Strand::Forward,
            window.reference.as_ref().unwrap(),
            &window.alleles[0],
        )
        .unwrap()
        .map(|score| (score.model.to_owned(), score.reference, score.quantile))
        .collect();
        assert_eq!(scores, [("B.K562".to_owned(), 0.5, None), ("A.K562".to_owned(), 0.25, Some(0.5))]);
    }
}
