//! The blocks of products, for vectors of any width.

use std::array::from_fn;

use super::super::panels::QUAD;
use super::super::word::Word;
use crate::architecture::POOL_WIDTH;

/// A vector of sums of products of words `T`.
///
/// # Safety
/// [`Lanes::LANES`] must be what `load`, `store` and `words` read and write: kernels count on it.
pub(super) unsafe trait Lanes<T: Word>: Copy {
    /// Sums in a vector.
    const LANES: usize;
    /// As many words.
    type Words: Copy;

    /// All 0.
    unsafe fn zero() -> Self;
    /// From memory.
    unsafe fn load(from: *const f32) -> Self;
    /// To memory.
    unsafe fn store(self, to: *mut f32);
    /// The larger of each.
    unsafe fn max(self, other: Self) -> Self;
    /// Sums of each.
    unsafe fn add(self, other: Self) -> Self;
    /// Words from memory.
    unsafe fn words(from: *const T) -> Self::Words;
    /// One word in all places.
    unsafe fn splat(word: *const T) -> Self::Words;
    /// Four words, again and again.
    unsafe fn splat_quad(words: *const T) -> Self::Words;
    /// Adds products of words.
    unsafe fn add_products(self, left: Self::Words, right: Self::Words) -> Self;
    /// Stores the sum of each four neighbours.
    unsafe fn store_quad_sums(self, to: *mut f32);
}

/// Rows to be multiplied with a panel.
///
/// Whoever runs a kernel vouches that `rows`, `panel`, `bias` and `out` reach as far as the kernel's rows, `words` and
/// outputs, that `out` is nobody else's, and that the processor has the instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<T> {
    /// Words of each sum.
    pub(super) words: usize,
    /// First word of the first row.
    pub(super) rows: *const T,
    /// First word of the panel.
    pub(super) panel: *const T,
    /// First output of the first row.
    pub(super) out: *mut f32,
    /// From the outputs of one row to those of the next.
    pub(super) out_stride: usize,
    /// Whether to add to what is there.
    pub(super) accumulate: bool,
    /// Bias of the first output, where rows are pooled.
    pub(super) bias: *const f32,
}

/// Sums of `R` rows for `V` vectors of outputs from `column` on, of a panel `[words][W]`. Row r has word w at
/// `r * RS + w * WS`.
#[inline(always)]
unsafe fn sums<
    L: Lanes<T>,
    T: Word,
    const R: usize,
    const V: usize,
    const RS: usize,
    const WS: usize,
    const W: usize,
>(
    block: &Block<T>,
    column: usize,
    mut sums: [[L; V]; R],
) -> [[L; V]; R] {
    // SAFETY: see `Block`.
    unsafe {
        let mut panel = block.panel.add(column);
        let mut rows = block.rows;
        for _ in 0..block.words {
            let weights: [L::Words; V] = from_fn(|vector| L::words(panel.add(vector * L::LANES)));
            for (row, sums) in sums.iter_mut().enumerate() {
                let value = L::splat(rows.add(row * RS));
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = sum.add_products(value, weights);
                }
            }
            panel = panel.wrapping_add(W);
            rows = rows.wrapping_add(WS);
        }
        sums
    }
}

/// Multiplies `R` rows with a panel `[words][W]`.
#[inline(always)]
pub(super) unsafe fn multiply<
    L: Lanes<T>,
    T: Word,
    const R: usize,
    const V: usize,
    const RS: usize,
    const WS: usize,
    const W: usize,
>(
    block: &Block<T>,
) {
    const { assert!(W.is_multiple_of(V * L::LANES), "the last vector would reach beyond the panel") };
    // SAFETY: see `Block`.
    unsafe {
        for column in (0..W).step_by(V * L::LANES) {
            let out = |row: usize, vector: usize| {
                block.out.add(row * block.out_stride + column + vector * L::LANES)
            };
            let mut start = [[L::zero(); V]; R];
            if block.accumulate {
                start = from_fn(|row| from_fn(|vector| L::load(out(row, vector))));
            }
            let sums = sums::<L, T, R, V, RS, WS, W>(block, column, start);
            for (row, sums) in sums.into_iter().enumerate() {
                for (vector, sum) in sums.into_iter().enumerate() {
                    sum.store(out(row, vector));
                }
            }
        }
    }
}

/// As [`multiply`]; of each four rows the largest sum is kept, with the bias added, and what is negative is 0.
#[inline(always)]
pub(super) unsafe fn multiply_and_pool<
    L: Lanes<T>,
    T: Word,
    const R: usize,
    const V: usize,
    const RS: usize,
    const WS: usize,
    const W: usize,
>(
    block: &Block<T>,
) {
    const { assert!(W.is_multiple_of(V * L::LANES), "the last vector would reach beyond the panel") };
    // SAFETY: see `Block`.
    unsafe {
        for column in (0..W).step_by(V * L::LANES) {
            let sums = sums::<L, T, R, V, RS, WS, W>(block, column, [[L::zero(); V]; R]);
            for (pooled, rows) in sums.chunks_exact(POOL_WIDTH).enumerate() {
                let largest: [L; V] = from_fn(|vector| {
                    let of = |row: usize| rows[row][vector];
                    of(0).max(of(1)).max(of(2).max(of(3)))
                });
                for (vector, largest) in largest.into_iter().enumerate() {
                    let place = column + vector * L::LANES;
                    let value = largest.add(L::load(block.bias.add(place))).max(L::zero());
                    value.store(block.out.add(pooled * block.out_stride + place));
                }
            }
        }
    }
}

/// Sums of `R` rows for the four outputs of a quad panel, in `V` vectors of partial sums for each.
#[inline(always)]
unsafe fn quad_sums<L: Lanes<T>, T: Word, const R: usize, const V: usize, const RS: usize>(
    block: &Block<T>,
) -> [[L; V]; R] {
    const { assert!(V * L::LANES == QUAD * QUAD, "four outputs by four words") };
    // SAFETY: see `Block`.
    unsafe {
        let mut sums = [[L::zero(); V]; R];
        let (mut panel, mut rows) = (block.panel, block.rows);
        for _ in 0..block.words / QUAD {
            let weights: [L::Words; V] = from_fn(|vector| L::words(panel.add(vector * L::LANES)));
            for (row, sums) in sums.iter_mut().enumerate() {
                let value = L::splat_quad(rows.add(row * RS));
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = sum.add_products(value, weights);
                }
            }
            panel = panel.wrapping_add(QUAD * QUAD);
            rows = rows.wrapping_add(QUAD);
        }
        sums
    }
}

/// Multiplies `R` rows with a quad panel; what is there is replaced.
#[inline(always)]
pub(super) unsafe fn multiply_quad<L: Lanes<T>, T: Word, const R: usize, const V: usize, const RS: usize>(
    block: &Block<T>,
) {
    // SAFETY: see `Block`.
    unsafe {
        for (row, sums) in quad_sums::<L, T, R, V, RS>(block).into_iter().enumerate() {
            for (vector, sum) in sums.into_iter().enumerate() {
                sum.store_quad_sums(block.out.add(row * block.out_stride + vector * L::LANES / QUAD));
            }
        }
    }
}

/// As [`multiply_and_pool`] with a quad panel.
#[inline(always)]
pub(super) unsafe fn multiply_and_pool_quad<
    L: Lanes<T>,
    T: Word,
    const R: usize,
    const V: usize,
    const RS: usize,
>(
    block: &Block<T>,
) {
    // SAFETY: see `Block`.
    unsafe {
        let mut sums = [[0f32; QUAD]; R];
        for (out, partial) in sums.iter_mut().zip(quad_sums::<L, T, R, V, RS>(block)) {
            for (vector, partial) in partial.into_iter().enumerate() {
                partial.store_quad_sums(out.as_mut_ptr().add(vector * L::LANES / QUAD));
            }
        }
        for (pooled, rows) in sums.chunks_exact(POOL_WIDTH).enumerate() {
            for output in 0..QUAD {
                let largest = rows.iter().fold(f32::NEG_INFINITY, |largest, row| largest.max(row[output]));
                let value = (largest + *block.bias.add(output)).max(0.0);
                *block.out.add(pooled * block.out_stride + output) = value;
            }
        }
    }
}
