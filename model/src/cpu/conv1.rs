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

/// Weights of all filters by position of the kernel and base.
pub(crate) type Columns = [[Filters; BASES]; KERNEL_WIDTH];

impl Conv1 {
    /// Makes the tables of weights `[100][4][8]` and a bias `[100]`.
    pub(crate) fn new(weight: &[f32], bias: &[f32]) -> Self {
        let mut tables = Self { first: vec![[0.0; FILTERS]; CODES], last: vec![[0.0; FILTERS]; CODES] };
        tables.fill(&columns(weight), &std::array::from_fn(|filter| bias[filter]));
        tables
    }

    /// Makes the tables of other weights.
    #[inline(always)]
    pub(crate) fn fill(&mut self, columns: &Columns, bias: &Filters) {
        let (first, last) = columns.split_at(CODE_BASES);
        for (table, columns, start) in
            [(&mut self.first, first, bias), (&mut self.last, last, &[0.0; FILTERS])]
        {
            // From the first base to the last: what begins alike is next to each other.
            let mut known = vec![*start];
            for columns in columns {
                let mut longer = Vec::with_capacity(known.len() * LETTERS);
                for sum in &known {
                    longer.extend(columns.iter().map(|column| added(sum, column)));
                    longer.push(*sum);
                }
                known = longer;
            }
            table.copy_from_slice(&known);
        }
    }

    /// Rows of the tables that make four positions of which one is kept.
    #[inline(always)]
    fn rows<'a>(
        &'a self,
        first: &[u16; POOL_WIDTH],
        last: &[u16; POOL_WIDTH],
    ) -> [(&'a Filters, &'a Filters); POOL_WIDTH] {
        std::array::from_fn(|position| {
            (&self.first[usize::from(first[position])], &self.last[usize::from(last[position])])
        })
    }

    /// Pooled and rectified positions of the bases whose codes are given, as many as `out` holds.
    #[inline(always)]
    pub(crate) fn pooled(&self, codes: &[u16], out: &mut [Filters]) {
        for (out, (first, last)) in out.iter_mut().zip(pooled_codes(codes)) {
            let rows = self.rows(first, last);
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

    /// As [`Conv1::pooled`], with which of the four positions each is, the first of equal ones.
    #[inline(always)]
    pub(crate) fn pooled_and_choices(&self, codes: &[u16], out: &mut [Filters], choices: &mut [Choices]) {
        for ((out, choices), (first, last)) in out.iter_mut().zip(choices).zip(pooled_codes(codes)) {
            let rows = self.rows(first, last);
            for start in CHUNKS {
                let mut largest = [0f32; CHUNK];
                let mut choice = [0u32; CHUNK];
                for (position, (first, last)) in (0u32..).zip(rows) {
                    let (first, last) = (chunk(first, start), chunk(last, start));
                    for lane in 0..CHUNK {
                        let value = first[lane] + last[lane];
                        let larger = value > largest[lane];
                        largest[lane] = if larger { value } else { largest[lane] };
                        choice[lane] = if larger { position } else { choice[lane] };
                    }
                }
                out[start..start + CHUNK].copy_from_slice(&largest);
                choices[start..start + CHUNK].copy_from_slice(&choice.map(|choice| choice as u8));
            }
        }
    }
}

/// Which of four positions each filter's pooled one is.
pub(crate) type Choices = [u8; FILTERS];

/// Codes of the two halves of the kernel at each four positions that are pooled.
#[inline(always)]
pub(crate) fn pooled_codes(codes: &[u16]) -> impl Iterator<Item = (&[u16; POOL_WIDTH], &[u16; POOL_WIDTH])> {
    let last = codes.get(CODE_BASES..).unwrap_or_default();
    codes.as_chunks().0.iter().zip(last.as_chunks().0)
}

/// Weights `[100][4][8]` by position and base.
pub(crate) fn columns(weight: &[f32]) -> Box<Columns> {
    Box::new(std::array::from_fn(|position| {
        std::array::from_fn(|base| {
            std::array::from_fn(|filter| weight[(filter * BASES + base) * KERNEL_WIDTH + position])
        })
    }))
}

#[inline(always)]
pub(crate) fn added(left: &Filters, right: &Filters) -> Filters {
    std::array::from_fn(|filter| left[filter] + right[filter])
}
