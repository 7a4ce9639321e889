//! What is scanned: the regions of one strand, for one kind of track.

use std::sync::Arc;

use polaris_genomics::{Contig, Interval, IntervalSet, Reference, ReferenceError, Strand};

use crate::regions::StrandedRegion;
use crate::tiles::{Gap, GapReason};
use crate::tracks;

/// Bases that are read at once.
const READ_BASES: usize = 1 << 20;

/// Kinds of track.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Track {
    /// Of binding, a value for each stride.
    Probability,
    /// Which bases drive the prediction, a value for each base.
    Localization,
}

impl Track {
    /// As names of files have it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Probability => "probability",
            Self::Localization => "localization",
        }
    }
}

/// The tracks of one kind and strand, one for each model.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) track: Track,
    pub(super) strand: Strand,
    /// Bases that values are wanted for.
    pub(super) wanted: Arc<IntervalSet>,
    /// The contigs of `wanted`, in a track's order.
    pub(super) contigs: Arc<[Contig]>,
    /// Bases that no value is wanted for although they lie in a region.
    pub(super) unknown: Arc<[Gap]>,
}

impl Layer {
    /// Bases that values are wanted for.
    pub(super) fn bases(&self) -> u64 {
        self.wanted.total_bases()
    }
}

/// A layer for each kind of track and each strand that has regions. Regions that overlap become one. A map says nothing of
/// a base that is N.
///
/// # Errors
///
/// [`ReferenceError`] if the FASTA cannot be read.
pub(super) fn layers(
    kinds: &[Track],
    regions: &[StrandedRegion],
    reference: &Reference,
) -> Result<Vec<Layer>, ReferenceError> {
    let mut layers = Vec::new();
    for &track in kinds {
        for strand in Strand::ALL {
            let of_strand = regions.iter().filter(|region| region.strand == strand);
            let mut wanted = IntervalSet::from_intervals(of_strand.map(interval));
            if wanted.is_empty() {
                continue;
            }
            let mut unknown = Vec::new();
            if track == Track::Localization {
                let (known, others) = by_letter(&wanted, reference)?;
                let gap = |Interval { contig, start0, end0 }| Gap {
                    contig,
                    start0,
                    end0,
                    strand,
                    reason: GapReason::UnknownBase,
                };
                unknown.extend(others.into_iter().map(gap));
                wanted = known;
            }
            let mut contigs: Vec<Contig> =
                wanted.iter().filter_map(|(name, _)| reference.contig(name)).cloned().collect();
            tracks::sort_contigs(&mut contigs);
            let (wanted, contigs, unknown) = (Arc::new(wanted), contigs.into(), unknown.into());
            layers.push(Layer { track, strand, wanted, contigs, unknown });
        }
    }
    Ok(layers)
}

/// The bases that the reference knows, and the stretches of N.
fn by_letter(
    wanted: &IntervalSet,
    reference: &Reference,
) -> Result<(IntervalSet, Vec<Interval>), ReferenceError> {
    let (mut known, mut unknown) = (Vec::new(), Vec::<Interval>::new());
    for (contig, stretches) in wanted.iter() {
        for &(stretch_start0, stretch_end0) in stretches {
            for start0 in (stretch_start0..stretch_end0).step_by(READ_BASES) {
                let end0 = stretch_end0.min(start0 + READ_BASES as u64);
                let signed = |position0| i64::try_from(position0).unwrap_or(i64::MAX);
                let letters = reference.fetch(contig, signed(start0), signed(end0))?;
                let mut start0 = start0;
                for run in letters.chunk_by(|one, other| (*one == b'N') == (*other == b'N')) {
                    let end0 = start0 + run.len() as u64;
                    let list = if run.first() == Some(&b'N') { &mut unknown } else { &mut known };
                    match list.last_mut() {
                        Some(last) if last.contig == contig && last.end0 == start0 => last.end0 = end0,
                        _ => list.push(Interval { contig: contig.to_owned(), start0, end0 }),
                    }
                    start0 = end0;
                }
            }
        }
    }
    Ok((IntervalSet::from_intervals(known), unknown))
}

fn interval(region: &StrandedRegion) -> Interval {
    Interval { contig: region.contig.clone(), start0: region.start0, end0: region.end0 }
}
