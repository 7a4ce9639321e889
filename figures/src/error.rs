//! What can be wrong with what is to be drawn.

use resvg::usvg;

/// Why a picture could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// A panel whose letters and values do not go together.
    #[error("panel {label:?}: {letters} letters and {values} values: give one of each for every column")]
    UnequalColumns {
        /// The panel's label.
        label: String,
        /// How many letters it has.
        letters: usize,
        /// How many values it has.
        values: usize,
    },
    /// A row of a matrix that is no distribution.
    #[error(
        "logo {title:?}, position {position1}: {weights:?}: expected four numbers from 0 up, none infinite"
    )]
    Weights {
        /// The logo's title.
        title: String,
        /// The row's number, from 1.
        position1: usize,
        /// What stands there.
        weights: [f64; 4],
    },
    /// A text that is not an SVG picture.
    #[error("not an SVG picture that can be drawn: {0}")]
    Svg(#[from] usvg::Error),
    /// No font to draw text with.
    #[error(
        "no font on this system to draw text with: install one (Debian and Ubuntu: apt-get install fonts-dejavu-core) \
         or write SVG, which needs none"
    )]
    NoFont,
    /// A scale that gives no picture.
    #[error("scale {scale}: expected a number above 0, such as 1 or 2")]
    Scale {
        /// The scale.
        scale: f32,
    },
    /// A picture with too many pixels.
    #[error(
        "a picture of {width:.0} x {height:.0} pixels: the limit is {limit} pixels in all; \
         take a smaller scale, fewer panels, or write SVG"
    )]
    TooLarge {
        /// Its width in pixels.
        width: f64,
        /// Its height in pixels.
        height: f64,
        /// How many pixels are allowed.
        limit: u64,
    },
    /// The pixels could not be written as PNG.
    #[error("writing PNG: {0}")]
    Png(String),
}
