//! Positions of the network's last convolution, and the bases that they are about.

use crate::architecture::{KERNEL_WIDTH, POOL_WIDTH};

/// Bases that one position of the second convolution sees: 39.
const RECEPTIVE_FIELD: usize = KERNEL_WIDTH * POOL_WIDTH + KERNEL_WIDTH - 1;
/// Base in the middle of what the first position sees: 19.
const FIRST_CENTER: usize = RECEPTIVE_FIELD / 2;

/// How positions of the second convolution are laid onto bases.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum MapAlignment {
    /// Each at the centre of the bases that it sees, linear between centres, constant beyond the outer ones.
    #[default]
    ReceptiveField,
    /// The first at the first base and the last at the last, as published: off by up to 19 bases at the ends.
    Stretch,
}

impl MapAlignment {
    /// Values for each of `length` bases.
    pub fn to_bases(self, native: &[f32], length: usize) -> Vec<f32> {
        let last = native.len().saturating_sub(1) as f64;
        let position = |base: usize| match self {
            Self::ReceptiveField => (base as f64 - FIRST_CENTER as f64) / POOL_WIDTH as f64,
            Self::Stretch => base as f64 * last / length.saturating_sub(1).max(1) as f64,
        };
        (0..length).map(|base| interpolate(native, position(base).clamp(0.0, last))).collect()
    }
}

/// Linear between neighbours; `position` lies within the values.
fn interpolate(values: &[f32], position: f64) -> f32 {
    let below = position.floor();
    let at = |index: usize| f64::from(values.get(index).or(values.last()).copied().unwrap_or(0.0));
    let (low, high) = (at(below as usize), at(below as usize + 1));
    (low + (high - low) * (position - below)) as f32
}

/// Where the positions of a map lie.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MapGeometry {
    /// Positions.
    pub positions: usize,
    /// Base in the middle of what the first position sees, 0-based.
    pub first_center0: usize,
    /// Bases between one position and the next.
    pub stride: usize,
    /// Bases that one position sees.
    pub receptive_field: usize,
}

impl MapGeometry {
    pub(super) fn of_convolution(positions: usize) -> Self {
        Self { positions, first_center0: FIRST_CENTER, stride: POOL_WIDTH, receptive_field: RECEPTIVE_FIELD }
    }

    pub(super) fn of_bases(positions: usize, receptive_field: usize) -> Self {
        Self { positions, first_center0: 0, stride: 1, receptive_field }
    }

    /// Base in the middle of what a position sees, 0-based.
    pub fn center0(&self, position: usize) -> usize {
        self.first_center0 + position * self.stride
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_receptive_field_is_the_published_one() {
        assert_eq!((RECEPTIVE_FIELD, FIRST_CENTER), (39, 19));
        let geometry = MapGeometry::of_convolution(241);
        assert_eq!((geometry.center0(0), geometry.center0(240)), (19, 979));
    }

    #[test]
    fn positions_stand_at_their_centers() {
        let bases = MapAlignment::ReceptiveField.to_bases(&[4.0, 8.0, 0.0], 60);
        assert_eq!((bases[0], bases[19], bases[20], bases[21], bases[23]), (4.0, 4.0, 5.0, 6.0, 8.0));
        assert_eq!((bases[25], bases[27], bases[59]), (4.0, 0.0, 0.0));
    }

    #[test]
    fn stretched_positions_reach_from_end_to_end() {
        let bases = MapAlignment::Stretch.to_bases(&[1.0, 2.0, 3.0], 5);
        assert_eq!(bases, [1.0, 1.5, 2.0, 2.5, 3.0]);
        assert_eq!(MapAlignment::Stretch.to_bases(&[7.0], 3), [7.0; 3]);
        assert_eq!(MapAlignment::ReceptiveField.to_bases(&[], 2), [0.0; 2]);
    }
}
