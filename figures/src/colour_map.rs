//! Colours for values.

use svg::node::element::{LinearGradient, Stop};

/// How a value becomes a colour.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ColourMap {
    /// White at 0 to dark red at the largest value.
    Sequential,
    /// Blue below 0, white at 0, red above.
    Diverging,
}

type Rgb = [u8; 3];

const SEQUENTIAL: [Rgb; 5] = [[255, 255, 255], [254, 232, 200], [253, 187, 132], [215, 48, 31], [110, 0, 0]];
const DIVERGING: [Rgb; 7] = [
    [5, 48, 97],
    [67, 147, 195],
    [209, 229, 240],
    [255, 255, 255],
    [253, 219, 199],
    [214, 96, 77],
    [103, 0, 31],
];

impl ColourMap {
    /// The colour of `value` as `#RRGGBB` where colours reach to `magnitude` (above 0) from 0.
    pub(crate) fn colour(self, value: f64, magnitude: f64) -> String {
        let part = (value / magnitude).clamp(-1.0, 1.0);
        match self {
            Self::Sequential => between(&SEQUENTIAL, part.max(0.0)),
            Self::Diverging => between(&DIVERGING, (part + 1.0) / 2.0),
        }
    }

    /// The smallest value with a colour of its own, where colours reach to `magnitude`.
    pub(crate) fn low(self, magnitude: f64) -> f64 {
        match self {
            Self::Sequential => 0.0,
            Self::Diverging => -magnitude,
        }
    }

    /// The name of its gradient within a picture.
    pub(crate) fn gradient_name(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Diverging => "diverging",
        }
    }

    /// All its colours, the smallest value's at the bottom.
    pub(crate) fn gradient(self) -> LinearGradient {
        let stops: &[Rgb] = match self {
            Self::Sequential => &SEQUENTIAL,
            Self::Diverging => &DIVERGING,
        };
        let last = stops.len().saturating_sub(1).max(1) as f64;
        let gradient = LinearGradient::new()
            .set("id", self.gradient_name())
            .set("x1", 0)
            .set("y1", 1)
            .set("x2", 0)
            .set("y2", 0);
        stops.iter().enumerate().fold(gradient, |gradient, (index, colour)| {
            let stop = Stop::new().set("offset", index as f64 / last).set("stop-color", hexadecimal(*colour));
            gradient.add(stop)
        })
    }
}

/// The colour at `part` (0 to 1) of the way along `stops`.
fn between(stops: &[Rgb], part: f64) -> String {
    let along = part * stops.len().saturating_sub(1) as f64;
    let index = (along.floor() as usize).min(stops.len().saturating_sub(2));
    let weight = along - index as f64;
    let (Some(from), Some(to)) = (stops.get(index), stops.get(index + 1)) else {
        return "#FFFFFF".to_owned();
    };
    let mix = |channel: usize| {
        (f64::from(from[channel]) * (1.0 - weight) + f64::from(to[channel]) * weight).round() as u8
    };
    hexadecimal([mix(0), mix(1), mix(2)])
}

fn hexadecimal([red, green, blue]: Rgb) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

#[cfg(test)]
mod tests {
    use super::ColourMap;

    #[test]
    fn zero_is_white_and_ends_are_dark() {
        assert_eq!(ColourMap::Sequential.colour(0.0, 2.0), "#FFFFFF");
        assert_eq!(ColourMap::Sequential.colour(2.0, 2.0), "#6E0000");
        assert_eq!(ColourMap::Diverging.colour(0.0, 2.0), "#FFFFFF");
        assert_eq!(ColourMap::Diverging.colour(-2.0, 2.0), "#053061");
        assert_eq!(ColourMap::Diverging.colour(9.0, 2.0), "#67001F");
    }

    #[test]
    fn colours_between_stops_are_mixed() {
        assert_eq!(ColourMap::Sequential.colour(0.125, 1.0), "#FFF4E4");
    }
}
