//! Eight sums.

use std::arch::x86_64::*;

use super::super::lanes::Lanes;

/// Eight sums in a register.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Eight(__m256);

// SAFETY: LANES is what the vector holds.
unsafe impl Lanes<f32> for Eight {
    const LANES: usize = 8;
    type Words = __m256;

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the caller has AVX2 and FMA; so everywhere here.
        unsafe { Self(_mm256_setzero_ps()) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's memory; so everywhere here.
        unsafe { Self(_mm256_loadu_ps(from)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as above.
        unsafe { _mm256_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_max_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_add_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn words(from: *const f32) -> __m256 {
        // SAFETY: as above.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn splat(word: *const f32) -> __m256 {
        // SAFETY: as above.
        unsafe { _mm256_set1_ps(*word) }
    }

    #[inline(always)]
    unsafe fn splat_quad(words: *const f32) -> __m256 {
        // SAFETY: as above.
        unsafe {
            let quad = _mm_loadu_ps(words);
            _mm256_set_m128(quad, quad)
        }
    }

    #[inline(always)]
    unsafe fn add_products(self, left: __m256, right: __m256) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_fmadd_ps(left, right, self.0)) }
    }

    #[inline(always)]
    unsafe fn store_quad_sums(self, to: *mut f32) {
        // SAFETY: as above.
        unsafe {
            let pairs = _mm256_add_ps(self.0, _mm256_permute_ps::<0b10_11_00_01>(self.0));
            let sums = _mm256_add_ps(pairs, _mm256_permute_ps::<0b01_00_11_10>(pairs));
            *to = _mm256_cvtss_f32(sums);
            *to.add(1) = _mm_cvtss_f32(_mm256_extractf128_ps::<1>(sums));
        }
    }
}
