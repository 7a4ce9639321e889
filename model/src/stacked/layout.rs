//! How stacked weights and activations lie in memory.

use tch::Kind;

use crate::architecture::{
    BASES, DENSE_UNITS, FILTERS, KERNEL_WIDTH, POOL_WIDTH, conv2_positions, pooled1_positions,
    pooled2_positions,
};
use crate::precision::Precision;

pub(super) const WIDTH: i64 = KERNEL_WIDTH as i64;
pub(super) const POOL: i64 = POOL_WIDTH as i64;
/// Values of the one-hot bases that a position of the first convolution sees.
pub(super) const SEEN_BASES: i64 = (BASES * KERNEL_WIDTH) as i64;
/// Units of the first dense layer.
pub(super) const UNITS: i64 = DENSE_UNITS[0] as i64;

/// Sizes that follow from the length of the windows and the precision.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// What convolutions and the first dense layer multiply.
    pub(super) kind: Kind,
    /// Places for the filters of a convolution. Those beyond the hundredth hold 0: tensor cores want rows of whole 16
    /// bytes.
    pub(super) channels: i64,
    /// Inputs of the first convolution: the one-hot bases, a 1 that brings the bias along, and zeros for rows of whole
    /// 16 bytes.
    pub(super) conv1_inputs: i64,
    /// Bases of a window.
    pub(super) input_length: usize,
    /// Positions after the first pooling.
    pub(super) pooled1: usize,
    /// Positions of the second convolution.
    pub(super) conv2: usize,
    /// Positions after the second pooling.
    pub(super) pooled2: usize,
    /// Rows that a window takes after the first pooling: its positions, rounded up to whole kernel widths.
    pub(super) pitch: usize,
}

impl Layout {
    pub(super) fn new(input_length: usize, precision: Precision) -> Self {
        let filters = FILTERS as i64;
        let (kind, channels, conv1_inputs) = match precision {
            Precision::Strict => (Kind::Float, filters, SEEN_BASES + 4),
            Precision::Fast => (Kind::BFloat16, (filters + 7) / 8 * 8, SEEN_BASES + 8),
        };
        let pooled1 = pooled1_positions(input_length);
        Self {
            kind,
            channels,
            conv1_inputs,
            input_length,
            pooled1,
            conv2: conv2_positions(input_length),
            pooled2: pooled2_positions(input_length),
            pitch: pooled1.next_multiple_of(KERNEL_WIDTH),
        }
    }

    /// Inputs of the first dense layer.
    pub(super) fn dense1_inputs(&self) -> i64 {
        self.pooled2 as i64 * self.channels
    }

    /// Bytes of one position of all filters.
    fn position_bytes(&self) -> usize {
        self.channels as usize * self.kind.elt_size_in_bytes()
    }

    /// Bytes that one window takes in one model at the fullest moment, which is when the first convolution is pooled:
    /// four positions of it for one that is left. The dense layers and the maps need less than that holds.
    pub(super) fn window_bytes(&self) -> usize {
        (POOL_WIDTH + 1) * self.pitch * self.position_bytes()
    }

    /// Bytes that an alternate takes in one model where it changes `changed` positions of the first pooling.
    pub(super) fn alternate_bytes(&self, changed: usize) -> usize {
        // The first convolution, its pooling three times over, and a kernel width of taps for each position; the second
        // convolution as it was and as it is, 32-bit, its pooling, and the dense layers.
        let reached = changed + KERNEL_WIDTH + 2 * POOL_WIDTH;
        (POOL_WIDTH + 3 + KERNEL_WIDTH) * changed * self.position_bytes()
            + reached * (self.position_bytes() * 2 + FILTERS * size_of::<f32>())
            + 4 * DENSE_UNITS[0] * size_of::<f32>()
    }

    /// Bytes of the weights of one model.
    pub(super) fn model_bytes(&self) -> usize {
        let [dense1, dense2, dense3] = DENSE_UNITS;
        let convolutions =
            (self.conv1_inputs as usize + 2 * KERNEL_WIDTH * self.channels as usize) * self.position_bytes();
        let dense = dense1 * self.pooled2 * self.position_bytes();
        let exact = dense1 * self.channels as usize + dense2 * dense1 + dense3 * dense2;
        convolutions + dense + exact * size_of::<f32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_whole_kernel_widths_long() {
        let long = Layout::new(1000, Precision::Strict);
        assert_eq!((long.pooled1, long.pitch, long.conv2, long.pooled2), (248, 248, 241, 60));
        let short = Layout::new(151, Precision::Strict);
        assert_eq!((short.pooled1, short.pitch, short.conv2, short.pooled2), (36, 40, 29, 7));
    }

    #[test]
    fn rows_are_whole_16_bytes() {
        for precision in Precision::ALL {
            let layout = Layout::new(1000, precision);
            for values in [layout.channels, layout.conv1_inputs] {
                assert_eq!(values as usize * layout.kind.elt_size_in_bytes() % 16, 0, "{precision}");
            }
        }
    }
}
