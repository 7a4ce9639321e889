//! Windows as every model reads them.

use std::ops::Range;

use polaris_genomics::RegionClass;

use super::HEAD_SHARE;
use super::codes::codes;
use super::conv2::SEEN;
use crate::architecture::{KERNEL_WIDTH, POOL_WIDTH, pooled2_positions};
use crate::ensemble::{Substitution, WindowInput};

/// Bases from what one pooled position of the second convolution sees to what the next one does.
const PITCH: usize = POOL_WIDTH * POOL_WIDTH;

/// A window, encoded once for all models.
#[derive(Debug)]
pub(crate) struct EncodedWindow<'a> {
    /// 4-mers of the sequence.
    pub(super) codes: Vec<u16>,
    /// Positions of the second pooling.
    positions: usize,
    pub(super) region: Option<RegionClass>,
    pub(super) expression: &'a [f32],
    /// In the order of the rows.
    pub(super) alleles: Vec<EncodedAllele>,
}

/// What a substitution changes.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct EncodedAllele {
    /// Positions of the second pooling that it reaches.
    pub(super) reach: Range<usize>,
    /// 4-mers of the bases that these see.
    pub(super) codes: Vec<u16>,
}

impl<'a> EncodedWindow<'a> {
    /// Encodes a window, with some alleles of it.
    pub(crate) fn new(window: &'a WindowInput, alleles: Vec<EncodedAllele>) -> Self {
        Self {
            codes: codes(&window.sequence),
            positions: pooled2_positions(window.sequence.len()),
            region: window.region,
            expression: &window.expression,
            alleles,
        }
    }

    /// Encodes a window with all its substitutions, which lie in it, several times if they are more work than `most`.
    pub(crate) fn pieces(window: &'a WindowInput, most: usize) -> Vec<Self> {
        let mut pieces = vec![Self::new(window, Vec::new())];
        let mut work = 0;
        for change in &window.substitutions {
            let allele = EncodedAllele::new(&window.sequence, change);
            work += allele.work(pooled2_positions(window.sequence.len()));
            if work > most {
                pieces.push(Self::new(window, Vec::new()));
                work = 0;
            }
            if let Some(piece) = pieces.last_mut() {
                piece.alleles.push(allele);
            }
        }
        pieces
    }

    /// What it costs, in positions of the second pooling.
    pub(crate) fn work(&self) -> usize {
        let alleles = self.alleles.iter().map(|allele| allele.work(self.positions));
        self.positions + alleles.sum::<usize>()
    }

    /// Substitutions encoded with it.
    pub(crate) fn alleles(&self) -> usize {
        self.alleles.len()
    }
}

impl EncodedAllele {
    /// What it costs beside its window, in positions of the second pooling, of which the window has `positions`.
    fn work(&self, positions: usize) -> usize {
        self.reach.len() + positions.div_ceil(HEAD_SHARE)
    }

    fn new(sequence: &[u8], change: &Substitution) -> Self {
        let end0 = change.offset0 + change.bases.len();
        let reach = reached(change.offset0..end0, pooled2_positions(sequence.len()));
        if reach.is_empty() {
            return Self { reach, codes: Vec::new() };
        }
        let start = reach.start * PITCH;
        let end = start + bases_seen(reach.len());
        let mut seen = sequence.get(start..end).unwrap_or_default().to_vec();
        for (base, &new) in (change.offset0..).zip(&change.bases) {
            if let Some(old) = base.checked_sub(start).and_then(|place| seen.get_mut(place)) {
                *old = new;
            }
        }
        Self { reach, codes: codes(&seen) }
    }
}

/// Positions of the first pooling that neighbouring positions of the second see.
pub(super) fn positions_seen(pooled: usize) -> usize {
    (pooled - 1) * POOL_WIDTH + SEEN
}

/// Bases that neighbouring positions of the second pooling see.
fn bases_seen(pooled: usize) -> usize {
    positions_seen(pooled) * POOL_WIDTH + KERNEL_WIDTH - 1
}

/// Positions of the second pooling, of `positions`, that see any of some bases.
fn reached(bases: Range<usize>, positions: usize) -> Range<usize> {
    let first = |base: usize| base.saturating_sub(KERNEL_WIDTH - 1) / POOL_WIDTH;
    let Some(last_base) = bases.end.checked_sub(1).filter(|last| *last >= bases.start) else { return 0..0 };
    let start = first(first(bases.start));
    let end = (last_base / PITCH + 1).min(positions);
    start.min(end)..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_reach_the_positions_that_see_them() {
        for length in [59usize, 74, 75, 151, 1000] {
            let positions = pooled2_positions(length);
            for base in 0..length {
                let seen =
                    |position: usize| (position * PITCH..position * PITCH + bases_seen(1)).contains(&base);
                let expected: Vec<usize> = (0..positions).filter(|&position| seen(position)).collect();
                let found = reached(base..base + 1, positions);
                assert_eq!(found.clone().collect::<Vec<_>>(), expected, "{length} {base}");
                assert!(found.len() <= 4);
            }
        }
        assert_eq!(reached(0..1000, 60), 0..60);
        assert_eq!(reached(3..3, 60), 0..0);
    }

    #[test]
    fn alleles_hold_what_the_reached_positions_see() {
        let sequence = b"ACGTT".repeat(200);
        let allele = EncodedAllele::new(&sequence, &Substitution { offset0: 500, bases: b"GG".to_vec() });
        assert_eq!(allele.reach, 29..32);
        let mut whole = sequence;
        whole[500..502].copy_from_slice(b"GG");
        assert_eq!(allele.codes, codes(&whole[29 * 16..29 * 16 + 83]));
    }
}
