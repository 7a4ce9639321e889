//! The largest changes of an allele: over all models, and of each model that has fields of its own.

use std::collections::HashMap;
use std::sync::Arc;

use super::info::Annotation;
use super::plan::Placement;
use super::reply::ModelScore;
use super::table::{Allele, StrandScores};
use super::top::{Hit, LONGEST_ALLELE};
use crate::number;

/// The largest change and the strand that it is on; of several as large the first.
pub(super) fn largest<'a, 'b>(
    strands: &'b [StrandScores<'a>],
) -> Option<(&'b StrandScores<'a>, ModelScore<'a>)> {
    let mut largest: Option<(&StrandScores<'_>, ModelScore<'_>)> = None;
    for strand in strands {
        for score in &strand.scores {
            if largest.is_none_or(|(_, largest)| score.delta.abs() > largest.delta.abs()) {
                largest = Some((strand, *score));
            }
        }
    }
    largest
}

/// Adds the fields of the models that have some of their own.
pub(super) fn push_models(annotation: &mut Annotation, strands: &[StrandScores<'_>]) {
    let models = Arc::clone(&annotation.fields().models);
    if models.is_empty() {
        return;
    }
    let mut by_model: HashMap<&str, ModelScore<'_>> = HashMap::new();
    for score in strands.iter().flat_map(|strand| &strand.scores) {
        let largest = by_model.entry(score.model).or_insert(*score);
        if score.delta.abs() > largest.delta.abs() {
            *largest = *score;
        }
    }
    for model in models.iter() {
        let Some(score) = by_model.get(model.as_str()) else {
            (0..5).for_each(|_| annotation.push(b""));
            continue;
        };
        for value in [score.delta, score.reference, score.alternate] {
            annotation.push(number::text(value).as_bytes());
        }
        annotation.push(score.strand.to_string().as_bytes());
        annotation.push(score.quantile.map(number::text).unwrap_or_default().as_bytes());
    }
}

/// An allele for the page of the largest changes.
pub(super) fn hit(allele: &Allele<'_>, placement: &Placement, score: &ModelScore<'_>) -> Hit {
    let shown =
        |bytes: &[u8]| -> String { String::from_utf8_lossy(bytes).chars().take(LONGEST_ALLELE).collect() };
    Hit {
        contig: shown(allele.record.contig()),
        position1: allele.record.position1(),
        id: shown(allele.record.id()),
        reference: shown(allele.record.reference()),
        alternate: shown(allele.alternate),
        gene: placement.genes.clone(),
        strand: score.strand.to_string(),
        model: score.model.to_owned(),
        ref_probability: score.reference,
        alt_probability: score.alternate,
        delta: score.delta,
        quantile: score.quantile,
    }
}
