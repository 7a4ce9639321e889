//! How far a figure would move with other windows: the bootstrap over groups of windows that belong together.
//!
//! Windows that overlap show the same binding site, and are no independent observations. Resampling them one by one takes
//! one site seen five times for five sites, and its intervals are too narrow. So whole groups are drawn, with
//! replacement, as many as there are (the cluster bootstrap; Davison and Hinkley 1997, section 3.8).

use std::collections::BTreeSet;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

/// The share of resamples within an interval.
pub(crate) const INTERVAL: f64 = 0.95;
/// Draws of a resample with both classes before it is given up.
const MOST_DRAWS: usize = 100;
/// The share of resamples without a value above which there is no interval: those missing are the extreme ones.
const MOST_MISSING: f64 = 0.01;

/// A figure with its interval of percentiles; not a number (null in JSON) where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Estimate {
    /// Of the windows as they are.
    pub(crate) value: f64,
    /// The 2.5th percentile over the resamples.
    pub(crate) low: f64,
    /// The 97.5th percentile.
    pub(crate) high: f64,
}

/// Windows in groups that are drawn together.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    of_window: Vec<usize>,
    count: usize,
}

impl Groups {
    /// From the number of each window's group, which are 0, 1 and so on.
    pub(crate) fn new(of_window: Vec<usize>) -> Self {
        let count = of_window.iter().max().map_or(0, |last| last + 1);
        Self { of_window, count }
    }

    /// The number of groups.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The number of groups that these windows belong to.
    pub(crate) fn count_among(&self, windows: &[usize]) -> usize {
        windows.iter().filter_map(|window| self.of_window.get(*window)).collect::<BTreeSet<_>>().len()
    }

    /// Draws `resamples` times and calls `measure` with how often each window was drawn. A draw without windows of both
    /// classes is made again. Each resample has a random stream of its own, so that threads decide nothing.
    ///
    /// Returns what was measured, in the order of the resamples; `None` where no draw had both classes.
    pub(crate) fn resample<T: Send>(
        &self,
        labels: &[bool],
        resamples: usize,
        seed: u64,
        measure: impl Fn(&[u32]) -> T + Sync,
    ) -> Vec<Option<T>> {
        let one = |resample: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(resample as u64);
            let mut weights = vec![0; labels.len()];
            let complete = (0..MOST_DRAWS).any(|_| {
                self.draw(&mut random, &mut weights);
                let has = |class: bool| {
                    labels.iter().zip(&weights).any(|(label, weight)| *label == class && *weight > 0)
                };
                has(true) && has(false)
            });
            complete.then(|| measure(&weights))
        };
        (0..resamples).into_par_iter().map(one).collect()
    }

    fn draw(&self, random: &mut ChaCha8Rng, weights: &mut [u32]) {
        let mut drawn = vec![0; self.count];
        for _ in 0..self.count {
            drawn[random.random_range(0..self.count)] += 1;
        }
        for (weight, group) in weights.iter_mut().zip(&self.of_window) {
            *weight = drawn[*group];
        }
    }
}

/// A figure with the interval of what it is in the resamples.
pub(crate) fn estimate(
    value: Option<f64>,
    resampled: impl ExactSizeIterator<Item = Option<f64>>,
) -> Estimate {
    let resamples = resampled.len();
    let mut values: Vec<f64> = resampled.flatten().collect();
    values.sort_by(f64::total_cmp);
    let value = value.unwrap_or(f64::NAN);
    let missing = (resamples - values.len()) as f64;
    if values.is_empty() || missing > MOST_MISSING * resamples as f64 {
        return Estimate { value, low: f64::NAN, high: f64::NAN };
    }
    let tail = (1.0 - INTERVAL) / 2.0;
    Estimate { value, low: percentile(&values, tail), high: percentile(&values, 1.0 - tail) }
}

/// Of ascending values, interpolated between neighbors.
fn percentile(values: &[f64], share: f64) -> f64 {
    let place = share * (values.len() - 1) as f64;
    let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::super::Scores;
    use super::*;

    /// Standard normal (Box-Muller).
    fn normal(random: &mut ChaCha8Rng) -> f64 {
        let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
        radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
    }

    /// Bound windows score one standard deviation above unbound ones.
    fn sample(count: usize, random: &mut ChaCha8Rng) -> (Vec<bool>, Vec<f64>) {
        let labels: Vec<bool> = (0..count).map(|index| index % 2 == 0).collect();
        let scores = labels.iter().map(|label| normal(random) + f64::from(u8::from(*label))).collect();
        (labels, scores)
    }

    fn auroc_interval(labels: &[bool], scores: &[f64], groups: Vec<usize>, seed: u64) -> Estimate {
        let scores = Scores::new(labels, scores).unwrap();
        let measured =
            Groups::new(groups).resample(labels, 400, seed, |weights| scores.statistics(Some(weights)).auroc);
        estimate(Some(scores.statistics(None).auroc), measured.into_iter())
    }

    #[test]
    fn percentiles_lie_between_neighbors() {
        let values: Vec<Option<f64>> = (0..=40).rev().map(|value| Some(f64::from(value))).collect();
        let found = estimate(Some(7.0), values.into_iter());
        assert_eq!(found.value, 7.0);
        assert!((found.low - 1.0).abs() < 1e-12 && (found.high - 39.0).abs() < 1e-12, "{found:?}");
        let found = estimate(Some(0.5), [Some(0.0), Some(1.0)].into_iter());
        assert!((found.low - 0.025).abs() < 1e-12 && (found.high - 0.975).abs() < 1e-12);
    }

    #[test]
    fn no_interval_where_too_many_resamples_have_no_value() {
        let values = |missing: usize| (0..200).map(|i| if i < missing { None } else { Some(1.0) }).collect();
        let of = |values: Vec<Option<f64>>| estimate(Some(1.0), values.into_iter());
        assert_eq!(of(values(2)).low, 1.0);
        let none = of(values(3));
        assert!(none.low.is_nan() && none.high.is_nan() && none.value == 1.0);
        assert!(of(Vec::new()).low.is_nan());
    }

    #[test]
    fn covers_the_truth_about_as_often_as_it_says() {
        // P(N(1,1) > N(0,1)) = Phi(1 / sqrt 2).
        let truth = 0.760_249_938_906_523_7;
        let mut random = ChaCha8Rng::seed_from_u64(11);
        let covered = (0..200)
            .filter(|run| {
                let (labels, scores) = sample(120, &mut random);
                let found = auroc_interval(&labels, &scores, (0..120).collect(), *run);
                (found.low..=found.high).contains(&truth)
            })
            .count();
        // 190 expected; its standard deviation is 3.
        assert!((178..=198).contains(&covered), "{covered} of 200");
    }

    #[test]
    fn windows_seen_three_times_are_one_observation() {
        let (labels, scores) = sample(100, &mut ChaCha8Rng::seed_from_u64(5));
        let thrice = |index: usize| [index; 3];
        let labels3: Vec<bool> = (0..100).flat_map(thrice).map(|index| labels[index]).collect();
        let scores3: Vec<f64> = (0..100).flat_map(thrice).map(|index| scores[index]).collect();
        let width = |found: Estimate| found.high - found.low;
        let single = width(auroc_interval(&labels, &scores, (0..100).collect(), 1));
        let plain = width(auroc_interval(&labels3, &scores3, (0..300).collect(), 1));
        let grouped = width(auroc_interval(&labels3, &scores3, (0..100).flat_map(thrice).collect(), 1));
        assert!((grouped - single).abs() < 1e-12, "the same draws of the same windows: {grouped} {single}");
        assert!(plain < 0.7 * grouped, "{plain} {grouped}");
    }

    #[test]
    fn a_resample_has_both_classes_and_does_not_depend_on_threads() {
        // One bound window in eight is missing from a third of the plain draws.
        let labels: Vec<bool> = (0..8).map(|index| index == 0).collect();
        let groups = Groups::new((0..8).collect());
        let draw = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| groups.resample(&labels, 50, 3, <[u32]>::to_vec))
        };
        let drawn = draw(1);
        assert_eq!(drawn, draw(3));
        for weights in drawn {
            let weights = weights.unwrap();
            assert!(weights[0] > 0 && weights[1..].iter().any(|weight| *weight > 0));
            assert_eq!(weights.iter().sum::<u32>(), 8);
        }
        let together = Groups::new(vec![0, 1, 1]);
        assert_eq!([together.count_among(&[0, 1]), together.count_among(&[1, 2])], [2, 1]);
        for weights in together.resample(&[true, false, true], 20, 1, <[u32]>::to_vec) {
            let weights = weights.unwrap();
            assert_eq!(weights[1], weights[2]);
        }
        let impossible = Groups::new(vec![0, 0]).resample(&[true, true], 2, 1, |_| ());
        assert_eq!(impossible, [None, None]);
    }
}
