//! Maps of overlapping windows as one map.
//!
//! Each base's value is the mean of those that the windows over it give, weighted by how far the base lies from the
//! nearer end of each: 1 at a window's first and last base, rising by 1 a base to the middle. So a window's ends, where
//! it sees little around a base, fade out without a seam, and where one window lies alone its values are returned as
//! they are.

use std::collections::VecDeque;

use polaris_genomics::{Strand, Window};

/// Why maps could not be blended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BlendError {
    /// The order of windows is wrong.
    #[error("a window at {found0} came after one at {previous0}: windows must be in order")]
    Order {
        /// Start of the window before it.
        previous0: i64,
        /// Its start.
        found0: i64,
    },
    /// Too many or too few.
    #[error("a window came with {found} {what}, {expected} were expected")]
    Shape {
        /// What was counted.
        what: &'static str,
        /// As many as there should be.
        expected: usize,
        /// As many as there are.
        found: usize,
    },
    /// NaN or infinity.
    #[error("the map of the window at {start0} has a value that is no number")]
    NotFinite {
        /// Start of the window.
        start0: i64,
    },
}

/// Bases one after the other, each with a value in every map.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Run {
    /// First base on the forward strand; negative before the contig.
    pub(crate) start0: i64,
    /// Values of every map, as many as there are bases, in the forward strand's order.
    pub(crate) maps: Vec<Vec<f32>>,
}

/// Blends the maps of windows of one strand of one contig, which come by ascending start. Holds one window's length of
/// bases.
pub(crate) struct Blend {
    length: usize,
    start0: i64,
    last_start0: i64,
    /// Sum of the weights at each base from `start0` on.
    weights: VecDeque<f64>,
    /// Weighted means there, by map.
    maps: Vec<VecDeque<f32>>,
}

impl Blend {
    /// For windows of `length` bases with `maps` maps each.
    pub(crate) fn new(length: usize, maps: usize) -> Self {
        Self {
            length,
            start0: i64::MIN,
            last_start0: i64::MIN,
            weights: VecDeque::new(),
            maps: vec![VecDeque::new(); maps],
        }
    }

    /// Adds a window with its maps, in the order of the window's own strand. Gives the bases before it, which no later
    /// window can reach, if there are any.
    ///
    /// # Errors
    ///
    /// [`BlendError`] if the window starts before the one before it, if there are not as many maps or values as was
    /// said, or if one is not finite.
    pub(crate) fn push<M: AsRef<[f32]>>(
        &mut self,
        window: &Window,
        maps: &[M],
    ) -> Result<Option<Run>, BlendError> {
        self.check(window, maps)?;
        let finished = self.take_before(window.start0);
        self.last_start0 = window.start0;
        if self.weights.is_empty() {
            self.start0 = window.start0;
        }
        // All that begins before the window has been taken, so it begins where the buffer does.
        let bases = self.length.max(self.weights.len());
        self.weights.resize(bases, 0.0);
        for (blended, map) in self.maps.iter_mut().zip(maps) {
            blended.resize(bases, 0.0);
            let map = map.as_ref().iter();
            match window.strand {
                Strand::Forward => add(blended, &self.weights, map, self.length),
                Strand::Reverse => add(blended, &self.weights, map.rev(), self.length),
            }
        }
        for (sum, weight) in self.weights.iter_mut().zip(weights(self.length)) {
            *sum += weight;
        }
        Ok(finished)
    }

    /// The bases that are left, if a window came at all. Afterwards windows may come from anywhere, for instance from
    /// another contig.
    pub(crate) fn finish(&mut self) -> Option<Run> {
        self.last_start0 = i64::MIN;
        self.take_before(i64::MAX)
    }

    fn check<M: AsRef<[f32]>>(&self, window: &Window, maps: &[M]) -> Result<(), BlendError> {
        let count = |what, expected, found| match found == expected {
            true => Ok(()),
            false => Err(BlendError::Shape { what, expected, found }),
        };
        if window.start0 < self.last_start0 {
            return Err(BlendError::Order { previous0: self.last_start0, found0: window.start0 });
        }
        count("bases", self.length, window.length)?;
        count("maps", self.maps.len(), maps.len())?;
        for map in maps {
            count("values", self.length, map.as_ref().len())?;
            if !map.as_ref().iter().all(|value| value.is_finite()) {
                return Err(BlendError::NotFinite { start0: window.start0 });
            }
        }
        Ok(())
    }

    fn take_before(&mut self, end0: i64) -> Option<Run> {
        let bases = usize::try_from(end0.saturating_sub(self.start0)).unwrap_or(usize::MAX);
        let bases = if end0 <= self.start0 { 0 } else { bases.min(self.weights.len()) };
        if bases == 0 {
            return None;
        }
        let run = Run {
            start0: self.start0,
            maps: self.maps.iter_mut().map(|map| map.drain(..bases).collect()).collect(),
        };
        self.weights.drain(..bases);
        self.start0 = self.start0.saturating_add(i64::try_from(bases).unwrap_or(i64::MAX));
        Some(run)
    }
}

/// 1 at both ends, one more a base towards the middle.
fn weights(length: usize) -> impl Iterator<Item = f64> {
    (0..length).map(move |index| (index + 1).min(length - index) as f64)
}

/// The mean moves towards each value by the value's share of the weight: alone it becomes the value itself, and a
/// constant stays what it is.
fn add<'a>(
    blended: &mut VecDeque<f32>,
    sums: &VecDeque<f64>,
    values: impl Iterator<Item = &'a f32>,
    length: usize,
) {
    for (((mean, sum), weight), value) in blended.iter_mut().zip(sums).zip(weights(length)).zip(values) {
        let before = f64::from(*mean);
        *mean = (before + (f64::from(*value) - before) * (weight / (sum + weight))) as f32;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(start0: i64, length: usize, strand: Strand) -> Window {
        Window { contig: "chr1".to_owned(), start0, length, strand }
    }

    /// Values by base, of the first map.
    fn blended(length: usize, windows: &[(Window, Vec<f32>)]) -> Vec<(i64, f32)> {
        let mut blend = Blend::new(length, 1);
        let mut runs = Vec::new();
        for (window, map) in windows {
            runs.extend(blend.push(window, std::slice::from_ref(map)).unwrap());
        }
        runs.extend(blend.finish());
        let bases = |run: &Run| (run.start0..).zip(run.maps[0].clone()).collect::<Vec<_>>();
        runs.iter().flat_map(bases).collect()
    }

    #[test]
    fn a_window_alone_is_unchanged_on_either_strand() {
        let map = vec![0.1, -7.5e30, 3.0e-39, 0.0, 1.0 / 3.0];
        let forward = blended(5, &[(window(-2, 5, Strand::Forward), map.clone())]);
        assert_eq!(forward, [(-2, 0.1), (-1, -7.5e30), (0, 3.0e-39), (1, 0.0), (2, 1.0 / 3.0)]);
        let reverse = blended(5, &[(window(-2, 5, Strand::Reverse), map)]);
        assert_eq!(reverse, [(-2, 1.0 / 3.0), (-1, 0.0), (0, 3.0e-39), (1, -7.5e30), (2, 0.1)]);
    }

    #[test]
    fn weights_rise_to_the_middle() {
        let flat = |start0, value| (window(start0, 6, Strand::Forward), vec![value; 6]);
        let found = blended(6, &[flat(0, 0.0), flat(3, 6.0)]);
        // Weights 3 2 1 of the first window against 1 2 3 of the second.
        let expected = [0.0, 0.0, 0.0, 1.5, 3.0, 4.5, 6.0, 6.0, 6.0];
        assert_eq!(found, (0..).zip(expected).collect::<Vec<_>>());
    }

    #[test]
    fn bases_that_no_window_covers_are_in_no_run() {
        let flat = |start0| (window(start0, 3, Strand::Forward), vec![1.0; 3]);
        let found = blended(3, &[flat(0), flat(5), flat(8)]);
        let bases: Vec<i64> = found.iter().map(|(base, _)| *base).collect();
        assert_eq!(bases, [0, 1, 2, 5, 6, 7, 8, 9, 10]);
    }

    #[test]
    fn bases_are_finished_when_the_next_window_is_beyond_them() {
        let mut blend = Blend::new(4, 2);
        let maps = |value: f32| [vec![value; 4], vec![-value; 4]];
        assert_eq!(blend.push(&window(10, 4, Strand::Forward), &maps(1.0)).unwrap(), None);
        let run = blend.push(&window(12, 4, Strand::Forward), &maps(1.0)).unwrap().unwrap();
        assert_eq!(run, Run { start0: 10, maps: vec![vec![1.0; 2], vec![-1.0; 2]] });
        assert_eq!(blend.finish().unwrap().start0, 12);
        assert_eq!(blend.finish(), None);
        // Another contig.
        assert_eq!(blend.push(&window(-4, 4, Strand::Forward), &maps(2.0)).unwrap(), None);
        assert_eq!(blend.finish().unwrap(), Run { start0: -4, maps: vec![vec![2.0; 4], vec![-2.0; 4]] });
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut blend = Blend::new(2, 1);
        let forward = |start0| window(start0, 2, Strand::Forward);
        blend.push(&forward(5), &[[0.0; 2]]).unwrap();
        assert!(matches!(blend.push(&forward(4), &[[0.0; 2]]), Err(BlendError::Order { .. })));
        assert!(matches!(
            blend.push(&forward(6), &[[0.0; 3]]),
            Err(BlendError::Shape { what: "values", .. })
        ));
        assert!(matches!(
            blend.push(&forward(6), &[[0.0; 2]; 2]),
            Err(BlendError::Shape { what: "maps", .. })
        ));
        let longer = window(6, 3, Strand::Forward);
        assert!(matches!(blend.push(&longer, &[[0.0; 3]]), Err(BlendError::Shape { what: "bases", .. })));
        assert!(matches!(
            blend.push(&forward(6), &[[0.0, f32::NAN]]),
            Err(BlendError::NotFinite { start0: 6 })
        ));
    }

    proptest! {
        #[test]
        fn between_the_smallest_and_the_largest_and_every_base_once(
            length in 1_usize..20,
            windows in proptest::collection::vec((0_i64..15, any::<bool>(), -9.0_f32..9.0), 1..12),
            constant in any::<bool>(),
        ) {
            let mut start0 = -10;
            let mut all = Vec::new();
            for &(step, reverse, value) in &windows {
                start0 += step;
                let strand = if reverse { Strand::Reverse } else { Strand::Forward };
                let value = if constant { windows[0].2 } else { value };
                all.push((window(start0, length, strand), vec![value; length]));
            }
            let found = blended(length, &all);
            let over = |base: i64| {
                all.iter().filter(move |(window, _)| (window.start0..window.end0()).contains(&base)).map(|(_, map)| map[0])
            };
            let expected: Vec<i64> = (-10..start0 + 20).filter(|&base| over(base).next().is_some()).collect();
            prop_assert_eq!(found.iter().map(|(base, _)| *base).collect::<Vec<_>>(), expected);
            for (base, value) in found {
                let (low, high) = over(base).fold((f32::MAX, f32::MIN), |(low, high), value| (low.min(value), high.max(value)));
                prop_assert!(value.is_finite() && low - 1e-5 <= value && value <= high + 1e-5);
                prop_assert!(!constant || value == windows[0].2);
            }
        }
    }
}
