//! A binding site's motif copies and the gaps between them.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::motifs::Rbp;
use super::super::streams::pick;

/// A cluster's copies lie within about this many bases.
const REACH: u64 = 62;

/// A stretch of planted bases on the gene's strand, `offset` bases from the cluster's 5' end.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) offset: u64,
    pub(super) bases: Vec<u8>,
    /// For a near miss: the copy that it misses.
    pub(super) full: Option<Vec<u8>>,
}

/// Motif copies of one protein; between them the genome's own bases stay.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub(super) pieces: Vec<Piece>,
}

impl Cluster {
    /// A cluster of that many full copies and near misses in random order.
    pub(super) fn draw(rng: &mut ChaCha8Rng, rbp: &Rbp, copies: usize, near_misses: usize) -> Self {
        let count = copies + near_misses;
        let miss_at = if near_misses > 0 { rng.random_range(0..count) } else { count };
        let mut contents: Vec<(Vec<u8>, Option<Vec<u8>>)> = Vec::with_capacity(count);
        for index in 0..count {
            let unit = pick(rng, rbp.units).map_or_else(Vec::new, |unit| unit.as_bytes().to_vec());
            contents.push(if index == miss_at {
                (near_miss(rng, rbp, &unit), Some(unit))
            } else {
                (unit, None)
            });
        }
        let filled: u64 = contents.iter().map(|(bases, _)| bases.len() as u64).sum();
        let gaps = (count as u64).saturating_sub(1).max(1);
        let widest = (REACH.saturating_sub(filled) / gaps).clamp(2, 14);
        let mut offset = 0;
        let mut pieces = Vec::with_capacity(count);
        for (bases, full) in contents {
            let end = offset + bases.len() as u64;
            pieces.push(Piece { offset, bases, full });
            offset = end + rng.random_range(2..=widest);
        }
        Self { pieces }
    }

    /// Bases from the first copy to the last.
    pub(super) fn length(&self) -> u64 {
        self.pieces.last().map_or(0, |piece| piece.offset + piece.bases.len() as u64)
    }
}

/// `unit` with a base or two changed, a base too many or one too few, and neither the motif nor a weaker version of
/// it left.
fn near_miss(rng: &mut ChaCha8Rng, rbp: &Rbp, unit: &[u8]) -> Vec<u8> {
    let mut fallback = unit.to_vec();
    for _ in 0..500 {
        let mut bases = unit.to_vec();
        let at = rng.random_range(1..bases.len() - 1);
        match rng.random_range(0..20) {
            0..2 => drop(bases.remove(at)),
            2..4 => bases.insert(at, b"ACGT"[rng.random_range(0..4)]),
            4..7 => {
                bases[at - 1] = b"ACGT"[rng.random_range(0..4)];
                bases[at] = b"ACGT"[rng.random_range(0..4)];
            }
            _ => bases[at] = b"ACGT"[rng.random_range(0..4)],
        }
        if rbp.copies_and_related(&bases).is_empty() {
            return bases;
        }
        if rbp.copies(&bases).is_empty() {
            fallback = bases;
        }
    }
    fallback
}

#[cfg(test)]
mod tests {
    use super::super::super::motifs::RBPS;
    use super::super::super::streams::{Part, stream};
    use super::*;

    #[test]
    fn copies_and_near_misses_are_what_they_are_called_and_lie_together() {
        let mut rng = stream(1, Part::Sites(0));
        for rbp in &RBPS {
            for round in 0..300 {
                let cluster = Cluster::draw(&mut rng, rbp, 1 + round % 5, round % 2);
                assert!(cluster.length() <= 75, "{} {}", rbp.name, cluster.length());
                assert_eq!(cluster.pieces.len(), 1 + round % 5 + round % 2);
                for piece in &cluster.pieces {
                    assert_eq!(rbp.copies(&piece.bases).is_empty(), piece.full.is_some());
                    if let Some(full) = &piece.full {
                        assert!(rbp.copies_and_related(&piece.bases).is_empty(), "{}", rbp.name);
                        assert!(!rbp.copies(full).is_empty());
                    }
                }
                let gaps = cluster
                    .pieces
                    .windows(2)
                    .map(|pair| pair[1].offset - pair[0].offset - pair[0].bases.len() as u64);
                assert!(gaps.into_iter().all(|gap| (2..=14).contains(&gap)));
            }
        }
    }
}
