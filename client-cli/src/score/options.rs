//! What `score` was asked for.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::form::{Form, IndexKind};
use super::guard::RefMismatch;
use super::header::Provenance;
use super::journal::Identity;
use super::source::Selection;
use super::table::TableOptions;
use crate::connect::ServerAddress;
use crate::output_file::Destination;
use crate::requirements::ChosenModels;
use crate::session::{ServerChoice, ServerOptions};

/// How many alleles may be skipped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum MaxSkipped {
    Alleles(u64),
    /// Of all alleles.
    Percent(f64),
}

/// What `score` was asked for.
#[derive(Debug)]
pub(crate) struct ScoreOptions {
    /// The variants, `-` for standard input.
    pub(crate) input: PathBuf,
    /// The reference bundle.
    pub(crate) reference: PathBuf,
    /// The server.
    pub(crate) server: ServerOptions,
    /// Servers beside it.
    pub(crate) more_servers: Vec<ServerAddress>,
    /// How long a server that is away is asked again.
    pub(crate) retry_limit: Duration,
    /// The scored file.
    pub(crate) output: Destination,
    /// Its form.
    pub(crate) form: Form,
    /// Its index.
    pub(crate) index: Option<IndexKind>,
    /// The table of all scores.
    pub(crate) table: Option<TableOptions>,
    /// The table of skipped alleles.
    pub(crate) skipped: Option<Destination>,
    /// The counts.
    pub(crate) stats: Option<Destination>,
    /// The page.
    pub(crate) html: Option<Destination>,
    /// How many maps it shows at most.
    pub(crate) html_maps: usize,
    /// Records between two checkpoints.
    pub(crate) checkpoint_records: u64,
    /// Which records.
    pub(crate) selection: Selection,
    /// What becomes of alleles whose REF differs.
    pub(crate) ref_mismatch: RefMismatch,
    /// Insertions and deletions are left-aligned.
    pub(crate) left_aligned: bool,
    /// How many alleles may be skipped.
    pub(crate) max_skipped: Option<MaxSkipped>,
    /// Go on with an earlier run, and keep what can be gone on with.
    pub(crate) resume: bool,
    /// Report and score nothing.
    pub(crate) dry_run: bool,
    /// Models to ask, ids and patterns, all if none.
    pub(crate) model_ids: Vec<String>,
    /// Windows per request.
    pub(crate) batch_windows: u32,
    /// Bases that starts of windows are multiples of.
    pub(crate) window_grid: u32,
    /// Score although the assemblies' names differ.
    pub(crate) allow_assembly_mismatch: bool,
    /// Errors only.
    pub(crate) quiet: bool,
}

impl ScoreOptions {
    /// All outputs.
    pub(super) fn destinations(&self) -> impl Iterator<Item = &Destination> {
        let table = self.table.iter().map(|table| &table.destination);
        std::iter::once(&self.output).chain(table).chain(&self.skipped).chain(&self.stats).chain(&self.html)
    }

    /// What the models run on, as far as it is known here, where no server tells.
    pub(super) fn device(&self) -> String {
        match &self.server.choice {
            ServerChoice::Embedded(server) => match &server.device {
                Some(device) => device.clone(),
                None => "the server's default".to_owned(),
            },
            ServerChoice::Running(_) => "not told by the server".to_owned(),
        }
    }

    /// Everything that the bytes of the outputs depend on.
    pub(super) fn identity(&self, provenance: &Provenance, chosen: &ChosenModels) -> Identity {
        let input = match std::fs::metadata(&self.input) {
            Ok(metadata) => format!(
                "{}, {} bytes, changed {:?}",
                self.input.display(),
                metadata.len(),
                metadata.modified().ok()
            ),
            Err(_) => self.input.display().to_string(),
        };
        let places: Vec<String> =
            [Some(&self.output), self.table.as_ref().map(|table| &table.destination), self.skipped.as_ref()]
                .into_iter()
                .map(|place| place.map(Destination::name).unwrap_or_default())
                .collect();
        let layout = self.table.as_ref().map(|table| (table.format, table.layout));
        [
            ("input", input),
            ("version", provenance.version.to_owned()),
            ("models", format!("{}, fields for {:?}", provenance.model_digest, chosen.requested)),
            ("reference", provenance.reference_digest.clone()),
            ("outputs", format!("{places:?}, {:?}, {layout:?}", self.form)),
            ("summary", self.html.is_some().to_string()),
            ("device", provenance.device.clone()),
            ("selection", self.selection.identity()),
            ("window grid", self.window_grid.to_string()),
            ("normalization", self.left_aligned.to_string()),
            ("checkpoints", self.checkpoint_records.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

impl MaxSkipped {
    /// Whether these are too many.
    pub(super) fn is_exceeded(self, skipped: u64, alleles: u64) -> bool {
        let float = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        match self {
            Self::Alleles(limit) => skipped > limit,
            Self::Percent(limit) => float(skipped) * 100.0 > limit * float(alleles),
        }
    }
}

impl fmt::Display for MaxSkipped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alleles(limit) => write!(formatter, "{limit}"),
            Self::Percent(limit) => write!(formatter, "{limit}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        assert!(!MaxSkipped::Alleles(3).is_exceeded(3, 3) && MaxSkipped::Alleles(3).is_exceeded(4, 9));
        assert!(
            !MaxSkipped::Percent(5.0).is_exceeded(5, 100) && MaxSkipped::Percent(5.0).is_exceeded(6, 100)
        );
        assert!(!MaxSkipped::Percent(0.0).is_exceeded(0, 0));
    }
}
