//! Text above and below a picture.

use crate::{
    canvas::{Anchor, Canvas},
    text::{ASCENT, Style, clean},
    theme::EDGE,
};

/// Text from `y` downwards in at most `lines` lines as wide as the sheet; returns where it ends.
pub(crate) fn paragraph(canvas: &mut Canvas, y: f64, style: Style, lines: usize, content: &str) -> f64 {
    let room = canvas.width() - 2.0 * EDGE;
    let mut top = y;
    for line in style.wrap(&clean(content), room, lines) {
        canvas.text(EDGE, top + ASCENT * style.size, Anchor::Start, style, room, &line);
        top += style.line_height();
    }
    top
}
