//! Clusters of positions: the published way from a heat map to motifs.

use kodama::{Dendrogram, Method, linkage};

/// How far apart two clusters are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Linkage {
    /// As far as their farthest members.
    #[default]
    Complete,
    /// As far as their members on average.
    Average,
}

/// How positions are joined. The distance of two is
/// alpha * |score - score| + (1 - alpha) * |bases apart|, with scores scaled to 0..1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClusterOptions {
    /// How far apart clusters are.
    pub linkage: Linkage,
    /// Weight of the scores, 0 to 1.
    pub alpha: f64,
    /// Clusters nearer than this are one.
    pub height: f64,
    /// Clusters whose mean score is above this are motifs.
    pub motif_threshold: f64,
}

impl Default for ClusterOptions {
    /// As published.
    fn default() -> Self {
        Self { linkage: Linkage::Complete, alpha: 0.9, height: 1.0, motif_threshold: 0.5 }
    }
}

/// An option that cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{option} is {found}, expected {expected}")]
pub struct ClusterError {
    /// Name of the option.
    pub option: &'static str,
    /// Its value.
    pub found: f64,
    /// What would be right.
    pub expected: &'static str,
}

impl ClusterOptions {
    /// Checks the ranges.
    ///
    /// # Errors
    /// With the first option that is out of its range.
    pub fn check(&self) -> Result<(), ClusterError> {
        let between = |option, found: f64| {
            let error = ClusterError { option, found, expected: "a number from 0 to 1" };
            if (0.0..=1.0).contains(&found) { Ok(()) } else { Err(error) }
        };
        between("alpha", self.alpha)?;
        between("motif_threshold", self.motif_threshold)?;
        if self.height.is_finite() && self.height >= 0.0 {
            return Ok(());
        }
        Err(ClusterError { option: "height", found: self.height, expected: "a finite number from 0" })
    }
}

/// Positions of like score that lie together.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Indices of its positions in the map, ascending.
    pub positions: Vec<usize>,
    /// Mean score, of the map scaled to 0..1.
    pub score: f64,
    /// Index of the highest position, the first of several.
    pub summit: usize,
    /// The mean score is above the threshold.
    pub motif: bool,
}

/// Clusters the positions of a map, `stride` bases apart, in the order of their first positions. The least value counts 0
/// and the largest 1; a map without differences counts 0 everywhere, so that it has no motif.
pub fn clusters(map: &[f32], stride: usize, options: &ClusterOptions) -> Vec<Cluster> {
    let scores = scaled(map);
    let mut members = cut(&scores, stride, options);
    members.sort();
    members
        .into_iter()
        .map(|positions| {
            let score_at = |position: &usize| scores.get(*position).copied().unwrap_or(0.0);
            let score = positions.iter().map(score_at).sum::<f64>() / positions.len().max(1) as f64;
            let higher =
                |best: usize, &next: &usize| if score_at(&next) > score_at(&best) { next } else { best };
            let summit = positions.iter().fold(positions.first().copied().unwrap_or(0), higher);
            Cluster { motif: score > options.motif_threshold, positions, score, summit }
        })
        .collect()
}

/// Least to 0, largest to 1.
fn scaled(map: &[f32]) -> Vec<f64> {
    let least = map.iter().copied().fold(f32::INFINITY, f32::min);
    let largest = map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let range = f64::from(largest) - f64::from(least);
    map.iter()
        .map(|value| if range > 0.0 { (f64::from(*value) - f64::from(least)) / range } else { 0.0 })
        .collect()
}

/// The dissimilarities of all pairs, row after row of the upper triangle.
fn distances(scores: &[f64], stride: usize, alpha: f64) -> Vec<f64> {
    let pairs = scores.len() * scores.len().saturating_sub(1) / 2;
    let mut distances = Vec::with_capacity(pairs);
    for (first, &score) in scores.iter().enumerate() {
        for (apart, &other) in scores.iter().skip(first + 1).enumerate() {
            let bases = ((apart + 1) * stride) as f64;
            distances.push(alpha * (score - other).abs() + (1.0 - alpha) * bases);
        }
    }
    distances
}

/// Members of each cluster, ascending.
fn cut(scores: &[f64], stride: usize, options: &ClusterOptions) -> Vec<Vec<usize>> {
    let method = match options.linkage {
        Linkage::Complete => Method::Complete,
        Linkage::Average => Method::Average,
    };
    let mut distances = distances(scores, stride, options.alpha);
    let dendrogram: Dendrogram<f64> = linkage(&mut distances, scores.len(), method);
    // Clusters by label: positions first, then the merges in their order.
    let mut members: Vec<Vec<usize>> = (0..scores.len()).map(|position| vec![position]).collect();
    for step in dendrogram.steps() {
        if step.dissimilarity > options.height {
            break;
        }
        let mut merged = members.get_mut(step.cluster1).map(std::mem::take).unwrap_or_default();
        merged.extend(members.get_mut(step.cluster2).map(std::mem::take).unwrap_or_default());
        members.push(merged);
    }
    members.retain(|positions| !positions.is_empty());
    for positions in &mut members {
        positions.sort_unstable();
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example() {
        let scores = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        let expected: [&[f64]; 8] = [
            &[0.5, 1.0, 2.0, 2.5, 3.0, 3.0, 3.5, 4.0],
            &[0.5, 1.5, 2.0, 2.5, 2.5, 3.0, 3.5],
            &[1.0, 1.5, 2.0, 2.0, 2.5, 3.0],
            &[0.5, 1.0, 2.0, 2.5, 3.0],
            &[0.5, 1.5, 2.0, 2.5],
            &[1.0, 1.5, 2.0],
            &[0.5, 1.0],
            &[0.5],
        ];
        assert_eq!(distances(&scores, 1, 0.5), expected.concat());
        let map = scores.map(|score| score as f32);
        let options = ClusterOptions { alpha: 0.5, ..ClusterOptions::default() };
        let found = clusters(&map, 1, &options);
        let spans: Vec<_> = found.iter().map(|cluster| (cluster.positions.clone(), cluster.motif)).collect();
        assert_eq!(spans, [(vec![0, 1, 2], true), (vec![3, 4, 5], false), (vec![6, 7, 8], true)]);
    }

    #[test]
    fn maps_without_differences_have_no_motif() {
        for map in [&[][..], &[2.0], &[3.0; 20]] {
            let found = clusters(map, 4, &ClusterOptions::default());
            assert!(found.iter().all(|cluster| !cluster.motif && cluster.score == 0.0), "{found:?}");
            assert_eq!(found.iter().map(|cluster| cluster.positions.len()).sum::<usize>(), map.len());
        }
    }

    #[test]
    fn positions_are_as_far_apart_as_their_bases() {
        let options = ClusterOptions::default();
        let map = [1.0, 1.0, 0.0, 0.0, 0.0, 0.0];
        let spans =
            |stride| clusters(&map, stride, &options).into_iter().map(|c| c.positions).collect::<Vec<_>>();
        assert_eq!(spans(1), [vec![0, 1], vec![2, 3, 4, 5]]);
        assert_eq!(spans(4)[0], [0, 1]);
        assert!(spans(4).len() > 2, "{:?}", spans(4));
        assert_eq!(clusters(&map, 1, &options)[0].summit, 0);
    }

    #[test]
    fn options_out_of_range() {
        let good = ClusterOptions::default();
        assert_eq!(good.check(), Ok(()));
        let message = ClusterOptions { alpha: 1.5, ..good }.check().unwrap_err().to_string();
        assert_eq!(message, "alpha is 1.5, expected a number from 0 to 1");
        assert!(ClusterOptions { height: f64::NAN, ..good }.check().is_err());
        assert!(ClusterOptions { motif_threshold: -0.1, ..good }.check().is_err());
    }
}
