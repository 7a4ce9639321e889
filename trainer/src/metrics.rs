//! How well probabilities tell bound windows from unbound ones.

use thiserror::Error;

/// Why a metric has no value.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum MetricError {
    /// Labels and scores do not belong together.
    #[error("{labels} labels for {scores} scores")]
    Lengths {
        /// The number of labels.
        labels: usize,
        /// The number of scores.
        scores: usize,
    },
    /// A score that has no rank.
    #[error("score {index} (from 0) is not a finite number")]
    NotFinite {
        /// Where it stands.
        index: usize,
    },
    /// Ranking needs examples of both classes.
    #[error("{positives} positives and {negatives} negatives: at least one of each is needed")]
    OneClass {
        /// The number of positives.
        positives: usize,
        /// The number of negatives.
        negatives: usize,
    },
}

/// Examples in the order of their scores, from the highest; equal scores share a group.
struct Ranking {
    labels: Vec<bool>,
    /// Where each group of equal scores ends, exclusive.
    group_ends: Vec<usize>,
}

impl Ranking {
    fn new(labels: &[bool], scores: &[f64]) -> Result<Self, MetricError> {
        check(labels, scores)?;
        let mut examples: Vec<(bool, f64)> = labels.iter().copied().zip(scores.iter().copied()).collect();
        examples.sort_by(|left, right| right.1.total_cmp(&left.1));
        let mut group_ends: Vec<usize> =
            (1..examples.len()).filter(|index| examples[index - 1].1 != examples[*index].1).collect();
        group_ends.push(examples.len());
        let labels: Vec<bool> = examples.into_iter().map(|(label, _)| label).collect();
        let positives = labels.iter().filter(|label| **label).count();
        let negatives = labels.len() - positives;
        if positives == 0 || negatives == 0 {
            return Err(MetricError::OneClass { positives, negatives });
        }
        Ok(Self { labels, group_ends })
    }

    /// Positives and negatives of each group, from the highest score.
    fn groups(&self) -> impl Iterator<Item = (f64, f64)> {
        let mut start = 0;
        self.group_ends.iter().map(move |end| {
            let mut counts = [0_u64; 2];
            for index in start..*end {
                counts[usize::from(self.labels[index])] += 1;
            }
            start = *end;
            (counts[1] as f64, counts[0] as f64)
        })
    }

    fn auroc(&self) -> f64 {
        let (mut positives, mut negatives, mut won) = (0.0, 0.0, 0.0);
        for (group_positives, group_negatives) in self.groups() {
            won += group_negatives * (positives + 0.5 * group_positives);
            positives += group_positives;
            negatives += group_negatives;
        }
        won / (positives * negatives)
    }
}

/// The area under the receiver operating characteristic: the chance that a positive scores above a negative, ties
/// counted half (the midranks of the Mann-Whitney statistic).
///
/// # Errors
/// Lengths that differ, a score that is not finite, only one class.
pub(crate) fn auroc(labels: &[bool], scores: &[f64]) -> Result<f64, MetricError> {
    Ok(Ranking::new(labels, scores)?.auroc())
}

/// The area under the precision-recall curve as average precision: the sum over distinct scores, from the highest, of
/// the recall gained there times the precision of all that score as high. Nothing is interpolated, and the order within
/// a tie does not matter.
///
/// # Errors
/// Lengths that differ, a score that is not finite, only one class.
pub(crate) fn average_precision(labels: &[bool], scores: &[f64]) -> Result<f64, MetricError> {
    let (mut positives, mut all, mut area) = (0.0, 0.0, 0.0);
    for (group_positives, group_negatives) in Ranking::new(labels, scores)?.groups() {
        positives += group_positives;
        all += group_positives + group_negatives;
        area += group_positives * positives / all;
    }
    Ok(area / positives)
}

/// The median, the mean of the middle two of an even number; `None` without values.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 { Some(upper) } else { Some((upper + *values.get(middle - 1)?) / 2.0) }
}

fn check(labels: &[bool], scores: &[f64]) -> Result<(), MetricError> {
    if labels.len() != scores.len() {
        return Err(MetricError::Lengths { labels: labels.len(), scores: scores.len() });
    }
    match scores.iter().position(|score| !score.is_finite()) {
        Some(index) => Err(MetricError::NotFinite { index }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
