//! Products of matrices as they lie, without packing, and sums of weighted slices: for gradients.

use std::array::from_fn;

use super::super::panels::{NARROW, PADDED_FILTERS, WIDE};
use super::lanes::Lanes;
use crate::architecture::KERNEL_WIDTH;

/// Numbers of a slice that are summed up together: eight positions of a hundred filters, filled up to whole vectors.
pub(crate) const SLICE: usize = KERNEL_WIDTH * PADDED_FILTERS;

/// A slice and its weight.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Term {
    /// Where the slice starts.
    pub(crate) start: u32,
    /// What its numbers are multiplied with.
    pub(crate) weight: f32,
}

/// Rows `[rows][inner]` to be multiplied with a matrix `[inner][columns]`.
///
/// Whoever runs a kernel vouches that all reach as far as the kernel's rows and columns, `inner` and the strides, that `out`
/// is nobody else's, and that the processor has the instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product {
    /// Numbers of each sum.
    pub(super) inner: usize,
    /// First number of the first row.
    pub(super) rows: *const f32,
    /// From one row to the next.
    pub(super) rows_stride: usize,
    /// First number of the matrix.
    pub(super) matrix: *const f32,
    /// From one row of the matrix to the next.
    pub(super) matrix_stride: usize,
    /// First sum of the first row.
    pub(super) out: *mut f32,
    /// From the sums of one row to those of the next.
    pub(super) out_stride: usize,
    /// Whether to add to what is there.
    pub(super) accumulate: bool,
}

/// Multiplies `R` rows with `W` columns, `V` vectors at a time.
#[inline(always)]
unsafe fn product<L: Lanes<f32>, const R: usize, const V: usize, const W: usize>(work: &Product) {
    const { assert!(W.is_multiple_of(V * L::LANES), "the last vector would reach beyond the columns") };
    // SAFETY: see `Product`.
    unsafe {
        for column in (0..W).step_by(V * L::LANES) {
            let out =
                |row: usize, vector: usize| work.out.add(row * work.out_stride + column + vector * L::LANES);
            let mut sums = [[L::zero(); V]; R];
            if work.accumulate {
                sums = from_fn(|row| from_fn(|vector| L::load(out(row, vector))));
            }
            let mut matrix = work.matrix.wrapping_add(column);
            for index in 0..work.inner {
                let columns: [L::Words; V] = from_fn(|vector| L::words(matrix.add(vector * L::LANES)));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let value = L::splat(work.rows.add(row * work.rows_stride + index));
                    for (sum, columns) in sums.iter_mut().zip(columns) {
                        *sum = sum.add_products(value, columns);
                    }
                }
                matrix = matrix.wrapping_add(work.matrix_stride);
            }
            for (row, sums) in sums.into_iter().enumerate() {
                for (vector, sum) in sums.into_iter().enumerate() {
                    sum.store(out(row, vector));
                }
            }
        }
    }
}

/// Adds weighted slices to `out`, `V` vectors at a time. All must have [`SLICE`] numbers.
#[inline(always)]
unsafe fn add_slices<L: Lanes<f32>, const V: usize>(source: *const f32, terms: &[Term], out: *mut f32) {
    const { assert!(SLICE.is_multiple_of(V * L::LANES), "the last vector would reach beyond the slice") };
    // SAFETY: the caller's.
    unsafe {
        for part in (0..SLICE).step_by(V * L::LANES) {
            let mut sums: [L; V] = from_fn(|vector| L::load(out.add(part + vector * L::LANES)));
            for term in terms {
                let weight = L::splat(&raw const term.weight);
                let slice = source.add(term.start as usize + part);
                for (vector, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.add_products(weight, L::words(slice.add(vector * L::LANES)));
                }
            }
            for (vector, sum) in sums.into_iter().enumerate() {
                sum.store(out.add(part + vector * L::LANES));
            }
        }
    }
}

/// A kernel for products; see [`Product`].
pub(super) type ProductKernel = unsafe fn(&Product);
/// A kernel for sums of slices.
pub(super) type SliceKernel = unsafe fn(*const f32, &[Term], *mut f32);

/// Kernels of one set of instructions; number i of a list takes i + 1 rows.
#[derive(Debug)]
pub(super) struct RowKernels {
    /// 32 columns.
    pub(super) wide: &'static [ProductKernel],
    /// 16 columns.
    pub(super) narrow: &'static [ProductKernel],
    /// Sums of slices.
    pub(super) slices: SliceKernel,
}

macro_rules! row_kernels {
    (
        $name:ident, $lanes:ty, $([$($attribute:tt)*])? rows $($rows:literal)+,
        vectors $wide:literal $narrow:literal $slice:literal
    ) => {
        pub(super) const $name: &RowKernels = {
            $(#[$($attribute)*])?
            unsafe fn wide<const R: usize>(work: &Product) {
                // SAFETY: the caller's; so everywhere here.
                unsafe { product::<$lanes, R, $wide, WIDE>(work) }
            }

            $(#[$($attribute)*])?
            unsafe fn narrow<const R: usize>(work: &Product) {
                // SAFETY: as above.
                unsafe { product::<$lanes, R, $narrow, NARROW>(work) }
            }

            $(#[$($attribute)*])?
            unsafe fn slices(source: *const f32, terms: &[Term], out: *mut f32) {
                // SAFETY: as above.
                unsafe { add_slices::<$lanes, $slice>(source, terms, out) }
            }

            &RowKernels { wide: &[$(wide::<$rows>),+], narrow: &[$(narrow::<$rows>),+], slices }
        };
    };
}

row_kernels!(PORTABLE, super::portable::Four, rows 1 2 3 4, vectors 2 2 4);
#[cfg(target_arch = "x86_64")]
row_kernels!(
    AVX2, super::x86::Eight, [target_feature(enable = "avx2,fma")] rows 1 2 3 4 5 6, vectors 2 2 14
);
#[cfg(target_arch = "x86_64")]
row_kernels!(
    AVX512, super::x86::Sixteen, [target_feature(enable = "avx512f,fma")]
    rows 1 2 3 4 5 6 7 8 9 10 11 12, vectors 2 1 28
);
