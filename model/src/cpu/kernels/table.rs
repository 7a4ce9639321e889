//! Kernels for each number of rows, compiled for each set of instructions.

use super::super::panels::{NARROW, WIDE};
use super::super::word::{Bf16Pair, Word};
use super::lanes::{Block, multiply, multiply_and_pool, multiply_and_pool_quad, multiply_quad};
use super::portable::Four;
use crate::architecture::FILTERS;

/// A kernel; see [`Block`] for what its caller vouches for.
pub(crate) type Kernel<T> = unsafe fn(&Block<T>);

/// Kernels of one set of instructions; number i of a list takes i + 1 rows.
#[derive(Debug)]
pub(crate) struct Kernels<T: 'static> {
    /// Packed rows, wide panels.
    pub(super) packed_wide: &'static [Kernel<T>],
    /// Packed rows, narrow panels.
    pub(super) packed_narrow: &'static [Kernel<T>],
    /// Rows of two tiles, wide panels.
    pub(super) tiles_wide: &'static [Kernel<T>],
    /// Rows of two tiles, quad panels.
    pub(super) tiles_quad: &'static [Kernel<T>],
    /// Positions pooled by four, wide panels; number i takes 4 * (i + 1) rows. For the direct method, which the engine's own
    /// is measured against.
    pub(super) pooled_wide: &'static [Kernel<T>],
    /// Positions pooled by four, quad panels.
    pub(super) pooled_quad: &'static [Kernel<T>],
}

/// A word that there are kernels for.
pub(crate) trait KernelWord: Word {
    /// Kernels in plain Rust.
    const PORTABLE: &'static Kernels<Self>;
    /// Kernels with AVX2 and FMA, if there are any.
    const AVX2: Option<&'static Kernels<Self>>;
    /// Kernels with AVX-512, if there are any.
    const AVX512: Option<&'static Kernels<Self>>;
}

macro_rules! kernels {
    (
        $module:ident, $word:ty, $lanes:ty, $([$($attribute:tt)*])? rows $($rows:literal)+, pooled $($pooled:literal)+,
        vectors $wide:literal $narrow:literal $quad:literal
    ) => {
        mod $module {
            use super::*;

            /// Words of a position, and of a row of two tiles.
            const POSITION: usize = FILTERS / <$word as Word>::NUMBERS;
            const TILES: usize = 2 * POSITION;

            $(#[$($attribute)*])?
            unsafe fn packed_wide<const R: usize>(block: &Block<$word>) {
                // SAFETY: the caller's; so everywhere here.
                unsafe { multiply::<$lanes, $word, R, $wide, 1, R, WIDE>(block) }
            }

            $(#[$($attribute)*])?
            unsafe fn packed_narrow<const R: usize>(block: &Block<$word>) {
                // SAFETY: as above.
                unsafe { multiply::<$lanes, $word, R, $narrow, 1, R, NARROW>(block) }
            }

            $(#[$($attribute)*])?
            unsafe fn tiles_wide<const R: usize>(block: &Block<$word>) {
                // SAFETY: as above.
                unsafe { multiply::<$lanes, $word, R, $wide, TILES, 1, WIDE>(block) }
            }

            $(#[$($attribute)*])?
            unsafe fn tiles_quad<const R: usize>(block: &Block<$word>) {
                // SAFETY: as above.
                unsafe { multiply_quad::<$lanes, $word, R, $quad, TILES>(block) }
            }

            $(#[$($attribute)*])?
            unsafe fn pooled_wide<const R: usize>(block: &Block<$word>) {
                // SAFETY: as above.
                unsafe { multiply_and_pool::<$lanes, $word, R, $wide, POSITION, 1, WIDE>(block) }
            }

            $(#[$($attribute)*])?
            unsafe fn pooled_quad<const R: usize>(block: &Block<$word>) {
                // SAFETY: as above.
                unsafe { multiply_and_pool_quad::<$lanes, $word, R, $quad, POSITION>(block) }
            }

            pub(super) const KERNELS: &Kernels<$word> = &Kernels {
                packed_wide: &[$(packed_wide::<$rows>),+],
                packed_narrow: &[$(packed_narrow::<$rows>),+],
                tiles_wide: &[$(tiles_wide::<$rows>),+],
                tiles_quad: &[$(tiles_quad::<$rows>),+],
                pooled_wide: &[$(pooled_wide::<$pooled>),+],
                pooled_quad: &[$(pooled_quad::<$pooled>),+],
            };
        }
    };
}

kernels!(
    portable, f32, Four, rows 1 2 3 4, pooled 4, vectors 2 2 4
);
kernels!(
    portable_bf16, Bf16Pair, Four, rows 1 2 3 4, pooled 4, vectors 2 2 4
);
// Six rows by two vectors of eight fill 12 of 16 registers.
#[cfg(target_arch = "x86_64")]
kernels!(
    avx2, f32, super::super::x86::Eight, [target_feature(enable = "avx2,fma")]
    rows 1 2 3 4 5 6, pooled 4, vectors 2 2 2
);
// Twelve rows by two vectors of sixteen fill 24 of 32 registers.
#[cfg(target_arch = "x86_64")]
kernels!(
    avx512, f32, super::super::x86::Sixteen, [target_feature(enable = "avx512f,fma")]
    rows 1 2 3 4 5 6 7 8 9 10 11 12, pooled 4 8 12, vectors 2 1 1
);
#[cfg(target_arch = "x86_64")]
kernels!(
    avx512_bf16, Bf16Pair, super::super::x86::Sixteen, [target_feature(enable = "avx512f,avx512bf16")]
    rows 1 2 3 4 5 6 7 8 9 10 11 12, pooled 4 8 12, vectors 2 1 1
);

impl KernelWord for f32 {
    const PORTABLE: &'static Kernels<Self> = portable::KERNELS;
    #[cfg(target_arch = "x86_64")]
    const AVX2: Option<&'static Kernels<Self>> = Some(avx2::KERNELS);
    #[cfg(target_arch = "x86_64")]
    const AVX512: Option<&'static Kernels<Self>> = Some(avx512::KERNELS);
    #[cfg(not(target_arch = "x86_64"))]
    const AVX2: Option<&'static Kernels<Self>> = None;
    #[cfg(not(target_arch = "x86_64"))]
    const AVX512: Option<&'static Kernels<Self>> = None;
}

impl KernelWord for Bf16Pair {
    const PORTABLE: &'static Kernels<Self> = portable_bf16::KERNELS;
    const AVX2: Option<&'static Kernels<Self>> = None;
    #[cfg(target_arch = "x86_64")]
    const AVX512: Option<&'static Kernels<Self>> = Some(avx512_bf16::KERNELS);
    #[cfg(not(target_arch = "x86_64"))]
    const AVX512: Option<&'static Kernels<Self>> = None;
}
