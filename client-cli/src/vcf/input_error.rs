//! What can be wrong with the input as a whole. What is wrong with one allele is a reason to skip it instead.

use std::io;

/// Why the input cannot be read on. Lines are counted from 1.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    /// Not there, or closed to us.
    #[error("cannot open {name}: {source}")]
    Open {
        /// The input.
        name: String,
        /// From the system.
        source: io::Error,
    },
    /// Truncated, damaged, or failing to be read.
    #[error("cannot read {name}:{line}: {source}: if the file is truncated or damaged, fetch it again")]
    Read {
        /// The input.
        name: String,
        /// Where.
        line: u64,
        /// From the system or the decoder.
        source: io::Error,
    },
    /// No byte at all.
    #[error("{name} is empty: a VCF without variants still has its header")]
    Empty {
        /// The input.
        name: String,
    },
    /// Regions need an index.
    #[error("{name} has no index beside it: make one with `bcftools index`, or use -t, which needs none")]
    NoIndex {
        /// The input.
        name: String,
    },
    /// An index that cannot be read.
    #[error("cannot read the index {name}: {source}: make it again with `bcftools index -f`")]
    Index {
        /// The index.
        name: String,
        /// From the decoder.
        source: io::Error,
    },
    /// Regions need bgzip.
    #[error("{name} is not bgzip ({source}), which -r needs: compress it with `bgzip`, or use -t")]
    NotBgzip {
        /// The input.
        name: String,
        /// From the decoder.
        source: io::Error,
    },
    /// A record, or the end, before the header line.
    #[error("{name}:{line}: no #CHROM header line before this: is it a VCF?")]
    NoHeader {
        /// The input.
        name: String,
        /// Where.
        line: u64,
    },
    /// A header line after the first record.
    #[error("{name}:{line}: a header line among the records: join files with `bcftools concat`")]
    LateHeader {
        /// The input.
        name: String,
        /// Where.
        line: u64,
    },
    /// Spaces for tabs.
    #[error("{name}:{line}: the columns are separated by spaces: VCF needs tabs")]
    Spaces {
        /// The input.
        name: String,
        /// Where.
        line: u64,
    },
    /// Fewer than eight columns.
    #[error("{name}:{line}: {found} columns: VCF has at least 8, CHROM to INFO")]
    Columns {
        /// The input.
        name: String,
        /// Where.
        line: u64,
        /// How many there are.
        found: usize,
    },
    /// POS is no number.
    #[error("{name}:{line}:POS: `{value}` is no position: a whole number from 0 was expected")]
    Position {
        /// The input.
        name: String,
        /// Where.
        line: u64,
        /// What stands there.
        value: String,
    },
    /// A line of unreasonable length.
    #[error("{name}:{line}: the line is longer than {} MiB: is it a VCF?", .limit_bytes >> 20)]
    LineTooLong {
        /// The input.
        name: String,
        /// Where.
        line: u64,
        /// The longest that is read.
        limit_bytes: u64,
    },
}
