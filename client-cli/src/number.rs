//! Numbers as text: six significant digits, as short as they go.

/// Digits after the first.
const DIGITS: i32 = 5;

/// A number for VCF and tables: `0.123457`, `0`, `-1.5e-07`. What is not finite is `.`.
pub(crate) fn text(value: f32) -> String {
    if !value.is_finite() {
        return ".".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{value:.5e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..=DIGITS).contains(&exponent) {
        let decimals = usize::try_from(DIGITS - exponent).unwrap_or(0);
        return shortened(&format!("{value:.decimals$}")).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", shortened(mantissa), exponent.abs())
}

fn shortened(decimal: &str) -> &str {
    match decimal.contains('.') {
        true => decimal.trim_end_matches('0').trim_end_matches('.'),
        false => decimal,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_and_exact_enough() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (0.5, "0.5"),
            (-0.123_456_79, "-0.123457"),
            (0.000_123_456_78, "0.000123457"),
            (0.000_012_3, "1.23e-05"),
            (-1.5e-7, "-1.5e-07"),
            (123_456.0, "123456"),
            (1_234_567.0, "1.23457e+06"),
            (0.999_999_97, "1"),
            (f32::NAN, "."),
            (f32::INFINITY, "."),
        ] {
            assert_eq!(text(value), expected);
        }
    }

    proptest! {
        #[test]
        fn reads_back_to_six_digits(value in proptest::num::f32::NORMAL) {
            let back: f64 = text(value).parse().unwrap();
            prop_assert!((back - f64::from(value)).abs() <= 6e-6 * f64::from(value).abs());
        }
    }
}
