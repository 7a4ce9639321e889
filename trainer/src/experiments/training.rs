//! Training as `train` does it, for experiments that need networks of their own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, bail};
use clap::{Args, FromArgMatches};
use polaris_model::{Device, FoldMetrics, ModelId, Split};
use serde::Deserialize;

use super::networks::{self, FoldNetwork};
use crate::train::{self, dataset, recipes};
use crate::windows_file::FOLDS;

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

    /// The prepared models, all or the chosen ones.
    ///
    /// # Errors
    /// If a named model is not prepared, or none is.
    pub(super) fn chosen(&self) -> anyhow::Result<Vec<ModelId>> {
        dataset::find(&self.prepared, &self.only)
    }

    /// The folder of the work folder that `train` keeps networks of the recipe in.
    ///
    /// # Errors
    /// If the recipe is a file that cannot be read.
    pub(super) fn recipe_name(&self) -> anyhow::Result<String> {
        Ok(recipes::find(&self.recipe)?.name)
    }

    /// Trains the folds by chromosome of models prepared in a folder, all or the chosen ones; those that an earlier run
    /// trained are taken from `work`. What `train` publishes goes to a registry within `work`, which nobody serves.
    ///
    /// # Errors
    /// If an option is none of `train`. Models that could not be trained are told by the outcome.
    pub(super) fn train(&self, run: &Run<'_>) -> anyhow::Result<Outcome> {
        let mut options: Vec<OsString> = vec!["--prepared".into(), run.prepared.into()];
        options.extend(["--reference".into(), self.reference.clone().into()]);
        options.extend(["--work".into(), run.work.into()]);
        options.extend(["--registry".into(), run.work.join("registry").into()]);
        options.extend(
            ["--splits", "chromosome", "--background", "0", "--recipe", &self.recipe].map(Into::into),
        );
        options.extend(["--folds".into(), run.folds.to_string().into()]);
        options.extend(["--seed".into(), self.seed.to_string().into()]);
        options.extend(["--device".into(), self.device.to_string().into()]);
        let names: Vec<String> = run.only.iter().map(ToString::to_string).collect();
        options.extend(["--only".into(), names.join(",").into()]);
        if !run.without.is_empty() {
            options.extend(["--without", run.without].map(Into::into));
        }
        if let Some(jobs) = self.jobs {
            options.extend(["--jobs".into(), jobs.to_string().into()]);
        }
        let arguments = arguments(options, &self.further)?;
        let folder = run.work.join(self.recipe_name()?);
        // What stands there afterwards is of this run.
        let metrics = folder.join("metrics.json");
        match fs::remove_file(&metrics) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| metrics.display().to_string());
            }
            _ => {}
        }
        let failure = train::run(&arguments).err().map(|error| format!("{error:#}"));
        let metrics = match fs::read(&metrics) {
            Ok(text) => serde_json::from_slice(&text).with_context(|| metrics.display().to_string())?,
            // A run that trains nothing writes none, and fails.
            Err(_) => Metrics::default(),
        };
        let reads = |covariate| !run.without.split(',').any(|left_out| left_out == covariate);
        let (expression, region) = (reads("expression"), reads("region"));
        Ok(Outcome { folder, metrics, failure, seed: self.seed, expression, region })
    }

    /// Links the folds that `train` keeps of models into another work folder, where they are taken if they fit.
    ///
    /// # Errors
    /// If a file can be neither linked nor copied.
    pub(super) fn adopt(&self, work: &Path, ids: &[ModelId]) -> anyhow::Result<()> {
        let recipe = self.recipe_name()?;
        for id in ids {
            let [from, to] = [&self.work(), work].map(|work| work.join(&recipe).join(id.to_string()));
            for fold in 0..FOLDS {
                // The record goes last: a network without one is nobody's.
                for extension in ["pt", "json"] {
                    let name = format!("{}-{fold}.{extension}", Split::Chromosome);
                    let (from, to) = (from.join(&name), to.join(&name));
                    if from.is_file() && !to.exists() {
                        link(&from, &to).with_context(|| to.display().to_string())?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// One run of `train`.
pub(super) struct Run<'a> {
    pub(super) prepared: &'a Path,
    pub(super) work: &'a Path,
    pub(super) only: &'a [ModelId],
    pub(super) folds: u8,
    /// Covariates to leave out, comma-separated.
    pub(super) without: &'a str,
}

/// What became of a run of `train`.
pub(super) struct Outcome {
    /// Where it keeps the networks of each model.
    folder: PathBuf,
    metrics: Metrics,
    failure: Option<String>,
    seed: u64,
    /// Which covariates the networks were to read.
    expression: bool,
    region: bool,
}

/// Its metrics.json; only what is needed here.
#[derive(Default, Deserialize)]
struct Metrics {
    models: Vec<Trained>,
    failed: Vec<Untrained>,
}

#[derive(Deserialize)]
struct Trained {
    model: String,
    splits: Vec<Folds>,
}

#[derive(Deserialize)]
struct Folds {
    folds: Vec<FoldMetrics>,
}

#[derive(Deserialize)]
struct Untrained {
    model: String,
    reason: String,
}

impl Outcome {
    /// The folds of a model that the run trained, or took from an earlier one with the same options.
    ///
    /// # Errors
    /// If it did not, with the reason.
    pub(super) fn folds(&self, id: &ModelId) -> anyhow::Result<Vec<u8>> {
        let name = id.to_string();
        if let Some(trained) = self.metrics.models.iter().find(|one| one.model == name) {
            let folds = trained.splits.iter().flat_map(|split| &split.folds);
            return Ok(folds.map(|of_fold| u8::try_from(of_fold.fold)).collect::<Result<_, _>>()?);
        }
        let reason = self.metrics.failed.iter().find(|one| one.model == name).map(|one| one.reason.as_str());
        let reason = reason.or(self.failure.as_deref()).unwrap_or("passed over, as said above");
        bail!("{name} was not trained: {reason}")
    }

    /// Their networks, and no others that lie beside them.
    ///
    /// # Errors
    /// If the run did not train the model, or a network is not what was asked for.
    pub(super) fn networks(&self, id: &ModelId, windows_sha256: &str) -> anyhow::Result<Vec<FoldNetwork>> {
        let folder = self.folder.join(id.to_string());
        let mut found = Vec::new();
        for fold in self.folds(id)? {
            let network = networks::read(&folder, fold, windows_sha256)?;
            let architecture = network.weights.architecture();
            let reads = (architecture.expression(), architecture.region());
            if network.seed != self.seed || reads != (self.expression, self.region) {
                bail!("{}: fold {} is of another seed or other covariates", folder.display(), fold + 1);
            }
            found.push(network);
        }
        Ok(found)
    }
}

/// A second name for a file, or a copy where there is none.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to.parent().unwrap_or(Path::new("")))?;
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop))
}

/// Options as on the command line, so that an experiment trains just what `train` with them would. Of the `further` ones
/// those that would add to what the experiment itself chooses are refused; clap refuses others that are given twice.
fn arguments(mut options: Vec<OsString>, further: &[OsString]) -> anyhow::Result<train::Arguments> {
    for option in further.iter().map(|option| option.to_string_lossy()) {
        let name = option.split('=').next().unwrap_or_default();
        if ["--only", "--splits", "--without"].contains(&name) {
            bail!("{name} after `--`: the experiment itself chooses what is trained");
        }
    }
    options.extend(further.iter().cloned());
    let command = train::Arguments::augment_args(clap::Command::new("train").no_binary_name(true));
    Ok(train::Arguments::from_arg_matches(&command.try_get_matches_from(options)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_says_why_a_model_is_missing() {
        let metrics = r#"{"models": [{"model": "A.K562", "splits": [{"folds": [{"fold": 2, "trained_on": 8,
            "positives": 1, "negatives": 1, "auroc": 0.5, "auprc": 0.5}]}]}],
            "failed": [{"model": "B.K562", "reason": "full"}]}"#;
        let outcome = Outcome {
            folder: PathBuf::new(),
            metrics: serde_json::from_str(metrics).unwrap(),
            failure: Some("1 of 2 failed".to_owned()),
            seed: 1,
            expression: true,
            region: true,
        };
        let told = |id: &str| outcome.folds(&id.parse().unwrap()).map_err(|error| error.to_string());
        assert_eq!(told("A.K562"), Ok(vec![2]));
        assert_eq!(told("B.K562"), Err("B.K562 was not trained: full".to_owned()));
        assert_eq!(told("C.K562"), Err("C.K562 was not trained: 1 of 2 failed".to_owned()));
    }

    #[test]
    fn options_of_train_are_checked_before_anything_is_trained() {
        let refused = |further: &str| {
            let own = "--prepared p --reference r --registry g --seed 1 --splits chromosome";
            let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
            arguments(words(own), &words(further)).err().map(|error| error.to_string())
        };
        assert_eq!(refused("--stack 2"), None);
        for further in ["--nonsense", "--seed 2", "--without expression", "--splits=random", "--only A.K562"]
        {
            let name = further.split([' ', '=']).next().unwrap();
            assert!(refused(further).is_some_and(|told| told.contains(name)), "{further}");
        }
    }
}
