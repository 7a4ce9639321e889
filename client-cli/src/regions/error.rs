//! What can be wrong with a region.

use polaris_genomics::TextFileError;

/// Why regions could not be made out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegionError {
    /// Not in the form of a region.
    #[error(
        "`{text}` is no region: write CONTIG:START-END from 1, such as chr17:43044295-43045802 or \
         chr17:43,044,295-43,045,802:-, or gene:NAME"
    )]
    Text {
        /// As typed.
        text: String,
    },
    /// A BED file that cannot be read, or a line of it.
    #[error(transparent)]
    Bed(#[from] TextFileError),
    /// No gene of that name.
    #[error("the reference bundle has no gene `{gene}`{}", .near)]
    UnknownGene {
        /// As typed.
        gene: String,
        /// Names like it, as the end of the message.
        near: String,
    },
    /// No such contig.
    #[error("{place}: the reference has no contig `{contig}`: it has {known}, ...")]
    UnknownContig {
        /// The region.
        place: String,
        /// Its contig.
        contig: String,
        /// The reference's first.
        known: String,
    },
    /// Beyond the contig's end.
    #[error(
        "{place}: bases {} to {end0} are not all on {contig}, which has {length}", .start0.saturating_add(1)
    )]
    OffContig {
        /// The region.
        place: String,
        /// Its contig.
        contig: String,
        /// First base, 0-based.
        start0: u64,
        /// The base after the last.
        end0: u64,
        /// Bases of the contig.
        length: u64,
    },
    /// The end comes before the start.
    #[error("{place}: no base lies from {} to {end0}", .start0.saturating_add(1))]
    Empty {
        /// The region.
        place: String,
        /// First base, 0-based.
        start0: u64,
        /// The base after the last.
        end0: u64,
    },
    /// Nothing says which strand to read.
    #[error("{place}: no gene on {contig} says which strand to read: choose with --strand")]
    NoStrand {
        /// The region.
        place: String,
        /// Its contig.
        contig: String,
    },
    /// Nothing to do.
    #[error("no region was given: the BED file has no line with one")]
    None,
}
