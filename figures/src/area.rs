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

/// Edges closer than this lie on each other: sums of lengths differ in their last bits. Nobody sees a thousandth of a
/// pixel.
const SAME_EDGE_PIXELS: f64 = 1e-3;

impl Area {
    /// Whether two areas have more than an edge in common.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.left + SAME_EDGE_PIXELS < other.right
            && other.left + SAME_EDGE_PIXELS < self.right
            && self.top + SAME_EDGE_PIXELS < other.bottom
            && other.top + SAME_EDGE_PIXELS < self.bottom
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_that_differ_by_rounding_are_one() {
        let line = |top, bottom| Area { left: 24.0, top, right: 684.0, bottom };
        assert!(!line(510.599_999_999_999_97, 524.4).overlaps(line(496.8, 510.6)));
        assert!(line(510.5, 524.4).overlaps(line(496.8, 510.6)));
    }
}
