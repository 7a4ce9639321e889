//! The first convolution with ReLU and pooling, by table.
//!
//! A kernel of width 8 over one-hot bases adds one column of weights for each base, so that every position is the sum of
//! two rows of tables: one of the first four bases, one of the last four.

use super::codes::{CODE_BASES, CODES, LETTERS};
use crate::architecture::{BASES, FILTERS, KERNEL_WIDTH, POOL_WIDTH};

/// All filters at one position.
pub(crate) type Filters = [f32; FILTERS];

/// Filters that are calculated at once.
pub(crate) const CHUNK: usize = 16;
/// Where chunks start; the last two overlap, for a hundred is no multiple of sixteen.
pub(crate) const CHUNKS: [usize; 7] = [0, 16, 32, 48, 64, 80, FILTERS - CHUNK];

/// A part of the filters at one position.
pub(crate) fn chunk(filters: &Filters, start: usize) -> &[f32; CHUNK] {
    filters[start..].first_chunk().unwrap_or(&[0.0; CHUNK])
}

/// Sums of the weights of four bases by their code.
#[derive(Debug)]
pub(crate) struct Conv1 {
    /// Of the first four bases, with the bias.
    first: Vec<Filters>,
    /// Of the last four.
    last: Vec<Filters>,
}

impl Conv1 {
    /// Makes the tables of weights `[100][4][8]` and a bias `[100]`.
    pub(crate) fn new(weight: &[f32], bias: &[f32]) -> Self {
        let table = |offset: usize, start: &dyn Fn(usize) -> f32| {
            (0..CODES)
                .map(|code| {
                    std::array::from_fn(|filter| {
                        let mut sum = start(filter);
                        for position in 0..CODE_BASES {
                            let power = LETTERS.pow((CODE_BASES - 1 - position) as u32);
                            let base = code / power % LETTERS;
                            if base < BASES {
                                sum += weight[(filter * BASES + base) * KERNEL_WIDTH + offset + position];
                            }
                        }
                        sum
                    })
                })
                .collect()
        };
        Self { first: table(0, &|filter| bias[filter]), last: table(CODE_BASES, &|_| 0.0) }
    }

    /// Pooled and rectified positions of the bases whose codes are given, as many as `out` holds.
    #[inline(always)]
    pub(crate) fn pooled(&self, codes: &[u16], out: &mut [Filters]) {
        let last_codes = codes.get(CODE_BASES..).unwrap_or_default();
        let positions = codes.chunks_exact(POOL_WIDTH).zip(last_codes.chunks_exact(POOL_WIDTH));
        for (out, (first, last)) in out.iter_mut().zip(positions) {
            let rows: [(&Filters, &Filters); POOL_WIDTH] = std::array::from_fn(|position| {
                (&self.first[usize::from(first[position])], &self.last[usize::from(last[position])])
            });
            for start in CHUNKS {
                let mut largest = [0f32; CHUNK];
                for (first, last) in rows {
                    let (first, last) = (chunk(first, start), chunk(last, start));
                    for ((largest, first), last) in largest.iter_mut().zip(first).zip(last) {
                        let value = first + last;
                        *largest = if value > *largest { value } else { *largest };
                    }
                }
                out[start..start + CHUNK].copy_from_slice(&largest);
            }
        }
    }
}
