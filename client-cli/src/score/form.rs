//! Forms of the scored file, and of its index.

use std::path::Path;

use clap::ValueEnum;

use crate::output_file::Destination;

/// In what form records are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Form {
    /// VCF, plain text
    #[value(name = "v")]
    Vcf,
    /// VCF, bgzip
    #[value(name = "z")]
    BgzipVcf,
    /// BCF, uncompressed, for pipes
    #[value(name = "u")]
    RawBcf,
    /// BCF, bgzip
    #[value(name = "b")]
    Bcf,
}

/// Kinds of index.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum IndexKind {
    /// Tabix, for contigs below 512 Mb
    Tbi,
    /// CSI, for contigs of any length
    Csi,
}

impl Form {
    /// What the name of the file says.
    pub(crate) fn of_name(destination: &Destination) -> Self {
        let Destination::File(path) = destination else { return Self::Vcf };
        let has = |suffix: &str| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(suffix));
        match (has("bcf"), has("gz") || has("bgz")) {
            (true, _) => Self::Bcf,
            (_, true) => Self::BgzipVcf,
            _ => Self::Vcf,
        }
    }

    /// Whether the file is bgzip.
    pub(crate) fn is_compressed(self) -> bool {
        matches!(self, Self::BgzipVcf | Self::Bcf)
    }

    /// Whether the file is BCF.
    pub(crate) fn is_bcf(self) -> bool {
        matches!(self, Self::RawBcf | Self::Bcf)
    }
}

impl IndexKind {
    /// The index's name beside the file.
    pub(crate) fn path(self, file: &Path) -> std::path::PathBuf {
        let mut path = file.as_os_str().to_owned();
        path.push(match self {
            Self::Tbi => ".tbi",
            Self::Csi => ".csi",
        });
        path.into()
    }
}
