//! What is scanned: the regions of one strand, for one kind of track.

use std::sync::Arc;

use polaris_genomics::{Contig, Interval, IntervalSet, Reference, Strand};

use crate::regions::StrandedRegion;
use crate::tracks;

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
}

impl Layer {
    /// Bases that values are wanted for.
    pub(super) fn bases(&self) -> u64 {
        self.wanted.total_bases()
    }
}

/// A layer for each kind of track and each strand that has regions. Regions that overlap become one.
pub(super) fn layers(kinds: &[Track], regions: &[StrandedRegion], reference: &Reference) -> Vec<Layer> {
    let mut layers = Vec::new();
    for &track in kinds {
        for strand in Strand::ALL {
            let of_strand = regions.iter().filter(|region| region.strand == strand);
            let wanted = IntervalSet::from_intervals(of_strand.map(interval));
            let mut contigs: Vec<Contig> =
                wanted.iter().filter_map(|(name, _)| reference.contig(name)).cloned().collect();
            if contigs.is_empty() {
                continue;
            }
            tracks::sort_contigs(&mut contigs);
            layers.push(Layer { track, strand, wanted: Arc::new(wanted), contigs: contigs.into() });
        }
    }
    layers
}

fn interval(region: &StrandedRegion) -> Interval {
    Interval { contig: region.contig.clone(), start0: region.start0, end0: region.end0 }
}
