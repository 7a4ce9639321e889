//! What can be wrong with a bundle.

use std::{io, path::PathBuf};

use crate::{reference::ReferenceError, text_file_error::TextFileError};

/// What is wrong with a reference bundle or a request to it.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// There is no `reference.toml`.
    #[error(
        "{path}: {cause}: a reference bundle is a folder with a reference.toml that names the assembly, the FASTA and \
         the annotation"
    )]
    NoManifest {
        /// Where it was looked for.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// `reference.toml` is not as it should be.
    #[error("{path}: {reason}")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column where there is one.
        reason: String,
    },
    /// A file that `reference.toml` names is not there.
    #[error(
        "{manifest}:{field}: no file {file}: put it there or correct the path, which is relative to {manifest}"
    )]
    MissingFile {
        /// `reference.toml`.
        manifest: PathBuf,
        /// The entry that names the file.
        field: String,
        /// The file.
        file: PathBuf,
    },
    /// A file could not be read.
    #[error("{path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The annotation is of another genome.
    #[error(
        "{annotation}: none of its contigs (the first is {annotation_contig:?}) is in {fasta} (the first there is \
         {fasta_contig:?}): name an annotation of the same assembly"
    )]
    NoSharedContig {
        /// The FASTA.
        fasta: PathBuf,
        /// The annotation.
        annotation: PathBuf,
        /// First contig of the FASTA.
        fasta_contig: String,
        /// First contig of the annotation.
        annotation_contig: String,
    },
    /// The expression table is of other genes.
    #[error(
        "{expression}: none of its genes is in {annotation}, by gene_id or gene_name: name a table that uses the \
         annotation's identifiers"
    )]
    NoSharedGene {
        /// The annotation.
        annotation: PathBuf,
        /// The expression table.
        expression: PathBuf,
    },
    /// A cell line without an expression table.
    #[error(
        "{manifest}: no expression table for the cell line {cell_line:?}: there are {}; add one under [expression]",
        listed(.known)
    )]
    UnknownCellLine {
        /// `reference.toml`.
        manifest: PathBuf,
        /// The cell line that was asked for.
        cell_line: String,
        /// Those there are, sorted.
        known: Vec<String>,
    },
    /// The FASTA.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The annotation, an expression table, or the sequenced regions.
    #[error(transparent)]
    TextFile(#[from] TextFileError),
}

fn listed(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}
