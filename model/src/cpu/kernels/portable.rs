//! Vectors of four sums in plain Rust, for processors without AVX2.

use super::super::word::{Bf16Pair, Word};
use super::lanes::Lanes;

/// Four sums.
#[derive(Clone, Copy, Debug)]
pub(super) struct Four([f32; 4]);

macro_rules! lanes {
    ($word:ty, |$sum:ident, $left:ident, $right:ident| $add_product:expr) => {
        // SAFETY: LANES is what the vector holds.
        unsafe impl Lanes<$word> for Four {
            const LANES: usize = 4;
            type Words = [$word; 4];

            #[inline(always)]
            unsafe fn zero() -> Self {
                Self([0.0; 4])
            }

            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: the caller's.
                unsafe { Self(from.cast::<[f32; 4]>().read_unaligned()) }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                // SAFETY: the caller's.
                unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) }
            }

            #[inline(always)]
            unsafe fn max(self, other: Self) -> Self {
                Self(std::array::from_fn(|lane| {
                    if self.0[lane] > other.0[lane] { self.0[lane] } else { other.0[lane] }
                }))
            }

            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                Self(std::array::from_fn(|lane| self.0[lane] + other.0[lane]))
            }

            #[inline(always)]
            unsafe fn words(from: *const $word) -> Self::Words {
                // SAFETY: the caller's.
                unsafe { from.cast::<Self::Words>().read_unaligned() }
            }

            #[inline(always)]
            unsafe fn splat(word: *const $word) -> Self::Words {
                // SAFETY: the caller's.
                unsafe { [*word; 4] }
            }

            #[inline(always)]
            unsafe fn splat_quad(words: *const $word) -> Self::Words {
                // SAFETY: the caller's.
                unsafe { <Self as Lanes<$word>>::words(words) }
            }

            #[inline(always)]
            unsafe fn add_products(self, left: Self::Words, right: Self::Words) -> Self {
                Self(std::array::from_fn(|lane| {
                    let ($sum, $left, $right) = (self.0[lane], left[lane], right[lane]);
                    $add_product
                }))
            }

            #[inline(always)]
            unsafe fn store_quad_sums(self, to: *mut f32) {
                // SAFETY: the caller's.
                unsafe { *to = (self.0[0] + self.0[1]) + (self.0[2] + self.0[3]) }
            }
        }
    };
}

lanes!(f32, |sum, left, right| sum + left * right);
lanes!(Bf16Pair, |sum, left, right| {
    sum + left.number(0) * right.number(0) + left.number(1) * right.number(1)
});
