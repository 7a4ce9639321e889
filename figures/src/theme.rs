//! The look that all pictures share: text styles, colours, distances.

use crate::text::Style;

const INK: &str = "#1F1F1F";
const SOFT_INK: &str = "#4D4D4D";

/// The picture's name.
pub(crate) const TITLE: Style = Style { size: 18.0, bold: true, colour: INK };
/// What stands under the title.
pub(crate) const SUBTITLE: Style = Style { size: 13.0, bold: false, colour: SOFT_INK };
/// The name of a panel.
pub(crate) const PANEL: Style = Style { size: 12.5, bold: true, colour: INK };
/// The name of an axis.
pub(crate) const AXIS: Style = Style { size: 11.5, bold: false, colour: INK };
/// Numbers at axes and colour bars.
pub(crate) const TICK: Style = Style { size: 10.5, bold: false, colour: SOFT_INK };
/// Lines below the picture.
pub(crate) const NOTE: Style = Style { size: 11.5, bold: false, colour: SOFT_INK };

/// Axes and ticks.
pub(crate) const AXIS_LINE: &str = "#555555";
/// Frames around colours.
pub(crate) const FRAME: &str = "#B5B5B5";

/// Left and right of everything that has an axis, in pixels: enough for the longest number and an upright title.
pub(crate) const SIDE: f64 = 100.0;
/// Between the sheet's edge and text.
pub(crate) const EDGE: f64 = 24.0;
