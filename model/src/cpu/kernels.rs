//! Products of rows with panels of weights, in the processor's own instructions.
//!
//! This is the only place of the engine that is unsafe. A block of rows is multiplied with a panel of outputs, and the
//! sums stay in registers until the last word. Each output's sum is taken in the order of its words, whatever else is in
//! the block, so that results do not depend on what is calculated together.

#![expect(
    unsafe_code,
    reason = "vector instructions; every pointer comes from a slice whose length was checked"
)]

mod lanes;
mod portable;
mod rows;
mod table;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::instruction_set::InstructionSet;
use super::panels::{NARROW, Panels, Rest, Shape, WIDE};
use crate::architecture::{FILTERS, KERNEL_WIDTH, POOL_WIDTH};
use lanes::Block;
use rows::{Product, RowKernels};
pub(crate) use rows::{SLICE, Term};
pub(crate) use table::KernelWord;
use table::{Kernel, Kernels};

/// Words of a sum that are multiplied with all rows before the next: of a panel as much as a quarter of a usual L2 cache
/// holds.
pub(super) const STRIP_WORDS: usize = 768;

/// An instruction set that the processor was found to have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Processor(InstructionSet);

impl Processor {
    /// With the most that there is.
    pub(crate) fn new() -> Self {
        Self(InstructionSet::detect())
    }

    /// With no more than a given set, if it is there.
    #[cfg(test)]
    pub(crate) fn with(set: InstructionSet) -> Option<Self> {
        set.is_available().then_some(Self(set))
    }

    fn kernels<T: KernelWord>(self) -> &'static Kernels<T> {
        let avx512 = T::AVX512.filter(|_| {
            self.0 >= if T::NUMBERS == 1 { InstructionSet::Avx512 } else { InstructionSet::Avx512Bf16 }
        });
        let avx2 = T::AVX2.filter(|_| self.0 >= InstructionSet::Avx2);
        avx512.or(avx2).unwrap_or(T::PORTABLE)
    }

    fn row_kernels(self) -> &'static RowKernels {
        #[cfg(target_arch = "x86_64")]
        match self.0 {
            InstructionSet::Avx512 | InstructionSet::Avx512Bf16 => return rows::AVX512,
            InstructionSet::Avx2 => return rows::AVX2,
            InstructionSet::Portable => {}
        }
        rows::PORTABLE
    }

    /// Runs code compiled for the instruction set. What it calls must be inlined into it.
    #[inline(always)]
    pub(crate) fn vectorize(self, work: impl FnOnce()) {
        #[cfg(target_arch = "x86_64")]
        match self.0 {
            // SAFETY: the processor was found to have these.
            InstructionSet::Avx512 | InstructionSet::Avx512Bf16 => return unsafe { with_avx512(work) },
            // SAFETY: as above.
            InstructionSet::Avx2 => return unsafe { with_avx2(work) },
            InstructionSet::Portable => {}
        }
        work();
    }

    /// Rows of a block of packed rows.
    fn block_rows<T: KernelWord>(self) -> usize {
        self.kernels::<T>().packed_wide.len()
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,fma")]
unsafe fn with_avx512(work: impl FnOnce()) {
    work();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn with_avx2(work: impl FnOnce()) {
    work();
}

/// Rows in the order in which products read them: blocks of a few rows, `[words][rows of the block]`.
#[derive(Debug)]
pub(crate) struct PackedRows<T> {
    rows: usize,
    words: usize,
    /// Rows of a block; the first `larger` blocks have one more.
    least: usize,
    larger: usize,
    values: Vec<T>,
}

impl<T: KernelWord> PackedRows<T> {
    /// No rows.
    pub(crate) fn new() -> Self {
        Self { rows: 0, words: 0, least: 0, larger: 0, values: Vec::new() }
    }

    /// Takes `rows` rows of `inputs` numbers each; `row(index)` is one of them.
    pub(crate) fn fill<'a>(
        &mut self,
        processor: Processor,
        rows: usize,
        inputs: usize,
        row: impl Fn(usize) -> &'a [f32],
    ) {
        let blocks = rows.div_ceil(processor.block_rows::<T>()).max(1);
        self.rows = rows;
        self.words = inputs.div_ceil(T::NUMBERS);
        (self.least, self.larger) = (rows / blocks, rows % blocks);
        self.values.resize(rows * self.words, T::default());
        let mut first = 0;
        for block in self.block_sizes() {
            let values = &mut self.values[first * self.words..(first + block) * self.words];
            for index in 0..block {
                let numbers = &row(first + index)[..inputs];
                for (word, numbers) in values.chunks_exact_mut(block).zip(numbers.chunks(T::NUMBERS)) {
                    word[index] = T::of(numbers);
                }
            }
            first += block;
        }
    }

    fn block_sizes(&self) -> impl Iterator<Item = usize> + use<T> {
        let (rows, least, larger) = (self.rows, self.least, self.larger);
        let mut first = 0;
        let mut block = 0;
        std::iter::from_fn(move || {
            let size = least + usize::from(block < larger);
            (first < rows).then(|| {
                first += size;
                block += 1;
                size
            })
        })
    }

    /// Adds the products with `panels`, whose words from `first_word` on belong to the rows', to the rows of `out`, which
    /// are `width` of the panels long.
    pub(crate) fn multiply_into(
        &self,
        processor: Processor,
        panels: &Panels<T>,
        first_word: usize,
        out: &mut [f32],
    ) {
        let kernels = processor.kernels::<T>();
        let width = panels.width();
        assert!(out.len() >= self.rows * width && first_word + self.words <= panels.words());
        assert!(panels.rest() == Rest::Filled, "packed rows have no kernels for quad panels");
        for strip in (0..self.words).step_by(STRIP_WORDS) {
            let words = STRIP_WORDS.min(self.words - strip);
            for (output, shape) in panels.shapes() {
                let list = match shape {
                    Shape::Wide => kernels.packed_wide,
                    Shape::Narrow => kernels.packed_narrow,
                    Shape::Quad => continue,
                };
                let start = first_word + strip;
                let panel = panels.panel(output, shape, start..start + words);
                let mut first = 0;
                for size in self.block_sizes() {
                    let rows = &self.values
                        [first * self.words + strip * size..(first * self.words + (strip + words) * size)];
                    let out = &mut out
                        [first * width + output..(first + size) * width - (width - output - shape.outputs())];
                    let block = Block {
                        words,
                        rows: rows.as_ptr(),
                        panel: panel.as_ptr(),
                        out: out.as_mut_ptr(),
                        out_stride: width,
                        accumulate: true,
                        bias: std::ptr::null(),
                    };
                    // SAFETY: rows, panel and out were cut to what the kernel for `size` rows reads and writes.
                    unsafe { list[size - 1](&block) };
                    first += size;
                }
            }
        }
    }
}

/// Multiplies rows of two neighbouring tiles, `[rows][2][100]`, with a panel of their weights. Replaces `[rows][100]` of
/// `out`.
pub(crate) fn multiply_tiles<T: KernelWord>(
    processor: Processor,
    rows: &[T],
    panels: &Panels<T>,
    out: &mut [f32],
) {
    let kernels = processor.kernels::<T>();
    let words = 2 * FILTERS / T::NUMBERS;
    let count = rows.len() / words;
    let product = FilterProduct {
        wide: kernels.tiles_wide,
        quad: kernels.tiles_quad,
        words,
        advance_words: words,
        seen_words: words,
        bias: None,
    };
    product.run(rows, panels, &mut out[..count * FILTERS]);
}

/// Convolves positions, `[positions][100]`, with panels of the kernel's weights (inputs offset-major), pools by four, adds
/// the bias and rectifies: `[pooled][100]` of `out`, as many as fit into it.
pub(crate) fn convolve_and_pool<T: KernelWord>(
    processor: Processor,
    positions: &[T],
    panels: &Panels<T>,
    bias: &[f32; FILTERS],
    out: &mut [f32],
) {
    let kernels = processor.kernels::<T>();
    let position_words = FILTERS / T::NUMBERS;
    let words = KERNEL_WIDTH * position_words;
    let product = FilterProduct {
        wide: kernels.pooled_wide,
        quad: kernels.pooled_quad,
        words,
        advance_words: POOL_WIDTH * position_words,
        seen_words: (POOL_WIDTH - 1) * position_words + words,
        bias: Some(bias),
    };
    product.run(positions, panels, out);
}

/// Products of rows with the panels of all filters.
struct FilterProduct<'a, T: 'static> {
    wide: &'static [Kernel<T>],
    quad: &'static [Kernel<T>],
    /// Words of each sum.
    words: usize,
    /// From what makes one row of outputs to what makes the next.
    advance_words: usize,
    /// Words that a kernel reads for one row of outputs.
    seen_words: usize,
    /// What the kernels add, if they add any.
    bias: Option<&'a [f32; FILTERS]>,
}

impl<T: KernelWord> FilterProduct<'_, T> {
    /// Fills `out`, `[rows][100]`.
    fn run(&self, values: &[T], panels: &Panels<T>, out: &mut [f32]) {
        let count = out.len() / FILTERS;
        assert!(panels.words() == self.words && panels.rest() == Rest::Quad && panels.width() == FILTERS);
        for (output, shape) in panels.shapes() {
            let list = match shape {
                Shape::Wide => self.wide,
                Shape::Quad => self.quad,
                Shape::Narrow => continue,
            };
            let panel = panels.panel(output, shape, 0..self.words);
            let bias = self.bias.map(|bias| &bias[output..output + shape.outputs()]);
            for first in (0..count).step_by(list.len()) {
                let size = list.len().min(count - first);
                let start = first * self.advance_words;
                let rows = &values[start..start + (size - 1) * self.advance_words + self.seen_words];
                let end = (first + size - 1) * FILTERS + output + shape.outputs();
                let block = Block {
                    words: self.words,
                    rows: rows.as_ptr(),
                    panel: panel.as_ptr(),
                    out: out[first * FILTERS + output..end].as_mut_ptr(),
                    out_stride: FILTERS,
                    accumulate: false,
                    bias: bias.map_or(std::ptr::null(), <[f32]>::as_ptr),
                };
                // SAFETY: rows, panel, bias and out were cut to what the kernel for `size` rows of outputs reads and
                // writes; only pooling kernels read the bias, and whoever names those names one.
                unsafe { list[size - 1](&block) };
            }
        }
    }
}

/// A matrix as it lies in memory: rows that are `stride` numbers apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    /// From the first number of the first row on.
    pub(crate) values: &'a [f32],
    /// From one row to the next.
    pub(crate) stride: usize,
}

/// Multiplies `rows` rows of `inner` numbers with a matrix of `inner` rows and `columns` columns, a multiple of 16. Replaces
/// `out`, whose rows are `out_stride` apart, or adds to it.
pub(crate) fn multiply_rows(
    processor: Processor,
    (rows, inner, columns): (usize, usize, usize),
    left: Rows<'_>,
    right: Rows<'_>,
    out: &mut [f32],
    out_stride: usize,
    accumulate: bool,
) {
    // Without wrapping round, whatever the build's checks.
    let reach = |rows: usize, stride: usize, columns: usize| match rows {
        0 => 0,
        rows => (rows - 1).saturating_mul(stride).saturating_add(columns),
    };
    assert!(columns.is_multiple_of(NARROW) && (out_stride >= columns || rows <= 1));
    assert!(left.values.len() >= reach(rows, left.stride, inner));
    assert!(
        right.values.len() >= reach(inner, right.stride, columns)
            && out.len() >= reach(rows, out_stride, columns)
    );
    let kernels = processor.row_kernels();
    // Blocks of like sizes: one of a few rows would read as much of the matrix as a full one.
    let most = rows.div_ceil(rows.div_ceil(kernels.wide.len()).max(1)).max(1);
    let mut column = 0;
    while column < columns {
        let (list, width) = match columns - column {
            NARROW => (kernels.narrow, NARROW),
            _ => (kernels.wide, WIDE),
        };
        for first in (0..rows).step_by(most) {
            let size = most.min(rows - first);
            let work = Product {
                inner,
                rows: left.values[first * left.stride..].as_ptr(),
                rows_stride: left.stride,
                matrix: right.values[if inner == 0 { 0 } else { column }..].as_ptr(),
                matrix_stride: right.stride,
                out: out[first * out_stride + column..].as_mut_ptr(),
                out_stride,
                accumulate,
            };
            // SAFETY: that all are as long as the kernel for `size` rows and `width` columns reads and writes was checked.
            unsafe { list[size - 1](&work) };
        }
        column += width;
    }
}

/// Adds the slices of `source` that `terms` name, each times its weight, to `out`: [`SLICE`] numbers.
pub(crate) fn add_weighted_slices(
    processor: Processor,
    source: &[f32],
    terms: &[Term],
    out: &mut [f32; SLICE],
) {
    assert!(terms.iter().all(|term| term.start as usize + SLICE <= source.len()));
    // SAFETY: all slices are within the source, as was checked.
    unsafe { (processor.row_kernels().slices)(source.as_ptr(), terms, out.as_mut_ptr()) };
}
