//! Random numbers of training, the same on every machine for one seed and independent of other threads.

use crate::architecture::Parameter;
use crate::weights::{initial_limit, split_mix_64};

/// A stream of random numbers: xoshiro256++ (Blackman and Vigna 2021), fast enough for dropout masks.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    state: [u64; 4],
}

impl Stream {
    /// The stream of a seed for one purpose; streams of different purposes do not touch each other.
    pub(super) fn new(seed: u64, purpose: u64) -> Self {
        let mut mixer = seed ^ purpose.wrapping_mul(0xd134_2543_de82_ef95);
        Self { state: std::array::from_fn(|_| split_mix_64(&mut mixer)) }
    }

    fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number below `bound`, which must be positive. The bias of the multiplication is below 2^-32.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Shuffles in place (Fisher and Yates).
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// Dropout multipliers: 0 with the given probability, to 1/65536, else what keeps the mean at 1.
    pub(super) fn dropout(&mut self, count: usize, rate: f64) -> Vec<f32> {
        let (threshold, multiplier) = (threshold(rate), kept_multiplier(rate));
        let mut values = vec![0.0; count];
        for four in values.chunks_mut(4) {
            for (value, draw) in four.iter_mut().zip(self.draws()) {
                *value = if draw < threshold { 0.0 } else { multiplier };
            }
        }
        values
    }

    /// Which of so many values dropout keeps, a bit each, lowest first: set where [`Stream::dropout`] gives no zero.
    pub(super) fn kept(&mut self, bits: &mut [u8], count: usize, rate: f64) {
        let threshold = threshold(rate);
        let mut fours = count.div_ceil(4);
        for byte in bits.iter_mut().take(count.div_ceil(8)) {
            *byte = 0;
            for half in 0..fours.min(2) {
                for (place, draw) in self.draws().into_iter().enumerate() {
                    *byte |= u8::from(draw >= threshold) << (4 * half + place);
                }
            }
            fours = fours.saturating_sub(2);
        }
    }

    fn draws(&mut self) -> [u16; 4] {
        let bits = self.next();
        std::array::from_fn(|part| (bits >> (16 * part)) as u16)
    }

    /// First weights of a tensor: Glorot's uniform distribution, zero for biases.
    pub(super) fn initial(&mut self, parameter: &Parameter) -> Vec<f32> {
        let Some(limit) = initial_limit(parameter) else { return vec![0.0; parameter.elements()] };
        (0..parameter.elements())
            .map(|_| {
                let unit = (self.next() >> 40) as f64 / f64::from(1u32 << 24);
                ((2.0 * unit - 1.0) * limit) as f32
            })
            .collect()
    }
}

/// Draws of 16 bits below this are dropped.
fn threshold(rate: f64) -> u16 {
    (rate * 65_536.0).round() as u16
}

/// What values that dropout keeps are multiplied by, so that the mean stays.
pub(super) fn kept_multiplier(rate: f64) -> f32 {
    (1.0 / (1.0 - f64::from(threshold(rate)) / 65_536.0)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropout_keeps_the_mean() {
        let values = Stream::new(3, 1).dropout(100_001, 0.15);
        assert_eq!(values.len(), 100_001);
        let dropped = values.iter().filter(|&&value| value == 0.0).count() as f64 / 100_001.0;
        assert!((dropped - 0.15).abs() < 0.01, "{dropped}");
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / 100_001.0;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        assert!(Stream::new(3, 1).dropout(1000, 0.0).iter().all(|&value| value == 1.0));
    }

    #[test]
    fn what_is_kept_is_what_is_not_zero() {
        for count in [1, 4, 7, 1000] {
            let values = Stream::new(9, 3).dropout(count, 0.3);
            let mut bits = vec![0; count.div_ceil(8)];
            let mut stream = Stream::new(9, 3);
            stream.kept(&mut bits, count, 0.3);
            let kept = |place: usize| f32::from((bits[place / 8] >> (place % 8)) & 1);
            let multiplied: Vec<f32> = (0..count).map(|place| kept(place) * kept_multiplier(0.3)).collect();
            // As much was drawn, too.
            let mut other = Stream::new(9, 3);
            other.dropout(count, 0.3);
            assert_eq!(stream.below(1000), other.below(1000));
            assert_eq!(values, multiplied);
        }
    }

    #[test]
    fn streams_differ_by_seed_and_purpose_only() {
        let draw = |seed, purpose| -> Vec<usize> {
            let mut stream = Stream::new(seed, purpose);
            (0..8).map(|_| stream.below(1000)).collect()
        };
        assert_eq!(draw(1, 1), draw(1, 1));
        assert_ne!(draw(1, 1), draw(1, 2));
        assert_ne!(draw(1, 1), draw(2, 1));
        assert!(draw(1, 1).iter().all(|&value| value < 1000));
    }

    #[test]
    fn shuffle_is_a_permutation() {
        let mut items: Vec<usize> = (0..100).collect();
        Stream::new(5, 0).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
