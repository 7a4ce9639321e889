//! What of a network a substitution reaches.

use super::layout::Layout;
use crate::architecture::{KERNEL_WIDTH, POOL_WIDTH};

/// The most positions of the first pooling that one base reaches. Substitutions that reach fewer are taken for such,
/// so that all of one base are calculated together.
const BASE_REACH: usize = 3;
/// The most positions of the first pooling that are calculated anew: each is a step of its own.
const MOST_CHANGED: usize = 16;
/// Bases that a position of the first pooling sees beyond its first.
const SEEN_BEYOND: usize = KERNEL_WIDTH - 1 + POOL_WIDTH - 1;

/// What a substitution takes to calculate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Effect {
    /// Nothing: no base that the network sees is another.
    Nothing,
    /// A few positions.
    Local(Reach),
    /// A whole pass, because it reaches too much.
    Whole,
}

/// Positions that a substitution may change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Reach {
    /// First of the changed positions of the first pooling.
    pub(super) first1: usize,
    /// How many they are.
    pub(super) changed: usize,
}

impl Reach {
    /// Bases that the changed positions see: the first and how many.
    pub(super) fn bases(&self) -> (usize, usize) {
        (self.first1 * POOL_WIDTH, seen_bases(self.changed))
    }

    /// First position of the second convolution that is reached; it may lie before the window.
    fn conv2(&self) -> i64 {
        self.first1 as i64 - (KERNEL_WIDTH as i64 - 1)
    }

    /// First position of the second pooling that is reached; it may lie before the window.
    pub(super) fn first2(&self) -> i64 {
        self.conv2().div_euclid(POOL_WIDTH as i64)
    }

    /// Positions of the second convolution between the start of that position and what is reached.
    pub(super) fn lead(&self) -> usize {
        self.conv2().rem_euclid(POOL_WIDTH as i64) as usize
    }
}

/// Bases that some positions of the first pooling see.
pub(super) fn seen_bases(pooled1: usize) -> usize {
    pooled1 * POOL_WIDTH + KERNEL_WIDTH - 1
}

/// What a substitution does whose first and last base are those.
pub(super) fn effect(layout: &Layout, first_base: usize, last_base: usize) -> Effect {
    let first = first_base.saturating_sub(SEEN_BEYOND - (POOL_WIDTH - 1)) / POOL_WIDTH;
    let last = (last_base / POOL_WIDTH).min(layout.pooled1.saturating_sub(1));
    let is_pooled = first.saturating_sub(KERNEL_WIDTH - 1) < layout.pooled2 * POOL_WIDTH;
    if first > last || !is_pooled {
        return Effect::Nothing;
    }
    let changed = (last - first + 1).max(BASE_REACH);
    // Half a pass is not worth the trouble.
    if changed > MOST_CHANGED || 2 * (changed + KERNEL_WIDTH) > layout.pitch {
        return Effect::Whole;
    }
    Effect::Local(Reach { first1: first.min(layout.pooled1 - changed), changed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::precision::Precision;

    #[test]
    fn what_bases_reach() {
        let layout = Layout::new(1000, Precision::Strict);
        let reach = |base| match effect(&layout, base, base) {
            Effect::Local(reach) => (reach.first1, reach.changed, reach.first2(), reach.lead()),
            other => panic!("{base}: {other:?}"),
        };
        // Position p of the first pooling sees bases 4 p to 4 p + 10.
        assert_eq!(reach(0), (0, 3, -2, 1));
        assert_eq!(reach(10), (0, 3, -2, 1));
        assert_eq!(reach(11), (1, 3, -2, 2));
        assert_eq!(reach(500), (123, 3, 29, 0));
        // Position 239 of the second convolution, the last that is pooled, sees those to 246 of the first pooling.
        assert_eq!(reach(990), (245, 3, 59, 2));
        assert_eq!(reach(994), (245, 3, 59, 2));
        assert_eq!(effect(&layout, 999, 999), Effect::Nothing);
        assert_eq!(effect(&layout, 0, 999), Effect::Whole);
        let Effect::Local(long) = effect(&layout, 400, 430) else { panic!() };
        assert_eq!((long.first1, long.changed, long.bases()), (98, 10, (392, 47)));
        assert_eq!(effect(&Layout::new(59, Precision::Strict), 30, 30), Effect::Whole);
    }
}
