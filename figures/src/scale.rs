//! Axes' numbers: ranges that are never empty, round ticks, short labels.

/// A range of values shown along pixels. `low < high`, both finite, and 0 is within.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ValueRange {
    /// The smallest value shown.
    pub(crate) low: f64,
    /// The largest value shown.
    pub(crate) high: f64,
}

impl ValueRange {
    /// The range of the finite ones of `values` and 0; 0 to 1 if they are all 0 or there are none.
    pub(crate) fn of(values: impl Iterator<Item = f32>) -> Self {
        let (low, high) = values
            .map(f64::from)
            .filter(|value| value.is_finite())
            .fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        if low < high { Self { low, high } } else { Self { low: 0.0, high: 1.0 } }
    }

    /// The part of the way from `low` to `high` at which `value` stands, 0 to 1 within the range.
    pub(crate) fn fraction(self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// The largest distance from 0.
    pub(crate) fn magnitude(self) -> f64 {
        self.high.max(-self.low)
    }

    /// Whether a value below 0 is within.
    pub(crate) fn is_signed(self) -> bool {
        self.low < 0.0
    }

    /// Round values within the range, at most `most` + 1 of them, with their labels.
    pub(crate) fn ticks(self, most: usize) -> Vec<(f64, String)> {
        let step = round_step((self.high - self.low) / most.max(1) as f64);
        let first = (self.low / step).ceil();
        let last = (self.high / step).floor();
        let mut ticks = Vec::new();
        let mut at = first;
        while at <= last {
            ticks.push((at * step, tick_label(at * step, step, self.magnitude())));
            at += 1.0;
        }
        ticks
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `least`, a finite number above 0.
pub(crate) fn round_step(least: f64) -> f64 {
    let power = 10.0_f64.powf(least.log10().floor());
    for factor in [1.0, 2.0, 5.0] {
        if factor * power >= least * (1.0 - 1e-9) {
            return factor * power;
        }
    }
    10.0 * power
}

/// A value at a multiple of `step` on an axis that reaches to `magnitude`.
fn tick_label(value: f64, step: f64, magnitude: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if magnitude >= 1e5 || step < 1e-4 {
        return scientific(value, 1);
    }
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    format!("{value:.decimals$}")
}

/// A number with three digits that count.
pub(crate) fn short_number(value: f64) -> String {
    let magnitude = value.abs();
    if !value.is_finite() || magnitude == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e5).contains(&magnitude) {
        return scientific(value, 2);
    }
    let decimals = (2.0 - magnitude.log10().floor()).clamp(0.0, 5.0) as usize;
    without_zeros(&format!("{value:.decimals$}")).to_owned()
}

/// Powers of ten for numbers far from 1: `-2.5e-7`.
fn scientific(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!("{}e{exponent}", without_zeros(mantissa)),
        None => text,
    }
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{ValueRange, round_step, short_number};

    fn labels(low: f64, high: f64) -> Vec<String> {
        ValueRange { low, high }.ticks(5).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(0.0, 1.0), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(-0.03, 0.012), ["-0.03", "-0.02", "-0.01", "0", "0.01"]);
        assert_eq!(labels(0.0, 250_000.0), ["0", "5e4", "1e5", "1.5e5", "2e5", "2.5e5"]);
        assert_eq!(labels(0.0, 2e-9), ["0", "5e-10", "1e-9", "1.5e-9", "2e-9"]);
    }

    #[test]
    fn steps_are_one_two_or_five() {
        for (least, expected) in [(0.9, 1.0), (1.0, 1.0), (1.1, 2.0), (3.0, 5.0), (6.0, 10.0), (0.03, 0.05)] {
            assert!((round_step(least) - expected).abs() < 1e-12, "{least}");
        }
    }

    #[test]
    fn numbers_are_short() {
        let found = [0.0, 1.0, -0.123_456, 12.345, 1234.5, 1e-7, -3.456e8].map(short_number);
        assert_eq!(found, ["0", "1", "-0.123", "12.3", "1234", "1e-7", "-3.46e8"]);
    }

    #[test]
    fn a_range_without_extent_is_zero_to_one() {
        let expected = ValueRange { low: 0.0, high: 1.0 };
        assert_eq!(ValueRange::of([].into_iter()), expected);
        assert_eq!(ValueRange::of([0.0, f32::NAN, f32::INFINITY].into_iter()), expected);
    }

    proptest! {
        #[test]
        fn ticks_lie_within_any_range(low in any::<f32>(), high in any::<f32>()) {
            let range = ValueRange::of([low, high].into_iter());
            let ticks = range.ticks(5);
            prop_assert!((1..=6).contains(&ticks.len()), "{range:?} {ticks:?}");
            for (value, label) in ticks {
                prop_assert!((-1e-9..=1.0 + 1e-9).contains(&range.fraction(value)));
                prop_assert!(label.len() <= 8, "{label}");
            }
        }
    }
}
