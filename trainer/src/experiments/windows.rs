//! The prepared windows of one model, ready to be predicted.

use std::path::Path;

use anyhow::{Context, bail};
use polaris_genomics::ReferenceBundle;
use polaris_model::ModelId;
use polaris_model::training::Example;

use crate::assess::groups::overlapping;
use crate::metrics::Groups;
use crate::prepare::record::{Record, WINDOWS_FILE};
use crate::windows_file::{LabelledWindow, read_windows};

/// A reference bundle and a folder that `prepare` made with it.
pub(super) struct Source<'a> {
    pub(super) prepared: &'a Path,
    bundle: ReferenceBundle,
    digest: String,
}

/// Windows, labels and covariates of a model.
#[derive(Debug)]
pub(super) struct PreparedModel {
    pub(super) id: ModelId,
    pub(super) record: Record,
    pub(super) rows: Vec<LabelledWindow>,
    pub(super) examples: Vec<Example>,
    pub(super) labels: Vec<bool>,
    /// Windows that overlap are resampled together.
    pub(super) groups: Groups,
}

impl<'a> Source<'a> {
    /// Opens the bundle.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn open(prepared: &'a Path, reference: &Path) -> anyhow::Result<Self> {
        let bundle = ReferenceBundle::open(reference)?;
        let digest = bundle.digest()?;
        Ok(Self { prepared, bundle, digest })
    }

    /// The models prepared in the folder, sorted.
    ///
    /// # Errors
    /// If the folder cannot be read or holds none.
    pub(super) fn ids(&self) -> anyhow::Result<Vec<ModelId>> {
        let shown = self.prepared.display();
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.prepared).with_context(|| shown.to_string())? {
            let entry = entry.with_context(|| shown.to_string())?;
            let id = entry.file_name().to_str().and_then(|name| name.parse::<ModelId>().ok());
            found.extend(id.filter(|_| entry.path().join(WINDOWS_FILE).is_file()));
        }
        if found.is_empty() {
            bail!("{shown} holds no prepared model; run `polaris-trainer prepare` first");
        }
        found.sort();
        Ok(found)
    }

    /// Reads a model's windows and cuts their sequences.
    ///
    /// # Errors
    /// If the windows cannot be read, or were prepared with another bundle.
    pub(super) fn model(&self, id: &ModelId) -> anyhow::Result<PreparedModel> {
        let folder = self.prepared.join(id.to_string());
        let record = Record::read(&folder)?;
        if record.inputs.reference_digest != self.digest {
            bail!(
                "{}: prepared with another reference bundle (assembly {}) than that of --reference (assembly {}, or \
                 its files have changed since); give that bundle",
                folder.display(),
                record.inputs.assembly,
                self.bundle.assembly()
            );
        }
        let path = folder.join(WINDOWS_FILE);
        let rows = read_windows(&path)?;
        let examples = rows
            .iter()
            .map(|row| {
                let sequence = row.window.sequence(self.bundle.reference())?;
                Ok(Example {
                    sequence,
                    flank_bases: 0,
                    // A network that reads it was refused by `train` where it is missing.
                    expression: row.expression.unwrap_or(0.0),
                    region: row.region,
                    positive: row.positive,
                })
            })
            .collect::<anyhow::Result<_>>()
            .with_context(|| path.display().to_string())?;
        let labels = rows.iter().map(|row| row.positive).collect();
        let groups = Groups::new(overlapping(&rows.iter().map(|row| &row.window).collect::<Vec<_>>()));
        Ok(PreparedModel { id: id.clone(), record, rows, examples, labels, groups })
    }
}
