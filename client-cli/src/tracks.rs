//! Tracks of values along the genome, as genome browsers read them: bedGraph and bigWig.

mod bedgraph;
mod bigwig;
mod checked;
mod error;

use std::path::Path;
use std::sync::Arc;

use polaris_genomics::{Contig, Reference, Strand};

use self::checked::Checked;
pub(crate) use self::error::TrackError;

/// How a track is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum TrackFormat {
    /// Binary, indexed, with summaries for zooming out.
    #[value(name = "bigwig")]
    BigWig,
    /// Text, a line for each run of bases with the same value.
    #[value(name = "bedgraph")]
    BedGraph,
}

impl TrackFormat {
    /// What names of files end in, without the dot.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::BigWig => "bw",
            Self::BedGraph => "bedgraph",
        }
    }
}

/// One value over some bases.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TrackValue {
    /// As the reference names it.
    pub(crate) contig: Arc<str>,
    /// First base.
    pub(crate) start0: u64,
    /// The base after the last.
    pub(crate) end0: u64,
    /// Finite.
    pub(crate) value: f32,
}

/// The order of contigs in a track: that of their names' bytes, as `sort -k1,1` has it and bigWig needs it.
pub(crate) fn sort_contigs(contigs: &mut [Contig]) {
    contigs.sort_by(|left, right| left.name.cmp(&right.name));
}

/// A strand as names of files have it.
pub(crate) fn strand_name(strand: Strand) -> &'static str {
    match strand {
        Strand::Forward => "plus",
        Strand::Reverse => "minus",
    }
}

/// Writes a track, which appears whole or not at all. Neighbouring values that are equal become one; zeros are written,
/// and bases without a value are left out. Gives the number of values written; if it is 0, no file was made, since a
/// bigWig cannot be empty. Must not be called on an asynchronous thread.
///
/// `values` come sorted by the bytes of the contig's name, then by start, and do not overlap.
///
/// # Errors
///
/// [`TrackError`] if a value is not finite, out of order, off its contig or a failure itself, or if the file cannot be
/// written.
pub(crate) fn write_track(
    format: TrackFormat,
    path: &Path,
    reference: &Reference,
    values: impl Iterator<Item = Result<TrackValue, TrackError>>,
) -> Result<u64, TrackError> {
    let mut values = Checked::new(values, reference);
    match format {
        TrackFormat::BedGraph => bedgraph::write(path, &mut values)?,
        TrackFormat::BigWig => bigwig::write(path, reference, &mut values)?,
    }
    values.into_count()
}

#[cfg(test)]
mod tests;
