//! Widths of motifs, as the command line gives them.

use std::ops::RangeInclusive;
use std::str::FromStr;

/// Widths that are tried.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Widths(pub(super) RangeInclusive<usize>);

const NARROWEST: usize = 4;
const WIDEST: usize = 12;

impl FromStr for Widths {
    type Err = String;

    /// `auto` for all widths, a width, or the first and the last, such as 5..8.
    fn from_str(text: &str) -> Result<Self, String> {
        let width =
            |text: &str| text.parse::<usize>().ok().filter(|width| (NARROWEST..=WIDEST).contains(width));
        let range = match text.split_once("..") {
            _ if text == "auto" => Some(NARROWEST..=WIDEST),
            Some((first, last)) => width(first).zip(width(last)).map(|(first, last)| first..=last),
            None => width(text).map(|width| width..=width),
        };
        range.filter(|range| !range.is_empty()).map(Self).ok_or_else(|| {
            format!("auto, a width from {NARROWEST} to {WIDEST}, or two such as 5..8 belong here")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_width_or_several() {
        assert_eq!("auto".parse(), Ok(Widths(4..=12)));
        assert_eq!("7".parse(), Ok(Widths(7..=7)));
        assert_eq!("5..8".parse(), Ok(Widths(5..=8)));
        for wrong in ["3", "13", "8..5", "..", "4..", "x"] {
            assert!(wrong.parse::<Widths>().unwrap_err().starts_with("auto"), "{wrong}");
        }
    }
}
