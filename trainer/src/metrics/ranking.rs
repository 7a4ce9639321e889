//! Examples in the order of their scores.

use super::MetricError;

/// Examples from the highest score to the lowest; equal scores share a group.
///
/// Where `weights` are taken, an example counts as often as its weight says: a resample needs no sorting of its own.
#[derive(Clone, Debug)]
pub(super) struct Ranking {
    /// Place of each example in what was ranked, and its label.
    examples: Vec<(usize, bool)>,
    /// Where each group of equal scores ends, exclusive.
    group_ends: Vec<usize>,
}

/// Examples of equal score.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// Place of one of them in what was ranked.
    pub(super) example: usize,
    pub(super) positives: f64,
    pub(super) negatives: f64,
}

impl Ranking {
    /// Ranks finite scores.
    ///
    /// # Errors
    /// If one class has no example.
    pub(super) fn new(labels: &[bool], scores: &[f64]) -> Result<Self, MetricError> {
        let positives = labels.iter().filter(|label| **label).count();
        let negatives = labels.len() - positives;
        if positives == 0 || negatives == 0 {
            return Err(MetricError::OneClass { positives, negatives });
        }
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by(|left, right| scores[*right].total_cmp(&scores[*left]));
        let differ = |place: &usize| scores[order[place - 1]] != scores[order[*place]];
        let mut group_ends: Vec<usize> = (1..order.len()).filter(differ).collect();
        group_ends.push(order.len());
        let examples = order.into_iter().map(|example| (example, labels[example])).collect();
        Ok(Self { examples, group_ends })
    }

    /// The groups, from the highest score; without weights each example counts once.
    pub(super) fn groups(&self, weights: Option<&[u32]>) -> impl DoubleEndedIterator<Item = Group> {
        let bounds = self.group_ends.iter().enumerate().map(|(group, end)| {
            let start = group.checked_sub(1).map_or(0, |before| self.group_ends[before]);
            start..*end
        });
        bounds.map(move |bounds| {
            let mut counts = [0_u64; 2];
            for (example, label) in &self.examples[bounds.clone()] {
                counts[usize::from(*label)] += weights.map_or(1, |weights| u64::from(weights[*example]));
            }
            let example = self.examples[bounds.start].0;
            Group { example, positives: counts[1] as f64, negatives: counts[0] as f64 }
        })
    }

    /// See [`super::auroc`].
    pub(super) fn auroc(&self, weights: Option<&[u32]>) -> f64 {
        let (mut positives, mut negatives, mut won) = (0.0, 0.0, 0.0);
        for group in self.groups(weights) {
            won += group.negatives * (positives + 0.5 * group.positives);
            positives += group.positives;
            negatives += group.negatives;
        }
        won / (positives * negatives)
    }

    /// See [`super::average_precision`].
    pub(super) fn average_precision(&self, weights: Option<&[u32]>) -> f64 {
        let (mut positives, mut all, mut area) = (0.0, 0.0, 0.0);
        for group in self.groups(weights) {
            positives += group.positives;
            all += group.positives + group.negatives;
            if group.positives > 0.0 {
                area += group.positives * positives / all;
            }
        }
        area / positives
    }
}
