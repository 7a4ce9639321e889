//! Numbers of a report, their text, and statistics of them.

use serde_json::Value;

use crate::metrics::median;

/// A number, with its interval if it has one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    pub(super) interval: Option<(f64, f64)>,
}

impl Number {
    /// Without interval.
    pub(super) fn plain(value: f64) -> Self {
        Self { value, interval: None }
    }

    /// A number, or an object of `value`, `low` and `high`; `None` where there is none.
    pub(super) fn read(value: &Value) -> Option<Self> {
        if let Some(value) = value.as_f64() {
            return Some(Self::plain(value));
        }
        let interval = value["low"].as_f64().zip(value["high"].as_f64());
        Some(Self { value: value["value"].as_f64()?, interval })
    }
}

/// With so many decimals; whole numbers with none.
pub(super) fn text(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}")
}

/// `median 0.957`, or nothing.
pub(super) fn median_of(values: impl Iterator<Item = f64>) -> Option<f64> {
    median(values.filter(|value| value.is_finite()).collect())
}

/// The value below which so large a share of ascending values lies, interpolated.
pub(super) fn quantile(ascending: &[f64], share: f64) -> Option<f64> {
    let place = share * ascending.len().checked_sub(1)? as f64;
    let (below, above) = (*ascending.get(place.floor() as usize)?, *ascending.get(place.ceil() as usize)?);
    Some(below + (above - below) * place.fract())
}

/// Spearman's rank correlation, ties at their mean rank; `None` of fewer than 3 pairs or a constant.
pub(super) fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    if pairs.len() < 3 {
        return None;
    }
    let left = ranks(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let right = ranks(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>());
    let mean = (pairs.len() - 1) as f64 / 2.0;
    let (mut product, mut squares) = (0.0, (0.0, 0.0));
    for (left, right) in left.iter().zip(&right) {
        product += (left - mean) * (right - mean);
        squares.0 += (left - mean).powi(2);
        squares.1 += (right - mean).powi(2);
    }
    let scale = (squares.0 * squares.1).sqrt();
    (scale > 0.0).then(|| product / scale)
}

fn ranks(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .map(|value| {
            let below = values.iter().filter(|other| *other < value).count() as f64;
            let equal = values.iter().filter(|other| *other == value).count() as f64;
            below + (equal - 1.0) / 2.0
        })
        .collect()
}

/// A smooth density of values between two bounds at `steps + 1` places: Gaussian kernels of Silverman's width, mirrored
/// at the bounds so that nothing leaks out. Empty for fewer than 5 values.
pub(super) fn density(values: &[f64], low: f64, high: f64, steps: usize) -> Vec<(f64, f64)> {
    let count = values.len() as f64;
    if values.len() < 5 || high <= low {
        return Vec::new();
    }
    let mean = values.iter().sum::<f64>() / count;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt();
    let mut ascending = values.to_vec();
    ascending.sort_by(f64::total_cmp);
    let spread = match (quantile(&ascending, 0.25), quantile(&ascending, 0.75)) {
        (Some(lower), Some(upper)) if upper > lower => deviation.min((upper - lower) / 1.34),
        _ => deviation,
    };
    let width = (0.9 * spread * count.powf(-0.2)).max((high - low) / 200.0);
    let kernel = |distance: f64| (-0.5 * (distance / width).powi(2)).exp();
    let scale = 1.0 / (count * width * std::f64::consts::TAU.sqrt());
    (0..=steps)
        .map(|step| {
            let at = low + (high - low) * step as f64 / steps as f64;
            let sum: f64 = values
                .iter()
                .map(|value| {
                    kernel(at - value) + kernel(at - (2.0 * low - value)) + kernel(at - (2.0 * high - value))
                })
                .sum();
            (at, sum * scale)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_density_has_area_1_also_at_a_bound() {
        let values: Vec<f64> = (0..60).map(|step| 1.0 - f64::from(step) * f64::from(step) / 9000.0).collect();
        let curve = density(&values, 0.0, 1.0, 2000);
        let area: f64 = curve.iter().map(|(_, height)| height / 2000.0).sum();
        assert!((area - 1.0).abs() < 0.01, "{area}");
        assert!(density(&values[..4], 0.0, 1.0, 10).is_empty());
    }

    #[test]
    fn ranks_with_ties_by_hand() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 9.0]), [1.5, 0.0, 1.5, 3.0]);
        let rising = [(1.0, 2.0), (2.0, 3.0), (5.0, 90.0)];
        assert_eq!(spearman(&rising), Some(1.0));
        assert_eq!(spearman(&[(1.0, 1.0), (2.0, 1.0), (3.0, 1.0)]), None);
    }

    #[test]
    fn numbers_with_and_without_interval_and_none() {
        let read = |text: &str| Number::read(&serde_json::from_str(text).unwrap());
        assert_eq!(read("0.5"), Some(Number::plain(0.5)));
        let with = Number { value: 0.5, interval: Some((0.25, 0.75)) };
        assert_eq!(read("{\"value\": 0.5, \"low\": 0.25, \"high\": 0.75}"), Some(with));
        assert_eq!(read("{\"value\": 0.5, \"low\": null, \"high\": null}"), Some(Number::plain(0.5)));
        assert_eq!(read("null"), None);
    }

    #[test]
    fn quantiles_lie_between() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
