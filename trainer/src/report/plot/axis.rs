//! Axes: a range, round ticks, and a title with its unit.

/// The values along an edge of a plot.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Axis {
    title: String,
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Axis {
    /// Of exactly this range.
    pub(in crate::report) fn new(title: &str, low: f64, high: f64) -> Self {
        let (low, high) = if low < high { (low, high) } else { (low, low + 1.0) };
        Self { title: title.to_owned(), low, high, logarithmic: false }
    }

    /// Of areas under a curve: up to 1, down to a twentieth below the least.
    pub(in crate::report) fn area(title: &str, values: impl Iterator<Item = f64>) -> Self {
        let least = values.filter(|value| value.is_finite()).fold(0.9, f64::min);
        Self::new(title, (((least - 0.01) * 20.0).floor() / 20.0).max(0.0), 1.0)
    }

    /// From 0 to a round number above the largest.
    pub(in crate::report) fn from_zero(title: &str, values: impl Iterator<Item = f64>) -> Self {
        let most = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
        if most <= 0.0 {
            return Self::new(title, 0.0, 1.0);
        }
        let step = round_step(most / 5.0);
        Self::new(title, 0.0, (most / step - 1e-9).ceil() * step)
    }

    /// Logarithmic, a little wider than the values above 0.
    pub(in crate::report) fn logarithmic(title: &str, values: impl Iterator<Item = f64> + Clone) -> Self {
        let positive = values.filter(|value| value.is_finite() && *value > 0.0);
        let low = positive.clone().fold(f64::INFINITY, f64::min);
        let high = positive.fold(0.0, f64::max);
        let (low, high) = if low <= high { (low / 1.25, high * 1.25) } else { (1.0, 10.0) };
        Self { logarithmic: true, ..Self::new(title, low, high) }
    }

    /// What stands at the axis.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// The part of the way from the low to the high end, kept within.
    pub(super) fn fraction(&self, value: f64) -> f64 {
        let fraction = if self.logarithmic {
            (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        fraction.clamp(0.0, 1.0)
    }

    /// Round values within the range with their labels, at most `most` of them.
    pub(super) fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        if self.logarithmic { self.powers(most) } else { self.steps(most) }
    }

    fn steps(&self, most: usize) -> Vec<(f64, String)> {
        let step = round_step((self.high - self.low) / (most.max(2) - 1) as f64);
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let (first, last) =
            ((self.low / step - 1e-9).ceil() as i64, (self.high / step + 1e-9).floor() as i64);
        (first..=last)
            .map(|multiple| {
                let value = multiple as f64 * step;
                (value, format!("{:.decimals$}", if value == 0.0 { 0.0 } else { value }))
            })
            .collect()
    }

    fn powers(&self, most: usize) -> Vec<(f64, String)> {
        let (first, last) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        let of = |factors: &[f64]| -> Vec<f64> {
            (first..=last)
                .flat_map(|power| factors.iter().map(move |factor| factor * 10.0_f64.powi(power)))
                .filter(|value| (self.low..=self.high).contains(value))
                .collect()
        };
        let finest = [&[1.0, 1.5, 2.0, 3.0, 5.0, 7.0][..], &[1.0, 2.0, 5.0]].into_iter().map(of);
        let values = finest.filter(|values| values.len() <= most).max_by_key(Vec::len);
        let values = values.unwrap_or_else(|| of(&[1.0]));
        let every = values.len().div_ceil(most.max(1)).max(1);
        values.into_iter().step_by(every).map(|value| (value, grouped(value))).collect()
    }
}

/// Thousands apart, as in 12,000.
fn grouped(value: f64) -> String {
    if value < 1.0 {
        return format!("{value}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10.0_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(axis: &Axis, most: usize) -> Vec<String> {
        axis.ticks(most).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(&Axis::new("", 0.75, 1.0), 6), ["0.75", "0.80", "0.85", "0.90", "0.95", "1.00"]);
        assert_eq!(labels(&Axis::area("AUROC", [0.72, 0.99].into_iter()), 4), ["0.7", "0.8", "0.9", "1.0"]);
        assert_eq!(
            labels(&Axis::logarithmic("", [100.0, 900.0].into_iter()), 7),
            ["100", "150", "200", "300", "500", "700", "1,000"]
        );
        assert_eq!(labels(&Axis::logarithmic("", [3.0, 2e6].into_iter()), 4), ["10", "1,000", "100,000"]);
        assert_eq!(labels(&Axis::from_zero("", [13.8].into_iter()), 6), ["0", "5", "10", "15"]);
    }

    proptest! {
        #[test]
        fn ticks_lie_within_and_are_few(low in -1e6_f64..1e6, extent in 1e-3_f64..1e6, most in 2_usize..8) {
            let axis = Axis::new("", low, low + extent);
            let ticks = axis.ticks(most);
            prop_assert!(ticks.len() <= most, "{ticks:?}");
            for (value, _) in ticks {
                prop_assert!(value >= low - 1e-6 * extent && value <= low + extent * (1.0 + 1e-6));
            }
        }
    }
}
