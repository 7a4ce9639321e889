//! Whether a predicted probability is the share of windows that are bound.

use super::ranking::Group;
use super::softplus;

/// Bins of equally many windows.
pub(crate) const BINS: usize = 10;
/// Newton steps before a recalibration counts as without an answer.
const MOST_STEPS: usize = 50;

/// Windows of like probability.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bin {
    /// How many.
    pub(crate) windows: f64,
    /// Their mean predicted probability.
    pub(crate) mean_probability: f64,
    /// The share of them that is bound.
    pub(crate) bound: f64,
}

/// Bins of equally many windows (one more or less), from the lowest probability, out of groups of equal probability in
/// ascending order. Windows of one probability that a border divides go to either side bound and unbound alike, so that
/// their order in the file decides nothing.
pub(super) fn bins(groups: impl Iterator<Item = (Group, f64)>, total: f64) -> [Bin; BINS] {
    let end = |bin: usize| ((bin + 1) as f64 * total / BINS as f64).floor();
    let mut bins = [Bin::default(); BINS];
    let (mut bin, mut taken) = (0, 0.0);
    for (group, probability) in groups {
        let count = group.positives + group.negatives;
        let mut open = count;
        while open > 0.0 {
            // A bin may be empty: fewer windows than bins.
            while bin + 1 < BINS && taken >= end(bin) {
                bin += 1;
            }
            let here = if bin + 1 < BINS { open.min(end(bin) - taken) } else { open };
            bins[bin].windows += here;
            bins[bin].mean_probability += here * probability;
            bins[bin].bound += here * group.positives / count;
            taken += here;
            open -= here;
        }
    }
    for bin in bins.iter_mut().filter(|bin| bin.windows > 0.0) {
        bin.mean_probability /= bin.windows;
        bin.bound /= bin.windows;
    }
    bins
}

/// The mean over windows of the distance of their bin's mean probability from the share bound (Naeini et al. 2015, with
/// bins of equal counts).
pub(super) fn expected_calibration_error(bins: &[Bin]) -> f64 {
    let total: f64 = bins.iter().map(|bin| bin.windows).sum();
    let distance = |bin: &Bin| bin.windows * (bin.mean_probability - bin.bound).abs();
    bins.iter().map(distance).sum::<f64>() / total
}

/// Slope and intercept of the logistic regression of the labels on the predicted logits (Cox 1958): 1 and 0 if
/// probabilities hold, a slope below 1 if they are too extreme. `examples` are logit, label and weight.
///
/// `None` where there is no finite answer: all logits equal, or the classes apart.
pub(super) fn recalibration(examples: impl Iterator<Item = (f64, bool, f64)> + Clone) -> Option<(f64, f64)> {
    if apart(examples.clone()) {
        return None;
    }
    // Centered and scaled, so that the two parameters hardly depend on each other.
    let sums = examples.clone().fold([0.0; 3], |[n, sum, squares], (logit, _, weight)| {
        [n + weight, sum + weight * logit, squares + weight * logit * logit]
    });
    let mean = sums[1] / sums[0];
    let spread = (sums[2] / sums[0] - mean * mean).sqrt();
    // Rounding can leave a variance below 0, whose root is not a number.
    if spread.is_nan() || spread <= 1e-9 * (1.0 + mean.abs()) {
        return None;
    }
    let (mut slope, mut intercept) = (0.0_f64, 0.0_f64);
    let mut loss = f64::INFINITY;
    let mut step = (0.0, 0.0);
    for _ in 0..MOST_STEPS {
        let [next, by_slope, by_intercept, slope2, cross, intercept2] =
            examples.clone().fold([0.0; 6], |mut sums, (logit, label, weight)| {
                let x = (logit - mean) / spread;
                let z = intercept + slope * x;
                let p = 1.0 / (1.0 + (-z).exp());
                let (residual, curvature) = (p - f64::from(u8::from(label)), p * (1.0 - p));
                let terms = [softplus(if label { -z } else { z }), residual * x, residual];
                for (sum, term) in sums.iter_mut().zip(terms) {
                    *sum += weight * term;
                }
                for (sum, term) in sums[3..].iter_mut().zip([x * x, x, 1.0]) {
                    *sum += weight * curvature * term;
                }
                sums
            });
        if next > loss + 1e-9 * loss {
            // Newton went too far: half of the way.
            step = (step.0 / 2.0, step.1 / 2.0);
            (slope, intercept) = (slope + step.0, intercept + step.1);
            continue;
        }
        loss = next;
        if by_slope.abs().max(by_intercept.abs()) < 1e-9 * sums[0] {
            let slope = slope / spread;
            return Some((slope, intercept - slope * mean));
        }
        let determinant = slope2 * intercept2 - cross * cross;
        let forward = (
            (intercept2 * by_slope - cross * by_intercept) / determinant,
            (slope2 * by_intercept - cross * by_slope) / determinant,
        );
        if !(forward.0.is_finite() && forward.1.is_finite()) {
            return None;
        }
        step = forward;
        (slope, intercept) = (slope - step.0, intercept - step.1);
    }
    None
}

/// Whether a threshold divides the classes: the steeper the slope, the better, without end.
fn apart(examples: impl Iterator<Item = (f64, bool, f64)>) -> bool {
    let mut ranges = [(f64::INFINITY, f64::NEG_INFINITY); 2];
    for (logit, label, _) in examples {
        let (low, high) = &mut ranges[usize::from(label)];
        (*low, *high) = (low.min(logit), high.max(logit));
    }
    let [free, bound] = ranges;
    free.1 <= bound.0 || bound.1 <= free.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(positives: f64, negatives: f64) -> Group {
        Group { example: 0, positives, negatives }
    }

    #[test]
    fn bins_hold_equally_many_and_ties_go_to_both_sides_alike() {
        // 20 windows, 2 in a bin: three of 0.1, one of them bound; one of 0.3, bound; the rest of 0.5, unbound.
        let groups = [(group(1.0, 2.0), 0.1), (group(1.0, 0.0), 0.3), (group(0.0, 16.0), 0.5)];
        let bins = bins(groups.into_iter(), 20.0);
        assert!(bins.iter().all(|bin| bin.windows == 2.0));
        let close = |left: f64, right: f64| assert!((left - right).abs() < 1e-12, "{left} {right}");
        close(bins[0].mean_probability, 0.1);
        close(bins[0].bound, 1.0 / 3.0);
        close(bins[1].mean_probability, 0.2);
        close(bins[1].bound, (1.0 / 3.0 + 1.0) / 2.0);
        close(bins[9].mean_probability, 0.5);
        close(bins[9].bound, 0.0);
        // Distances by hand: 7/30 in the first, 7/15 in the second, 1/2 in the other eight, a tenth of the windows each.
        close(expected_calibration_error(&bins), 0.1 * (7.0 / 30.0 + 7.0 / 15.0) + 0.8 * 0.5);
    }

    #[test]
    fn fewer_windows_than_bins_leave_some_empty() {
        let bins = bins([(group(1.0, 0.0), 0.25), (group(0.0, 2.0), 0.75)].into_iter(), 3.0);
        assert_eq!(bins.iter().map(|bin| bin.windows).sum::<f64>(), 3.0);
        assert_eq!(bins.iter().filter(|bin| bin.windows > 0.0).count(), 3);
        assert!((expected_calibration_error(&bins) - (0.75 + 2.0 * 0.75) / 3.0).abs() < 1e-12);
    }

    #[test]
    fn slope_and_intercept_by_hand() {
        // With two logits the regression goes through both shares: logit(1/4) = -ln 3 at -1, logit(2/3) = ln 2 at 2.
        let examples = [(-1.0, true, 1.0), (-1.0, false, 3.0), (2.0, true, 2.0), (2.0, false, 1.0)];
        let (slope, intercept) = recalibration(examples.into_iter()).unwrap();
        let expected = (2_f64.ln() + 3_f64.ln()) / 3.0;
        assert!((slope - expected).abs() < 1e-9, "{slope}");
        assert!((intercept - (expected - 3_f64.ln())).abs() < 1e-9, "{intercept}");
    }

    #[test]
    fn what_holds_has_slope_1_and_twice_the_logits_half_of_it() {
        // Shares of bound windows as the logits say, on a grid.
        let examples = |factor: f64| {
            (-40..=40).flat_map(move |step| {
                let logit = f64::from(step) / 10.0;
                let p = 1.0 / (1.0 + (-logit).exp());
                [(factor * logit + factor - 1.0, true, p), (factor * logit + factor - 1.0, false, 1.0 - p)]
            })
        };
        let (slope, intercept) = recalibration(examples(1.0)).unwrap();
        assert!((slope - 1.0).abs() < 1e-9 && intercept.abs() < 1e-9, "{slope} {intercept}");
        let (slope, intercept) = recalibration(examples(2.0)).unwrap();
        assert!((slope - 0.5).abs() < 1e-9 && (intercept + 0.5).abs() < 1e-9, "{slope} {intercept}");
    }

    #[test]
    fn no_finite_answer() {
        let apart = [(-3.0, false, 1.0), (0.5, false, 1.0), (0.5, true, 1.0), (4.0, true, 1.0)];
        assert_eq!(recalibration(apart.into_iter()), None);
        let reversed = apart.map(|(logit, label, weight)| (-logit, label, weight));
        assert_eq!(recalibration(reversed.into_iter()), None);
        let constant = [(2.0, false, 1.0), (2.0, true, 1.0)];
        assert_eq!(recalibration(constant.into_iter()), None);
    }

    #[test]
    fn extreme_logits_with_one_out_of_place_still_have_an_answer() {
        let wild = [(-800.0, false, 50.0), (700.0, true, 50.0), (900.0, false, 1.0), (-900.0, true, 1.0)];
        let (slope, intercept) = recalibration(wild.into_iter()).unwrap();
        assert!(slope > 0.0 && slope < 0.1 && intercept.is_finite(), "{slope} {intercept}");
    }
}
