//! The prepared windows of one model, ready to be predicted.

use std::path::Path;

use polaris_genomics::ReferenceBundle;
use polaris_model::ModelId;
use polaris_model::training::{Example, Recipe};

use crate::assess::groups::overlapping;
use crate::metrics::Groups;
use crate::prepare::record::Record;
use crate::train::Covariate;
use crate::train::dataset::Dataset;
use crate::windows_file::LabelledWindow;

/// A reference bundle and a folder that `prepare` made with it.
pub(super) struct Source<'a> {
    prepared: &'a Path,
    bundle: ReferenceBundle,
    digest: String,
}

/// Windows, labels and covariates of a model.
#[derive(Debug)]
pub(super) struct PreparedModel {
    pub(super) id: ModelId,
    pub(super) record: Record,
    pub(super) rows: Vec<LabelledWindow>,
    pub(super) windows_sha256: String,
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

    /// Reads a model's windows and cuts their sequences.
    ///
    /// # Errors
    /// If the windows cannot be read, or were prepared with another bundle.
    pub(super) fn model(&self, id: &ModelId) -> anyhow::Result<PreparedModel> {
        let record = Record::read(&self.prepared.join(id.to_string()))?;
        // No network is trained on these: there is nothing to shift by, and expression may be missing as long as no
        // network asks for it.
        let recipe = Recipe { shift_bases: 0, ..Recipe::standard() };
        let of = (&self.bundle, self.digest.as_str());
        let dataset = Dataset::open(self.prepared, id, of, &recipe, &[Covariate::Expression])?;
        let Dataset { id, windows: rows, windows_sha256, examples, .. } = dataset;
        let labels = rows.iter().map(|row| row.positive).collect();
        let groups = Groups::new(overlapping(&rows.iter().map(|row| &row.window).collect::<Vec<_>>()));
        Ok(PreparedModel { id, record, rows, windows_sha256, examples, labels, groups })
    }
}
