//! The prepared windows of one model with their sequences.

use std::path::Path;

use anyhow::{Context, bail};
use polaris_genomics::{ReferenceBundle, Window};
use polaris_model::training::{Example, Recipe};
use polaris_model::{Architecture, ModelId, Split};

use super::Covariate;
use crate::files::sha256_of;
use crate::prepare::record::{Record, WINDOWS_FILE};
use crate::windows_file::{LabelledWindow, read_windows};

/// A model's windows, labels, covariates and folds.
#[derive(Debug)]
pub(crate) struct Dataset {
    pub(crate) id: ModelId,
    pub(crate) architecture: Architecture,
    pub(crate) windows_sha256: String,
    pub(crate) windows: Vec<LabelledWindow>,
    pub(crate) examples: Vec<Example>,
}

/// The models prepared in a folder, sorted; all of them, or the named ones.
pub(crate) fn find(prepared: &Path, only: &[ModelId]) -> anyhow::Result<Vec<ModelId>> {
    let mut found: Vec<ModelId> = Vec::new();
    let entries = std::fs::read_dir(prepared).with_context(|| prepared.display().to_string())?;
    for entry in entries {
        let entry = entry.with_context(|| prepared.display().to_string())?;
        let id = entry.file_name().to_str().and_then(|name| name.parse::<ModelId>().ok());
        if let Some(id) = id
            && entry.path().join(WINDOWS_FILE).is_file()
        {
            found.push(id);
        }
    }
    found.sort();
    if let Some(missing) = only.iter().find(|id| !found.contains(id)) {
        bail!("{missing} is not prepared in {}", prepared.display());
    }
    if found.is_empty() {
        bail!("{} holds no prepared model; run `polaris-trainer prepare` first", prepared.display());
    }
    Ok(if only.is_empty() { found } else { found.into_iter().filter(|id| only.contains(id)).collect() })
}

impl Dataset {
    /// Reads a model's windows and cuts their sequences, with what the recipe shifts by to either side.
    ///
    /// # Errors
    /// Windows that cannot be read or used, that `prepare` did not finish, or that it made of another bundle: their
    /// places and covariates would not be those of the sequences.
    pub(crate) fn open(
        prepared: &Path,
        id: &ModelId,
        (bundle, reference_digest): (&ReferenceBundle, &str),
        recipe: &Recipe,
        without: &[Covariate],
    ) -> anyhow::Result<Self> {
        let folder = prepared.join(id.to_string());
        let inputs = Record::read(&folder)?.inputs;
        if inputs.reference_digest != reference_digest {
            bail!(
                "{}: prepared with another reference bundle (assembly {}) than that of --reference (assembly {}, \
                 or its files have changed since); give that bundle, or prepare again with this one",
                folder.display(),
                inputs.assembly,
                bundle.assembly()
            );
        }
        let path = folder.join(WINDOWS_FILE);
        let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
        let windows_sha256 = sha256_of(&bytes);
        let windows = read_windows(&path)?;
        let input_length = input_length(&path, &windows)?;
        let uses = |covariate| !without.contains(&covariate);
        let architecture =
            Architecture::new(input_length, uses(Covariate::Expression), uses(Covariate::Region))
                .with_context(|| path.display().to_string())?;
        let examples = windows
            .iter()
            .map(|row| example(row, bundle, recipe.shift_bases, architecture.expression()))
            .collect::<anyhow::Result<_>>()
            .with_context(|| path.display().to_string())?;
        Ok(Self { id: id.clone(), architecture, windows_sha256, windows, examples })
    }

    /// Bound windows.
    pub(crate) fn positives(&self) -> usize {
        self.windows.iter().filter(|row| row.positive).count()
    }

    /// The fold of a window.
    pub(crate) fn fold(&self, window: usize, split: Split) -> Option<u8> {
        let row = self.windows.get(window)?;
        Some(match split {
            Split::Chromosome => row.fold_chromosome,
            Split::Random => row.fold_random,
        })
    }

    /// Contigs whose windows lie in a fold by chromosome, sorted.
    pub(crate) fn contigs(&self, fold: u8) -> Vec<String> {
        let in_fold = self.windows.iter().filter(|row| row.fold_chromosome == fold);
        let mut contigs: Vec<String> = in_fold.map(|row| row.window.contig.clone()).collect();
        contigs.sort();
        contigs.dedup();
        contigs
    }
}

/// The length that all windows share.
fn input_length(path: &Path, windows: &[LabelledWindow]) -> anyhow::Result<usize> {
    let Some(first) = windows.first() else { bail!("{}: no windows", path.display()) };
    match windows.iter().find(|row| row.window.length != first.window.length) {
        None => Ok(first.window.length),
        Some(other) => bail!(
            "{}: {} has {} bases and {} has {}; windows must be of one length",
            path.display(),
            first.name,
            first.window.length,
            other.name,
            other.window.length
        ),
    }
}

fn example(
    row: &LabelledWindow,
    bundle: &ReferenceBundle,
    flank_bases: usize,
    needs_expression: bool,
) -> anyhow::Result<Example> {
    let expression = match row.expression {
        Some(value) => value,
        None if needs_expression => {
            bail!(
                "{} has no expression value; prepare again with a table, or train --without expression",
                row.name
            )
        }
        None => 0.0,
    };
    let wider = Window {
        start0: row.window.start0 - flank_bases as i64,
        length: row.window.length + 2 * flank_bases,
        ..row.window.clone()
    };
    let sequence = wider.sequence(bundle.reference())?;
    Ok(Example { sequence, flank_bases, expression, region: row.region, positive: row.positive })
}
