//! Two logos, aligned.

use super::{Logo, columns, sheet_width};
use crate::{
    FigureError,
    axis::Columns,
    canvas::Canvas,
    heading::paragraph,
    theme::{EDGE, NOTE, SUBTITLE, TITLE},
};

/// Two logos one above the other, aligned: a motif that was found above the one that is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogoComparison {
    /// The picture's title; empty for none.
    pub title: String,
    /// A line below the picture, such as `p = 0.001`; empty for none.
    pub caption: String,
    /// The logo above. Its title stands over it, its caption is not drawn.
    pub upper: Logo,
    /// The logo below. Its title stands over it, its caption is not drawn.
    pub lower: Logo,
    /// The position of `upper`, from 0, under which the first position of `lower` stands: below 0 if `lower` starts
    /// further left. No further than side by side.
    pub offset: i64,
}

impl LogoComparison {
    /// Draws both logos, up to 1200 pixels wide.
    ///
    /// # Errors
    ///
    /// Those of [`Logo::to_svg`].
    pub fn to_svg(&self) -> Result<String, FigureError> {
        let (canvas, height) = self.draw()?;
        Ok(canvas.finish(height))
    }

    pub(crate) fn draw(&self) -> Result<(Canvas, f64), FigureError> {
        let (upper, lower) = (self.upper.weights.len(), self.lower.weights.len());
        let right = usize::try_from(self.offset).unwrap_or(0).min(upper);
        let left = usize::try_from(self.offset.saturating_neg()).unwrap_or(0).min(lower);
        let count = (left + upper).max(right + lower);
        let mut canvas = Canvas::new(sheet_width(count));
        let all = columns(&canvas, count);
        let mut y = paragraph(&mut canvas, EDGE, TITLE, 2, &self.title) + 8.0;
        for (logo, start) in [(&self.upper, left), (&self.lower, right)] {
            let letters = logo.weights.len();
            let own = Columns { left: all.x(start), right: all.x(start + letters), range: 0..letters };
            y = paragraph(&mut canvas, y, SUBTITLE, 1, &logo.title) + 12.0;
            y = logo.draw_letters(&mut canvas, &own, y)? + 8.0;
        }
        y = paragraph(&mut canvas, y, NOTE, 3, &self.caption);
        Ok((canvas, y + EDGE))
    }
}
