//! How well probabilities tell bound windows from unbound ones.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
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
    /// An interval needs at least one replicate and a share strictly between 0 and 1.
    #[error("{replicates} replicates for a confidence of {confidence}")]
    Interval {
        /// The number of replicates.
        replicates: usize,
        /// The confidence in text.
        confidence: String,
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

    /// Positives and negatives of each group, from the highest score, each example counted `weight(index)` times.
    fn groups(&self, weight: impl Fn(usize) -> u32) -> impl Iterator<Item = (f64, f64)> {
        let mut start = 0;
        self.group_ends.iter().map(move |end| {
            let mut counts = [0_u64; 2];
            for index in start..*end {
                counts[usize::from(self.labels[index])] += u64::from(weight(index));
            }
            start = *end;
            (counts[1] as f64, counts[0] as f64)
        })
    }

    fn auroc(&self, weight: impl Fn(usize) -> u32) -> f64 {
        let (mut positives, mut negatives, mut won) = (0.0, 0.0, 0.0);
        for (group_positives, group_negatives) in self.groups(weight) {
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
    Ok(Ranking::new(labels, scores)?.auroc(|_| 1))
}

/// The area under the precision-recall curve as average precision: the sum over distinct scores, from the highest, of
/// the recall gained there times the precision of all that score as high. Nothing is interpolated, and the order within
/// a tie does not matter.
///
/// # Errors
/// Lengths that differ, a score that is not finite, only one class.
pub(crate) fn average_precision(labels: &[bool], scores: &[f64]) -> Result<f64, MetricError> {
    let (mut positives, mut all, mut area) = (0.0, 0.0, 0.0);
    for (group_positives, group_negatives) in Ranking::new(labels, scores)?.groups(|_| 1) {
        positives += group_positives;
        all += group_positives + group_negatives;
        area += group_positives * positives / all;
    }
    Ok(area / positives)
}

/// The Brier score: the mean squared difference between probability and label; 0.25 for saying 0.5 always.
///
/// # Errors
/// Lengths that differ, no examples, a probability that is not finite.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "calibration is measured by whoever evaluates models; training ranks")
)]
pub(crate) fn brier_score(labels: &[bool], probabilities: &[f64]) -> Result<f64, MetricError> {
    check(labels, probabilities)?;
    if labels.is_empty() {
        return Err(MetricError::OneClass { positives: 0, negatives: 0 });
    }
    let squared = |(label, probability): (&bool, &f64)| (probability - f64::from(u8::from(*label))).powi(2);
    Ok(labels.iter().zip(probabilities).map(squared).sum::<f64>() / labels.len() as f64)
}

/// The percentile bootstrap interval of the AUROC: positives and negatives are drawn again, each among their own kind,
/// `replicates` times with `seed`; `confidence` is the share of replicates inside (0.95).
///
/// # Errors
/// As [`auroc`], and no replicates or a confidence outside 0 to 1.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "intervals are for whoever compares models; training ranks")
)]
pub(crate) fn auroc_interval(
    labels: &[bool],
    scores: &[f64],
    replicates: usize,
    confidence: f64,
    seed: u64,
) -> Result<(f64, f64), MetricError> {
    let ranking = Ranking::new(labels, scores)?;
    if replicates == 0 || !(confidence > 0.0 && confidence < 1.0) {
        return Err(MetricError::Interval { replicates, confidence: confidence.to_string() });
    }
    let of_class = |class: bool| -> Vec<usize> {
        (0..ranking.labels.len()).filter(|index| ranking.labels[*index] == class).collect()
    };
    let classes = [of_class(false), of_class(true)];
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut weights = vec![0_u32; ranking.labels.len()];
    let mut values: Vec<f64> = (0..replicates)
        .map(|_| {
            weights.fill(0);
            for members in &classes {
                for _ in members {
                    weights[members[random.random_range(0..members.len())]] += 1;
                }
            }
            ranking.auroc(|index| weights[index])
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    Ok((quantile(&values, tail), quantile(&values, 1.0 - tail)))
}

/// The quantile of sorted values, linear between neighbors; the values are not empty.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
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
