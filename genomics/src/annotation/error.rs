//! What can be wrong with an annotation.

use std::{io, path::PathBuf};

/// What is wrong with a GTF or GFF3 file.
#[derive(Debug, thiserror::Error)]
pub enum AnnotationError {
    /// The file could not be opened or read.
    #[error("{path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system or the decoder said.
        cause: io::Error,
    },
    /// A line that breaks the format.
    #[error("{path}:{line}:{field}: found {value:?}, expected {expected}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: u64,
        /// The column or attribute.
        field: &'static str,
        /// What stands there.
        value: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// Nothing to annotate with.
    #[error(
        "{path}: no gene in it: a GTF needs gene, transcript or exon lines with gene_id and transcript_id, a GFF3 gene \
         lines and lines whose Parent leads to them"
    )]
    NoGenes {
        /// The file.
        path: PathBuf,
    },
}
