//! Upright rectangles.

/// An upright rectangle in pixels, y downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    /// x of the left edge.
    pub(crate) left: f64,
    /// y of the upper edge.
    pub(crate) top: f64,
    /// x of the right edge.
    pub(crate) right: f64,
    /// y of the lower edge.
    pub(crate) bottom: f64,
}

impl Area {
    /// Whether two areas have more than an edge in common.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    /// From the left to the right edge.
    pub(crate) fn width(self) -> f64 {
        self.right - self.left
    }

    /// From the upper to the lower edge.
    pub(crate) fn height(self) -> f64 {
        self.bottom - self.top
    }
}
