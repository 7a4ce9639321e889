//! What can be wrong with what `localize` was asked for.

use std::io;

use polaris_genomics::{ReferenceError, SequenceError};

use crate::messages::CutError;
use crate::regions::RegionError;
use crate::vcf::InputError;

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocalizeError {
    /// Neither a file nor a region.
    #[error(
        "`{input}` is no file, and no region such as chr17:43044295-43045802: give one of them, or - for standard input"
    )]
    Input {
        /// As typed.
        input: String,
    },
    /// No byte at all.
    #[error("{name} is empty: a BED, FASTA or VCF file was expected")]
    Empty {
        /// The input.
        name: String,
    },
    /// The file as a whole.
    #[error(transparent)]
    File(#[from] InputError),
    /// A region.
    #[error(transparent)]
    Region(#[from] RegionError),
    /// The genome.
    #[error(transparent)]
    Cut(#[from] CutError),
    /// The genome, under a region.
    #[error("cannot read the reference: {0}")]
    Reference(#[from] ReferenceError),
    /// A genome is missing.
    #[error("{what} lie on a genome: name its reference bundle with --reference")]
    NeedsReference {
        /// The kind of input.
        what: &'static str,
    },
    /// An option of another kind of input.
    #[error("{option} is for {meant}: leave it out")]
    Option {
        /// The option.
        option: &'static str,
        /// What it is for.
        meant: &'static str,
    },
    /// A map that does not fit into memory.
    #[error(
        "{name} has {bases} bases, whose maps by {models} models are too large: at most {most} bases by so many models \
         are explained at once: split it, or choose with --models"
    )]
    TooLong {
        /// The region or record.
        name: String,
        /// Its length.
        bases: u64,
        /// How many are asked.
        models: usize,
        /// Its longest length.
        most: usize,
    },
    /// No window can be asked about.
    #[error("{name} ({strand}) cannot be explained: all of it is {reason}")]
    NothingKnown {
        /// The region.
        name: String,
        /// Its strand.
        strand: polaris_genomics::Strand,
        /// The reasons.
        reason: String,
    },
    /// A line of a FASTA that cannot be read.
    #[error("cannot read {name}: {source}: if the file is truncated or damaged, fetch it again")]
    Fasta {
        /// The file.
        name: String,
        /// From the system or the decoder.
        source: io::Error,
    },
    /// A record of a FASTA that is longer than what is explained at once.
    #[error(
        "{name}:{line}: record `{record}` goes on beyond {most} bases, more than are explained at once: split it, or ask \
         fewer models with --models"
    )]
    LongRecord {
        /// The file.
        name: String,
        /// The line that is too much.
        line: u64,
        /// The record.
        record: String,
        /// As many bases as it may have.
        most: usize,
    },
    /// Text before the first record.
    #[error("{name}:{line}: no record begins before this line: a FASTA record begins with > and its name")]
    NoRecord {
        /// The file.
        name: String,
        /// The line.
        line: u64,
    },
    /// A record without bases or without a name.
    #[error("{name}:{line}: the record has no {what}")]
    Record {
        /// The file.
        name: String,
        /// The line of its name.
        line: u64,
        /// What is missing.
        what: &'static str,
    },
    /// A letter that is no base.
    #[error("{name}:{line}: {cause}")]
    Letter {
        /// The file.
        name: String,
        /// The line.
        line: u64,
        /// What stands there.
        cause: SequenceError,
    },
}
