//! What can be wrong with a reference.

use std::{io, path::PathBuf};

/// What is wrong with a FASTA, its indexes or a request for a stretch of it.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// A file could not be opened or read.
    #[error("{path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system or the decoder said.
        cause: io::Error,
    },
    /// An index is missing or is none.
    #[error("{path}: {cause}: make the index with `samtools faidx {fasta}`")]
    Index {
        /// The index.
        path: PathBuf,
        /// The FASTA it belongs to.
        fasta: PathBuf,
        /// What the system or the parser said.
        cause: io::Error,
    },
    /// The FASTA is gzip but not bgzip, so that it has no places to start reading from.
    #[error(
        "{path}: compressed with gzip, which cannot be read from the middle: run \
         `gunzip -c {path} | bgzip > FILE.fa.gz && samtools faidx FILE.fa.gz` and name that file"
    )]
    PlainGzip {
        /// The file.
        path: PathBuf,
    },
    /// The index promises bases that the FASTA does not have.
    #[error(
        "{path}: the sequence of {contig} ends before base {position1} although the index says it goes on: the file \
         is cut short or the index is another file's; if the file is whole, run `samtools faidx {path}`"
    )]
    Truncated {
        /// The FASTA.
        path: PathBuf,
        /// The contig.
        contig: String,
        /// The base from which reading failed, 1-based.
        position1: u64,
    },
    /// The FASTA has bases that the index does not know of.
    #[error(
        "{path}: the sequence of {contig} goes on after base {length}, where the index has its end: the index is another \
         file's or older than this one: run `samtools faidx {path}`"
    )]
    StaleIndex {
        /// The FASTA.
        path: PathBuf,
        /// The contig.
        contig: String,
        /// Its length by the index.
        length: u64,
    },
    /// The index names no contig.
    #[error("{path}: the index names no contig: make it with `samtools faidx {fasta}`")]
    NoContigs {
        /// The index.
        path: PathBuf,
        /// The FASTA it belongs to.
        fasta: PathBuf,
    },
    /// Two contigs of one name.
    #[error("{path}: the contig {contig:?} is there twice: rename or remove one of them")]
    DuplicateContig {
        /// The FASTA.
        path: PathBuf,
        /// The name.
        contig: String,
    },
    /// A contig that the FASTA does not have, under any alias.
    #[error("{path}: no contig {contig:?}: the file starts with {}", .known.join(", "))]
    UnknownContig {
        /// The FASTA.
        path: PathBuf,
        /// The name that was asked for.
        contig: String,
        /// The first contigs of the file.
        known: Vec<String>,
    },
    /// A stretch too long to hold in memory.
    #[error("{contig}:[{start0}, {end0}) has more than {limit} bases: ask for less at a time")]
    TooLong {
        /// The contig.
        contig: String,
        /// First base, 0-based.
        start0: i64,
        /// The base after the last.
        end0: i64,
        /// Most bases that can be asked for.
        limit: u64,
    },
}
