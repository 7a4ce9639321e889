//! `prepare.json`: how the windows of a model came to be.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::Context;
use polaris_model::ModelId;
use serde::{Deserialize, Serialize};

use super::folds::ClassCounts;
use super::negatives::DrawCounts;
use super::options::Options;
use super::peaks::PeakFormat;
use super::positives::PeakCounts;
use crate::files::{sha256_of_file, write_whole};

/// The windows' file in a model's folder.
pub(crate) const WINDOWS_FILE: &str = "windows.bed";

/// The record's file in a model's folder.
pub(crate) const RECORD_FILE: &str = "prepare.json";

/// The layout of the record.
const FORMAT: u32 = 1;

/// What decides the windows: if all of it is the same, so are they.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inputs {
    /// The layout of the record.
    pub(crate) format: u32,
    /// The tool and its version.
    pub(crate) tool: String,
    /// The RNA-binding protein.
    pub(crate) rbp: String,
    /// The cell line.
    pub(crate) cell_line: String,
    /// The reference bundle's assembly.
    pub(crate) assembly: String,
    /// The options.
    pub(crate) options: Options,
    /// sha256 of the reference bundle.
    pub(crate) reference_digest: String,
    /// sha256 of the peak file as it is stored.
    pub(crate) peaks_digest: String,
}

impl Inputs {
    /// The inputs of a model under this version of the tool.
    pub(super) fn new(
        model: &ModelId,
        assembly: &str,
        options: &Options,
        reference_digest: &str,
        peaks_digest: String,
    ) -> Self {
        Self {
            format: FORMAT,
            tool: concat!("polaris-trainer ", env!("CARGO_PKG_VERSION")).to_owned(),
            rbp: model.rbp().to_owned(),
            cell_line: model.cell_line().to_owned(),
            assembly: assembly.to_owned(),
            options: options.clone(),
            reference_digest: reference_digest.to_owned(),
            peaks_digest,
        }
    }
}

/// One fold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FoldRecord {
    /// Its contigs, if it is one by chromosome.
    pub(crate) contigs: Vec<String>,
    /// Its windows.
    pub(crate) windows: ClassCounts,
}

/// The GC content of both classes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GcRecord {
    /// Positives in each of `options.gc_bins` equal bins.
    pub(crate) positives: Vec<usize>,
    /// Negatives likewise.
    pub(crate) negatives: Vec<usize>,
    /// The positives' mean GC fraction.
    pub(crate) mean_positives: f64,
    /// The negatives'.
    pub(crate) mean_negatives: f64,
}

/// The whole of `prepare.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// What decided the windows.
    pub(crate) inputs: Inputs,
    /// The peak file's layout.
    pub(crate) peak_format: PeakFormat,
    /// Whether the peaks have p values to be filtered by.
    pub(crate) p_values: bool,
    /// Whether isolated peaks were dropped.
    pub(crate) isolated_dropped: bool,
    /// Whether the windows have the expression of the cell line.
    pub(crate) expression: bool,
    /// What became of the peaks.
    pub(crate) peaks: PeakCounts,
    /// What became of the draws of negatives.
    pub(crate) negatives: DrawCounts,
    /// Windows on the forward strand.
    pub(crate) forward: ClassCounts,
    /// GC content.
    pub(crate) gc: GcRecord,
    /// Folds by chromosome.
    pub(crate) folds_chromosome: Vec<FoldRecord>,
    /// Folds at random.
    pub(crate) folds_random: Vec<FoldRecord>,
    /// sha256 of `windows.bed`.
    pub(crate) windows_digest: String,
}

impl Record {
    /// Reads the record of a model's folder.
    ///
    /// # Errors
    /// An absent or unreadable file, or one of another version.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(RECORD_FILE);
        let text = fs::read(&path)
            .with_context(|| format!("{}: run `polaris-trainer prepare` again", path.display()))?;
        serde_json::from_slice(&text).with_context(|| {
            format!("{}: not a record of this version; run `polaris-trainer prepare` again", path.display())
        })
    }

    /// The record in `folder` if it is of the same `inputs` and its windows are as they were written.
    pub(super) fn reusable(folder: &Path, inputs: &Inputs) -> Option<Self> {
        let record = Self::read(folder).ok().filter(|record| record.inputs == *inputs)?;
        let digest = sha256_of_file(&folder.join(WINDOWS_FILE)).ok()?;
        (digest == record.windows_digest).then_some(record)
    }

    /// Writes windows and record into `folder`, which is made if need be. The record goes last: a folder without one is
    /// not finished.
    pub(super) fn write(&self, folder: &Path, windows: &[u8]) -> anyhow::Result<()> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        remove_files(folder)?;
        for (name, content) in [(WINDOWS_FILE, windows), (RECORD_FILE, &json)] {
            write_whole(&folder.join(name), content)
                .with_context(|| folder.join(name).display().to_string())?;
        }
        Ok(())
    }
}

/// Removes the record and then the windows of an earlier run, so that nobody trains on what no longer holds, and the
/// folder if nothing else is in it. Says whether there was anything.
pub(super) fn remove_earlier(folder: &Path) -> anyhow::Result<bool> {
    let removed = remove_files(folder)?;
    // Fails, as it should, if there is more in the folder.
    drop(fs::remove_dir(folder));
    Ok(removed)
}

fn remove_files(folder: &Path) -> anyhow::Result<bool> {
    let mut removed = false;
    for name in [RECORD_FILE, WINDOWS_FILE] {
        let path = folder.join(name);
        match fs::remove_file(&path) {
            Ok(()) => removed = true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        }
    }
    Ok(removed)
}
