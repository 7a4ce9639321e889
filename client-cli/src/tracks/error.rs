//! What can go wrong with a track.

use std::io;

use crate::output_file::OutputError;

/// Why a track could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrackError {
    /// NaN or infinity.
    #[error("the value of {contig}:{}-{end0} is {value}, which no track can hold", .start0.saturating_add(1))]
    NotFinite {
        /// Where.
        contig: String,
        /// First base, 0-based.
        start0: u64,
        /// The base after the last.
        end0: u64,
        /// What it is.
        value: f32,
    },
    /// Before, or over, the value before it.
    #[error("the value of {contig}:{}-{end0} is out of order in its track", .start0.saturating_add(1))]
    Order {
        /// Where.
        contig: String,
        /// First base, 0-based.
        start0: u64,
        /// The base after the last.
        end0: u64,
    },
    /// Without a base, or beyond the contig's end.
    #[error("the value of {contig}:{}-{end0} is not on the contig", .start0.saturating_add(1))]
    OffContig {
        /// Where.
        contig: String,
        /// First base, 0-based.
        start0: u64,
        /// The base after the last.
        end0: u64,
    },
    /// Longer than a bigWig's numbers reach.
    #[error(
        "{contig} has {length} bases: a bigWig holds contigs of up to {}: choose --format bedgraph",
        u32::MAX
    )]
    ContigTooLong {
        /// The contig.
        contig: String,
        /// Its bases.
        length: u64,
    },
    /// The file itself.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The file's content.
    #[error("cannot write {name}: {reason}")]
    Write {
        /// The file.
        name: String,
        /// From the encoder.
        reason: String,
    },
    /// Values that were put aside and cannot be read back.
    #[error("cannot use a temporary file in {folder}: {source}")]
    Spool {
        /// Folder of the file.
        folder: String,
        /// From the system.
        source: io::Error,
    },
    /// The run has been given up.
    #[error("the run was given up")]
    Stopped,
}
