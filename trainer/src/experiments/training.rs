//! Training as `train` does it, for experiments that need networks of their own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, FromArgMatches};
use polaris_model::training::Recipe;
use polaris_model::{Device, ModelId, Split};

use super::networks::{self, FoldNetwork};
use super::windows::PreparedModel;
use crate::train;

/// Options of every experiment that trains.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Folder that `prepare` wrote.
    #[arg(long, value_name = "DIR")]
    pub(super) prepared: PathBuf,
    /// Reference bundle that `prepare` used: a folder with reference.toml.
    #[arg(long, value_name = "BUNDLE")]
    pub(super) reference: PathBuf,
    /// Work folder of `train`, whose networks are taken where they fit [default: `training` beside the prepared folder].
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    /// Training recipe: standard, paper, or a JSON file.
    #[arg(long, default_value = "standard")]
    pub(super) recipe: String,
    /// These models only, comma-separated, such as QKI.HepG2,PUM2.K562.
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    only: Vec<ModelId>,
    /// Folds by chromosome to train: 1 is a single 80/20 hold-out.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=5))]
    pub(super) folds: u8,
    /// Seed of all random choices.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Networks trained at once [default: as `train` chooses].
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Device: cpu, cuda or cuda:N.
    #[arg(long, default_value = "cpu")]
    pub(super) device: Device,
    /// Resamples behind the intervals.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub(super) bootstrap: u32,
    /// Folder to write to; made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Further options of `train`, after `--`.
    #[arg(last = true, value_name = "TRAIN OPTIONS")]
    further: Vec<OsString>,
}

impl Options {
    /// The work folder.
    pub(super) fn work(&self) -> PathBuf {
        self.work.clone().unwrap_or_else(|| self.prepared.with_file_name("training"))
    }

    /// The chosen ones of the prepared models.
    ///
    /// # Errors
    /// If a named model is not prepared.
    pub(super) fn chosen(&self, mut ids: Vec<ModelId>) -> anyhow::Result<Vec<ModelId>> {
        if let Some(missing) = self.only.iter().find(|id| !ids.contains(id)) {
            anyhow::bail!("{missing} is not prepared in {}", self.prepared.display());
        }
        ids.retain(|id| self.only.is_empty() || self.only.contains(id));
        Ok(ids)
    }

    /// The folder of the work folder that `train` keeps networks of the recipe in.
    ///
    /// # Errors
    /// If the recipe is a file that cannot be read.
    pub(super) fn recipe_name(&self) -> anyhow::Result<String> {
        if Recipe::by_name(&self.recipe).is_some() {
            return Ok(self.recipe.clone());
        }
        let text = std::fs::read_to_string(&self.recipe)
            .with_context(|| format!("recipe {:?} is neither standard, paper, nor a file", self.recipe))?;
        let recipe: Recipe = serde_json::from_str(&text).with_context(|| self.recipe.clone())?;
        Ok(recipe.name)
    }

    /// Trains the folds by chromosome of models prepared in a folder, all or the chosen ones; those that an earlier run
    /// trained are taken from `work`. What `train` publishes goes to a registry within `work`, which nobody serves.
    ///
    /// # Errors
    /// Those of `train`: also if one of several models failed.
    pub(super) fn train(&self, run: &Run<'_>) -> anyhow::Result<()> {
        let mut options: Vec<OsString> = vec!["--prepared".into(), run.prepared.into()];
        options.extend(["--reference".into(), self.reference.clone().into()]);
        options.extend(["--work".into(), run.work.into()]);
        options.extend(["--registry".into(), run.registry.into()]);
        options.extend(
            ["--splits", "chromosome", "--background", "0", "--recipe", &self.recipe].map(Into::into),
        );
        options.extend(["--folds".into(), run.folds.to_string().into()]);
        options.extend(["--seed".into(), self.seed.to_string().into()]);
        options.extend(["--device".into(), self.device.to_string().into()]);
        if !run.only.is_empty() {
            let names: Vec<String> = run.only.iter().map(ToString::to_string).collect();
            options.extend(["--only".into(), names.join(",").into()]);
        }
        if !run.without.is_empty() {
            options.extend(["--without", run.without].map(Into::into));
        }
        if let Some(jobs) = self.jobs {
            options.extend(["--jobs".into(), jobs.to_string().into()]);
        }
        options.extend(self.further.iter().cloned());
        train::run(&arguments(&options)?)
    }

    /// The networks that `train` kept of a model in a work folder.
    ///
    /// # Errors
    /// If there are none.
    pub(super) fn networks(
        &self,
        work: &Path,
        id: &ModelId,
        model: &PreparedModel,
    ) -> anyhow::Result<Vec<FoldNetwork>> {
        let folder = work.join(self.recipe_name()?).join(id.to_string());
        let mut networks =
            networks::read_all(&folder, Split::Chromosome, model.record.inputs.options.length)?;
        // An earlier run may have trained more.
        networks.truncate(self.folds.into());
        Ok(networks)
    }
}

/// One run of `train`.
pub(super) struct Run<'a> {
    pub(super) prepared: &'a Path,
    pub(super) work: &'a Path,
    pub(super) registry: &'a Path,
    pub(super) only: &'a [ModelId],
    pub(super) folds: u8,
    /// Covariates to leave out, comma-separated.
    pub(super) without: &'a str,
}

/// Options as on the command line, so that an experiment trains just what `train` with them would.
fn arguments(options: &[OsString]) -> anyhow::Result<train::Arguments> {
    let command = train::Arguments::augment_args(clap::Command::new("train").no_binary_name(true));
    Ok(train::Arguments::from_arg_matches(&command.try_get_matches_from(options)?)?)
}
