//! What can be wrong with the text files of a bundle: gene models, expression tables, intervals.

use std::{
    io,
    path::{Path, PathBuf},
};

/// What is wrong with a text file, and where.
#[derive(Debug, thiserror::Error)]
pub enum TextFileError {
    /// The file could not be opened or read.
    #[error("{path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system or the decoder said.
        cause: io::Error,
    },
    /// A field that is missing or breaks the format.
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
    /// A file without a gene.
    #[error("{path}: no gene in it: expected {expected}")]
    NoGenes {
        /// The file.
        path: PathBuf,
        /// The lines that would make one.
        expected: &'static str,
    },
}

/// A malformed field, before its place is known: the field, what stands there, and what should.
pub(crate) type FieldFault = (&'static str, String, &'static str);

impl TextFileError {
    /// Names the file in what the system or the decoder said.
    pub(crate) fn read(path: &Path) -> impl Fn(io::Error) -> Self + Copy {
        move |cause| Self::Read { path: path.to_owned(), cause }
    }

    /// Names the place of a malformed field.
    pub(crate) fn malformed(path: &Path, line: u64, (field, value, expected): FieldFault) -> Self {
        Self::Malformed { path: path.to_owned(), line, field, value, expected }
    }
}
