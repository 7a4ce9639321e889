//! Sixteen sums.

use std::arch::x86_64::*;

use super::super::super::word::Bf16Pair;
use super::super::lanes::Lanes;

/// Sixteen sums in a register.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Sixteen(__m512);

macro_rules! lanes {
    ($word:ty, $words:ty, $cast:ident, |$sum:ident, $left:ident, $right:ident| $add_products:expr) => {
        // SAFETY: LANES is what the vector holds.
        unsafe impl Lanes<$word> for Sixteen {
            const LANES: usize = 16;
            type Words = $words;

            #[inline(always)]
            unsafe fn zero() -> Self {
                // SAFETY: the caller has AVX-512; so everywhere here.
                unsafe { Self(_mm512_setzero_ps()) }
            }

            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: the caller's memory; so everywhere here.
                unsafe { Self(_mm512_loadu_ps(from)) }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                // SAFETY: as above.
                unsafe { _mm512_storeu_ps(to, self.0) }
            }

            #[inline(always)]
            unsafe fn max(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { Self(_mm512_max_ps(self.0, other.0)) }
            }

            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { Self(_mm512_add_ps(self.0, other.0)) }
            }

            #[inline(always)]
            unsafe fn words(from: *const $word) -> $words {
                // SAFETY: as above.
                unsafe { $cast(_mm512_loadu_ps(from.cast())) }
            }

            #[inline(always)]
            unsafe fn splat(word: *const $word) -> $words {
                // SAFETY: as above.
                unsafe { $cast(_mm512_set1_ps(word.cast::<f32>().read_unaligned())) }
            }

            #[inline(always)]
            unsafe fn splat_quad(words: *const $word) -> $words {
                // SAFETY: as above.
                unsafe { $cast(_mm512_broadcast_f32x4(_mm_loadu_ps(words.cast()))) }
            }

            #[inline(always)]
            unsafe fn add_products(self, $left: $words, $right: $words) -> Self {
                let $sum = self.0;
                // SAFETY: as above.
                unsafe { Self($add_products) }
            }

            #[inline(always)]
            unsafe fn store_quad_sums(self, to: *mut f32) {
                // SAFETY: as above.
                unsafe {
                    let pairs = _mm512_add_ps(self.0, _mm512_permute_ps::<0b10_11_00_01>(self.0));
                    let sums = _mm512_add_ps(pairs, _mm512_permute_ps::<0b01_00_11_10>(pairs));
                    let first = _mm512_maskz_compress_ps(0b0001_0001_0001_0001, sums);
                    _mm_storeu_ps(to, _mm512_castps512_ps128(first));
                }
            }
        }
    };
}

#[inline(always)]
fn same(floats: __m512) -> __m512 {
    floats
}

#[inline(always)]
fn pairs(floats: __m512) -> __m512bh {
    // SAFETY: both are 64 bytes, all of whose values are valid.
    unsafe { std::mem::transmute::<__m512, __m512bh>(floats) }
}

lanes!(f32, __m512, same, |sum, left, right| _mm512_fmadd_ps(left, right, sum));
lanes!(Bf16Pair, __m512bh, pairs, |sum, left, right| _mm512_dpbf16_ps(sum, left, right));
