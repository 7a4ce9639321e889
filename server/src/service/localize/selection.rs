//! Which values of a map are returned.

use crate::convert::Kept;

/// The values that are asked for and, if some are left out, their positions, ascending. Of equal magnitudes the first
/// positions are taken.
pub(super) fn kept(map: Vec<f32>, kept: Kept) -> (Vec<f32>, Vec<usize>) {
    let largest = map.iter().fold(0f32, |largest, value| largest.max(value.abs()));
    let least = kept.threshold.map_or(0.0, |threshold| threshold * largest);
    let mut chosen: Vec<(usize, f32)> =
        map.iter().copied().enumerate().filter(|(_, value)| value.abs() >= least).collect();
    if let Some(top_k) = kept.top_k.filter(|&top_k| top_k < chosen.len()) {
        // Stable, so that the first of equals come first.
        chosen.sort_by(|(_, one), (_, other)| other.abs().total_cmp(&one.abs()));
        chosen.truncate(top_k);
        chosen.sort_by_key(|(position, _)| *position);
    }
    if chosen.len() == map.len() {
        return (map, Vec::new());
    }
    chosen.into_iter().map(|(position, value)| (value, position)).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(map: &[f32], threshold: Option<f32>, top_k: Option<usize>) -> (Vec<f32>, Vec<usize>) {
        kept(map.to_vec(), Kept { threshold, top_k })
    }

    #[test]
    fn by_magnitude() {
        let map = [1.0, -4.0, 0.0, 2.0, -2.0, 4.0];
        assert_eq!(of(&map, None, None), (map.to_vec(), vec![]));
        assert_eq!(of(&map, Some(0.5), None), (vec![-4.0, 2.0, -2.0, 4.0], vec![1, 3, 4, 5]));
        assert_eq!(of(&map, None, Some(3)), (vec![-4.0, 2.0, 4.0], vec![1, 3, 5]));
        assert_eq!(of(&map, Some(1.0), Some(5)), (vec![-4.0, 4.0], vec![1, 5]));
        assert_eq!(of(&map, Some(0.25), Some(1)), (vec![-4.0], vec![1]));
    }

    #[test]
    fn nothing_is_left_out_of_what_is_all_alike() {
        assert_eq!(of(&[0.0; 3], Some(1.0), Some(3)), (vec![0.0; 3], vec![]));
        assert_eq!(of(&[0.0; 3], None, Some(2)), (vec![0.0; 2], vec![0, 1]));
        assert_eq!(of(&[], Some(0.5), Some(1)), (vec![], vec![]));
        assert_eq!(of(&[3.0, 1.0], Some(0.0), None), (vec![3.0, 1.0], vec![]));
    }
}
