//! What products are made of: 32-bit words that hold one number, or two of half the width.

use std::fmt::Debug;

/// A word of a row or of a matrix.
pub(crate) trait Word: Copy + Debug + Default + Send + Sync + 'static {
    /// Numbers in a word: neighbours along the sum of a product.
    const NUMBERS: usize;

    /// Activations that differ by no more than this share may be the same but for rounding.
    const SAME_SHARE: f32;

    /// Numbers as words, rounded to what a word can hold. `numbers` has [`Word::NUMBERS`] for each word; missing ones
    /// are 0.
    fn of(numbers: &[f32]) -> Self;

    /// One of the numbers that a word holds, as it counts in a product.
    fn number(self, index: usize) -> f32;

    /// The numbers of words as they lie, if each is one.
    fn numbers(words: &[Self]) -> Option<&[f32]>;
}

impl Word for f32 {
    const NUMBERS: usize = 1;
    // Toom-Cook loses about three of 24 bits.
    const SAME_SHARE: f32 = 1.0 / (1 << 18) as f32;

    #[inline(always)]
    fn of(numbers: &[f32]) -> Self {
        numbers.first().copied().unwrap_or(0.0)
    }

    #[inline(always)]
    fn number(self, _index: usize) -> f32 {
        self
    }

    fn numbers(words: &[Self]) -> Option<&[f32]> {
        Some(words)
    }
}

/// Two numbers of the format bfloat16 (the upper half of a 32-bit float), the first in the lower half.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(transparent)]
pub(crate) struct Bf16Pair(u32);

impl Word for Bf16Pair {
    const NUMBERS: usize = 2;
    // As much of eight bits.
    const SAME_SHARE: f32 = 1.0 / (1 << 5) as f32;

    #[inline(always)]
    fn of(numbers: &[f32]) -> Self {
        let bits = |index: usize| numbers.get(index).map_or(0, |&number| rounded(number));
        Self(bits(0) >> 16 | bits(1) & 0xffff_0000)
    }

    #[inline(always)]
    fn number(self, index: usize) -> f32 {
        f32::from_bits(if index == 0 { self.0 << 16 } else { self.0 & 0xffff_0000 })
    }

    fn numbers(_words: &[Self]) -> Option<&[f32]> {
        None
    }
}

/// Bits of a finite number whose upper half is the nearest bfloat16, ties to even.
#[inline(always)]
fn rounded(number: f32) -> u32 {
    let bits = number.to_bits();
    bits.wrapping_add(0x7fff + (bits >> 16 & 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bfloat16_rounds_to_the_nearest_and_ties_to_even() {
        let through = |number: f32| Bf16Pair::of(&[number, -number]);
        let through = |number: f32| [0, 1].map(|index| through(number).number(index));
        assert_eq!(through(1.0), [1.0, -1.0]);
        // 2^-8 is half of the last place of 1.
        assert_eq!(through(1.0 + 1.0 / 256.0), [1.0, -1.0]);
        assert_eq!(through(1.0 + 3.0 / 256.0), [1.0 + 4.0 / 256.0, -1.0 - 4.0 / 256.0]);
        assert_eq!(through(1.004), [1.0078125, -1.0078125]);
        assert_eq!([0, 1].map(|index| Bf16Pair::of(&[2.0]).number(index)), [2.0, 0.0]);
    }
}
