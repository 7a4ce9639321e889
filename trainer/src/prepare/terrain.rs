//! Where negatives can be drawn from: transcribed, sequenced bases, by strand.

use polaris_genomics::{IntervalSet, ReferenceBundle, ReferenceError, Strand};
use rand::Rng;

use super::base_track::BaseTrack;

/// Shared by all models of a bundle.
pub(super) struct Terrain {
    /// Of genes on the forward and on the reverse strand.
    strands: [StrandTerrain; 2],
    /// The coarse GC content around them.
    pub(super) bases: BaseTrack,
}

/// The transcribed, sequenced stretches of one strand.
pub(super) struct StrandTerrain {
    /// The genes of the strand, merged.
    pub(super) transcribed: IntervalSet,
    /// Contig's index in the reference, start0, end0.
    segments: Vec<(usize, u64, u64)>,
    /// Number of bases up to and with each segment.
    cumulative: Vec<u64>,
}

impl Terrain {
    /// Finds the stretches and reads the bases within `length` of them.
    ///
    /// # Errors
    /// Those of reading the FASTA.
    pub(super) fn read(bundle: &ReferenceBundle, length: usize) -> Result<Self, ReferenceError> {
        let strands = [Strand::Forward, Strand::Reverse].map(|strand| StrandTerrain::new(bundle, strand));
        let reach = length as u64;
        let around = |(contig, start0, end0): &(usize, u64, u64)| {
            (*contig, start0.saturating_sub(reach), end0.saturating_add(reach))
        };
        let regions: Vec<_> = strands.iter().flat_map(|strand| strand.segments.iter().map(around)).collect();
        Ok(Self { bases: BaseTrack::read(bundle.reference(), &regions)?, strands })
    }

    /// The stretches of a strand.
    pub(super) fn on(&self, strand: Strand) -> &StrandTerrain {
        let [forward, reverse] = &self.strands;
        match strand {
            Strand::Forward => forward,
            Strand::Reverse => reverse,
        }
    }
}

impl StrandTerrain {
    fn new(bundle: &ReferenceBundle, strand: Strand) -> Self {
        let transcribed = bundle.genes().transcribed_on(strand);
        let mut segments = Vec::new();
        for (index, contig) in bundle.reference().contigs().iter().enumerate() {
            let whole = [(0, contig.length)];
            let sequenced = bundle.sequenced().map_or(&whole[..], |set| set.intervals(&contig.name));
            let both = intersect(transcribed.intervals(&contig.name), sequenced);
            segments.extend(both.into_iter().map(|(start0, end0)| (index, start0, end0.min(contig.length))));
        }
        segments.retain(|(_, start0, end0)| start0 < end0);
        let cumulative = segments
            .iter()
            .scan(0, |total, (_, start0, end0)| {
                *total += end0 - start0;
                Some(*total)
            })
            .collect();
        Self { transcribed, segments, cumulative }
    }

    /// A base, each as likely as any other: contig's index and position0. None if nothing is transcribed.
    pub(super) fn draw(&self, random: &mut impl Rng) -> Option<(usize, u64)> {
        let total = self.cumulative.last().copied().filter(|total| *total > 0)?;
        let place = random.random_range(0..total);
        let index = self.cumulative.partition_point(|up_to| *up_to <= place);
        let (contig, _, end0) = self.segments.get(index)?;
        Some((*contig, end0 - (self.cumulative.get(index)? - place)))
    }
}

/// What two sorted lists of disjoint intervals share.
fn intersect(left: &[(u64, u64)], right: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut shared = Vec::new();
    let (mut lefts, mut rights) = (left.iter().peekable(), right.iter().peekable());
    while let (Some(a), Some(b)) = (lefts.peek(), rights.peek()) {
        let (start0, end0) = (a.0.max(b.0), a.1.min(b.1));
        if start0 < end0 {
            shared.push((start0, end0));
        }
        if a.1 <= b.1 {
            lefts.next();
        } else {
            rights.next();
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use polaris_genomics::Interval;
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn intersections_are_exact() {
        let left = [(0, 10), (20, 30), (40, 50)];
        let right = [(5, 25), (29, 41), (50, 60)];
        assert_eq!(intersect(&left, &right), [(5, 10), (20, 25), (29, 30), (40, 41)]);
        assert_eq!(intersect(&left, &[]), []);
    }

    #[test]
    fn every_base_is_drawn_equally_often_and_no_other() {
        let terrain = StrandTerrain {
            transcribed: IntervalSet::from_intervals(std::iter::empty::<Interval>()),
            segments: vec![(0, 100, 103), (2, 7, 8)],
            cumulative: vec![3, 4],
        };
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..4000 {
            *counts.entry(terrain.draw(&mut random).unwrap()).or_insert(0) += 1;
        }
        assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [(0, 100), (0, 101), (0, 102), (2, 7)]);
        assert!(counts.values().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
