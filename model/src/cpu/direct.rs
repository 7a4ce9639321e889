//! The second convolution by the direct method: the reference that the engine's own is tested and measured against.

use super::conv1::Filters;
use super::kernels::{KernelWord, Processor, convolve_and_pool};
use super::panels::{Panels, Rest};
use crate::architecture::{FILTERS, KERNEL_WIDTH, POOL_WIDTH};

/// The layer's weights, ready for products.
#[derive(Debug)]
pub(crate) struct DirectConv2<T> {
    panels: Panels<T>,
    bias: Filters,
}

impl<T: KernelWord> DirectConv2<T> {
    /// Brings weights `[100][100][8]` and a bias `[100]` into order.
    pub(crate) fn new(weight: &[f32], bias: &[f32]) -> Self {
        let panels = Panels::new(FILTERS, KERNEL_WIDTH * FILTERS, Rest::Quad, |output, input| {
            weight[(output * FILTERS + input % FILTERS) * KERNEL_WIDTH + input / FILTERS]
        });
        Self { panels, bias: std::array::from_fn(|filter| bias[filter]) }
    }

    /// Pooled and rectified positions from the first on, as many as `out` holds.
    pub(crate) fn pooled(&self, processor: Processor, positions: &[T], out: &mut [Filters]) {
        convolve_and_pool(processor, positions, &self.panels, &self.bias, out.as_flattened_mut());
    }
}

/// A window of 1000 bases in this layer, to measure its rate.
#[derive(Debug)]
pub(crate) struct DirectConvolution {
    layer: DirectConv2<f32>,
    positions: Vec<f32>,
    processor: Processor,
}

/// Pooled positions of 1000 bases.
const POOLED: usize = 60;

impl DirectConvolution {
    /// With weights and inputs that are neither 0 nor so small that the processor would be slow.
    pub(crate) fn example() -> Self {
        let number = |index: usize| (index * 7919 % 1000) as f32 / 1000.0;
        let weight: Vec<f32> =
            (0..FILTERS * FILTERS * KERNEL_WIDTH).map(|index| number(index) - 0.5).collect();
        Self {
            layer: DirectConv2::new(&weight, &[0.1; FILTERS]),
            positions: (0..(POOLED * POOL_WIDTH + KERNEL_WIDTH - 1) * FILTERS).map(number).collect(),
            processor: Processor::new(),
        }
    }

    /// Multiplications and additions of one window.
    pub(crate) fn operations(&self) -> f64 {
        (2 * POOLED * POOL_WIDTH * KERNEL_WIDTH * FILTERS * FILTERS) as f64
    }

    /// Calculates the window again and again.
    pub(crate) fn run(&self, times: usize) {
        let mut out = vec![[0.0; FILTERS]; POOLED];
        for _ in 0..times {
            self.layer.pooled(self.processor, &self.positions, &mut out);
        }
    }
}
