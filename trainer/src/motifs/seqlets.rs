//! Seqlets: the stretches of sequence that a model looks at.

use std::ops::Range;

use polaris_model::localization::{ClusterOptions, clusters, rectify};

use crate::position_matrix::letter_index;

/// The most clusters of a window that are taken.
const OF_A_WINDOW: usize = 4;
/// Clusters with less than this share of the window's strongest are left.
const LEAST_SHARE: f64 = 0.4;

/// Stretches of a window that a model looks at, strongest first, that lie whole within the window and overlap by less
/// than half: `length` bases around the summit of each cluster of the map at base resolution.
pub(super) fn seqlets(map: &[f32], length: usize) -> Vec<Range<usize>> {
    let mut rectified = map.to_vec();
    rectify(&mut rectified);
    let mut found: Vec<(f64, usize)> = clusters(&rectified, 1, &ClusterOptions::default())
        .into_iter()
        .map(|cluster| {
            let values = cluster.positions.iter().filter_map(|base| map.get(*base));
            let mean = values.map(|value| f64::from(*value)).sum::<f64>() / cluster.positions.len() as f64;
            (mean, cluster.summit)
        })
        .collect();
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let least = found.first().map_or(0.0, |(score, _)| LEAST_SHARE * score);
    let mut chosen: Vec<Range<usize>> = Vec::new();
    for (score, summit) in found {
        if score <= 0.0 || score < least || chosen.len() == OF_A_WINDOW {
            break;
        }
        let Some(start) = summit.checked_sub(length / 2).filter(|start| start + length <= map.len()) else {
            continue;
        };
        if chosen.iter().all(|other| other.start.abs_diff(start) > length / 2) {
            chosen.push(start..start + length);
        }
    }
    chosen
}

/// The bases (0 to 3) of a range, cut at each N into stretches.
pub(super) fn stretches(sequence: &[u8], range: Range<usize>) -> Vec<Vec<usize>> {
    let bases = sequence.get(range).unwrap_or_default();
    bases
        .split(|base| letter_index(*base).is_none())
        .filter(|stretch| !stretch.is_empty())
        .map(|stretch| stretch.iter().filter_map(|base| letter_index(*base)).collect())
        .collect()
}

/// What lies between ranges of a sequence.
pub(super) fn between(ranges: &[Range<usize>], length: usize) -> Vec<Range<usize>> {
    let mut ranges = ranges.to_vec();
    ranges.sort_by_key(|range| range.start);
    let (mut rest, mut from) = (Vec::new(), 0);
    for range in ranges {
        if from < range.start {
            rest.push(from..range.start);
        }
        from = from.max(range.end);
    }
    if from < length {
        rest.push(from..length);
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn around_the_summits_strongest_first() {
        let mut map = vec![-0.5; 100];
        map[20..24].copy_from_slice(&[1.0, 2.0, 1.5, 1.5]);
        map[60..64].copy_from_slice(&[3.0, 3.0, 4.0, 3.0]);
        map[80] = 0.2;
        map[1] = 3.5;
        // Base 1 is too near to the end, base 80 too weak.
        assert_eq!(seqlets(&map, 11), [57..68, 16..27]);
        assert_eq!(seqlets(&[0.0; 30], 11), Vec::<Range<usize>>::new());
        assert_eq!(seqlets(&[], 11), Vec::<Range<usize>>::new());
    }

    #[test]
    fn sequences_end_at_n() {
        assert_eq!(stretches(b"ACNNGTA", 1..7), [vec![1], vec![2, 3, 0]]);
        assert_eq!(stretches(b"ACG", 2..9), Vec::<Vec<usize>>::new());
        assert_eq!(between(&[5..8, 1..3, 2..4], 10), [0..1, 4..5, 8..10]);
        assert_eq!(between(&[4..10, 0..4], 10), []);
    }
}
