//! A coarse picture of a genome's GC content: enough to pass over most candidate windows without reading their bases.

use polaris_genomics::{Reference, ReferenceError};
use rayon::prelude::*;

/// Bases in a tile.
const TILE: u64 = 64;

/// Tiles read at once: 1 Mb.
const CHUNK_TILES: u64 = 16_384;

/// Numbers of G or C and of sequenced bases, tile by tile, of the regions that were asked for.
pub(super) struct BaseTrack {
    /// By contig, as the reference lists them.
    contigs: Vec<Tiles>,
}

/// A contig's tiles; the last one is as short as the contig's end makes it.
struct Tiles {
    /// Each tile's G + C, and its A + C + G + T.
    counts: Vec<[u8; 2]>,
    /// The contig's length.
    length: u64,
}

impl BaseTrack {
    /// Reads the `regions`, which are (contig's index, start0, end0); all else counts as unsequenced.
    ///
    /// # Errors
    /// Those of reading the FASTA.
    pub(super) fn read(reference: &Reference, regions: &[(usize, u64, u64)]) -> Result<Self, ReferenceError> {
        let tiles_of = |length: u64| usize::try_from(length.div_ceil(TILE)).unwrap_or(usize::MAX);
        let mut contigs: Vec<Tiles> = reference
            .contigs()
            .iter()
            .map(|contig| Tiles { counts: vec![[0, 0]; tiles_of(contig.length)], length: contig.length })
            .collect();
        let chunks = chunks_of(reference, regions);
        let counted: Vec<(usize, u64, Vec<[u8; 2]>)> = chunks
            .into_par_iter()
            .map(|(contig, first_tile, end_tile)| {
                let name = &reference.contigs()[contig].name;
                let bases = reference.fetch(name, position(first_tile), position(end_tile))?;
                Ok((contig, first_tile, bases.chunks(TILE as usize).map(count).collect()))
            })
            .collect::<Result<_, ReferenceError>>()?;
        for (contig, first_tile, tiles) in counted {
            for (target, tile) in contigs[contig].counts.iter_mut().skip(first_tile as usize).zip(tiles) {
                *target = tile;
            }
        }
        Ok(Self { contigs })
    }

    /// The GC fraction of [start0, end0) as if each tile's bases were spread evenly over it, and the share that is
    /// sequenced; None if nothing is.
    pub(super) fn estimate(&self, contig: usize, start0: u64, end0: u64) -> Option<Estimate> {
        let tiles = self.contigs.get(contig)?;
        let (mut gc, mut sequenced) = (0.0, 0.0);
        for tile in start0 / TILE..end0.div_ceil(TILE) {
            let Some([tile_gc, tile_sequenced]) = tiles.counts.get(tile as usize).copied() else { break };
            let (tile_start0, tile_end0) = (tile * TILE, tiles.length.min((tile + 1) * TILE));
            let inside = end0.min(tile_end0).saturating_sub(start0.max(tile_start0));
            let share = inside as f64 / (tile_end0 - tile_start0) as f64;
            gc += share * f64::from(tile_gc);
            sequenced += share * f64::from(tile_sequenced);
        }
        let length = end0.saturating_sub(start0) as f64;
        (sequenced > 0.0).then(|| Estimate {
            gc: gc / sequenced,
            sequenced: sequenced / length,
            error: TILE as f64 / 2.0 / length,
        })
    }
}

/// What the tiles say of a window.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Estimate {
    /// G + C among the sequenced bases.
    pub(super) gc: f64,
    /// The share of sequenced bases.
    pub(super) sequenced: f64,
    /// The most that either can be off, the GC content where all is sequenced: half a tile of the window's length.
    pub(super) error: f64,
}

fn position(tile: u64) -> i64 {
    i64::try_from(tile * TILE).unwrap_or(i64::MAX)
}

fn count(bases: &[u8]) -> [u8; 2] {
    let [mut gc, mut sequenced] = [0_u8; 2];
    for base in bases {
        gc += u8::from(matches!(base, b'G' | b'C'));
        sequenced += u8::from(*base != b'N');
    }
    [gc, sequenced]
}

/// The regions in whole tiles, merged, clipped at the contigs' ends and cut into chunks: (contig, first tile, end tile).
fn chunks_of(reference: &Reference, regions: &[(usize, u64, u64)]) -> Vec<(usize, u64, u64)> {
    let mut sorted: Vec<(usize, u64, u64)> = regions
        .iter()
        .filter_map(|(contig, start0, end0)| {
            let length = reference.contigs().get(*contig)?.length;
            Some((*contig, start0 / TILE, (*end0).min(length).div_ceil(TILE)))
        })
        .collect();
    sorted.sort_unstable();
    let mut merged: Vec<(usize, u64, u64)> = Vec::new();
    for (contig, first, end) in sorted {
        match merged.last_mut() {
            Some(last) if last.0 == contig && first <= last.2 => last.2 = last.2.max(end),
            _ => merged.push((contig, first, end)),
        }
    }
    let cut = |(contig, first, end): (usize, u64, u64)| {
        (first..end)
            .step_by(CHUNK_TILES as usize)
            .map(move |start| (contig, start, end.min(start + CHUNK_TILES)))
    };
    merged.into_iter().flat_map(cut).collect()
}

#[cfg(test)]
mod tests {
    use polaris_genomics::gc_fraction;
    use proptest::prelude::*;

    use super::*;

    fn reference(bases: &[u8]) -> (tempfile::TempDir, Reference) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("genome.fa");
        let length = bases.len();
        std::fs::write(&path, [b">chr1\n", bases, b"\n"].concat()).unwrap();
        let index = format!("chr1\t{length}\t6\t{length}\t{}\n", length + 1);
        std::fs::write(folder.path().join("genome.fa.fai"), index).unwrap();
        let reference = Reference::open(&path).unwrap();
        (folder, reference)
    }

    #[test]
    fn only_what_was_asked_for_is_known() {
        let (_folder, reference) = reference(&[b"G".repeat(128), b"A".repeat(128)].concat());
        let track = BaseTrack::read(&reference, &[(0, 70, 200)]).unwrap();
        assert_eq!(track.estimate(0, 0, 64), None);
        let half = Estimate { gc: 0.5, sequenced: 1.0, error: 0.25 };
        assert_eq!(track.estimate(0, 64, 192), Some(half));
        assert_eq!(track.estimate(1, 64, 192), None);
    }

    #[test]
    fn a_contig_ends_within_a_tile() {
        let (_folder, reference) = reference(&b"G".repeat(74));
        let track = BaseTrack::read(&reference, &[(0, 0, 74)]).unwrap();
        let whole = Estimate { gc: 1.0, sequenced: 1.0, error: 3.2 };
        assert_eq!(track.estimate(0, 64, 74), Some(whole));
        assert_eq!(track.estimate(0, 64, 84), Some(Estimate { sequenced: 0.5, error: 1.6, ..whole }));
    }

    proptest! {
        #[test]
        fn never_further_off_than_stated(
            bases in proptest::collection::vec(proptest::sample::select(b"ACGT".to_vec()), 400..900),
            start0 in 0_usize..200,
            length in 20_usize..200,
        ) {
            let (_folder, reference) = reference(&bases);
            let track = BaseTrack::read(&reference, &[(0, 0, bases.len() as u64)]).unwrap();
            let estimate = track.estimate(0, start0 as u64, (start0 + length) as u64).unwrap();
            let exact = gc_fraction(&bases[start0..start0 + length]).unwrap();
            prop_assert!((estimate.gc - exact).abs() <= estimate.error + 1e-12, "{:?} {}", estimate, exact);
            prop_assert!((estimate.sequenced - 1.0).abs() < 1e-12);
        }
    }
}
