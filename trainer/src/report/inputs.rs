//! What the other commands wrote, read leniently: a field that is missing leaves a gap and not a refusal.

mod json;
mod tables;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

use super::model::Model;
use super::numbers::Number;
use crate::meme::{Motif, read_motifs};
use crate::terminal;

/// Folders are searched so deep.
const DEPTH: usize = 4;
/// Larger files are not of these commands.
const LARGEST_BYTES: u64 = 256 << 20;

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    /// The files, with what they are.
    pub(super) files: Vec<(PathBuf, &'static str)>,
    pub(super) training: Vec<Training>,
    pub(super) assessed: Vec<Assessed>,
    pub(super) cross_cell: Vec<CrossCell>,
    pub(super) ablation: Vec<Ablated>,
    pub(super) learning: Vec<Learned>,
    pub(super) methods: Vec<Method>,
    pub(super) structure: Vec<Structure>,
    pub(super) motifs: Vec<MotifRow>,
    pub(super) matches: Vec<MatchRow>,
    pub(super) matrices: Vec<Motif>,
    pub(super) diffusion: Vec<DiffusionRow>,
}

/// A run of `train`.
#[derive(Clone, Debug, Default)]
pub(super) struct Training {
    /// Its recipe, and what was left out.
    pub(super) name: String,
    pub(super) models: Vec<Trained>,
}

/// A model of it: means over folds by split.
#[derive(Clone, Debug)]
pub(super) struct Trained {
    pub(super) model: Model,
    pub(super) bound: Option<f64>,
    /// Split, AUROC, AUPRC.
    pub(super) splits: Vec<(String, f64, Option<f64>)>,
}

/// A model that `assess` tested.
#[derive(Clone, Debug)]
pub(super) struct Assessed {
    pub(super) model: Model,
    pub(super) windows: Option<f64>,
    pub(super) auroc: Option<Number>,
    pub(super) auprc: Option<Number>,
    pub(super) brier: Option<Number>,
    pub(super) calibration_error: Option<Number>,
    pub(super) slope: Option<Number>,
    pub(super) floor_auroc: Option<Number>,
    /// Mean probability, share bound.
    pub(super) bins: Vec<(f64, Number)>,
}

/// A direction of `cross-cell`.
#[derive(Clone, Debug)]
pub(super) struct CrossCell {
    pub(super) rbp: String,
    pub(super) trained_in: String,
    pub(super) tested_in: String,
    pub(super) windows: Option<f64>,
    pub(super) cross: Option<Number>,
    pub(super) own: Option<Number>,
    pub(super) difference: Option<Number>,
    pub(super) copied: Option<Number>,
    pub(super) sensitivity: Option<Number>,
    pub(super) specificity: Option<Number>,
}

/// A model and set of inputs of `ablation`.
#[derive(Clone, Debug)]
pub(super) struct Ablated {
    pub(super) model: Model,
    pub(super) variant: String,
    pub(super) auroc: Option<Number>,
    pub(super) gain: Option<Number>,
}

/// A point of `learning-curve`.
#[derive(Clone, Debug)]
pub(super) struct Learned {
    pub(super) model: Model,
    pub(super) trained_on: f64,
    pub(super) auroc: Option<Number>,
}

/// A model and method of `compare`, the mean over folds.
#[derive(Clone, Debug)]
pub(super) struct Method {
    pub(super) model: Model,
    pub(super) method: String,
    pub(super) folds: usize,
    pub(super) auroc: Option<Number>,
    pub(super) auprc: Option<Number>,
    pub(super) brier: Option<Number>,
}

/// A model with secondary structure of one folding window.
#[derive(Clone, Debug)]
pub(super) struct Structure {
    pub(super) model: Model,
    /// Length of the folding window in bases; 0 without structure.
    pub(super) window: f64,
    pub(super) auroc: Option<Number>,
}

/// A line of `motifs.tsv`.
#[derive(Clone, Debug)]
pub(super) struct MotifRow {
    pub(super) model: Model,
    pub(super) consensus: Option<String>,
    pub(super) sites: Option<f64>,
    pub(super) bits: Option<f64>,
    pub(super) best: Option<String>,
    pub(super) similarity: Option<f64>,
    pub(super) q: Option<f64>,
}

/// A line of `matches.tsv`.
#[derive(Clone, Debug)]
pub(super) struct MatchRow {
    pub(super) model: Model,
    pub(super) rank: f64,
    pub(super) name: String,
}

/// A line of `diffusion.tsv`.
#[derive(Clone, Debug)]
pub(super) struct DiffusionRow {
    pub(super) model: Model,
    pub(super) diffusion: Option<f64>,
    pub(super) effective_bases: Option<f64>,
    pub(super) maps: Option<f64>,
}

impl Inputs {
    /// Reads files, and folders with all that is in them.
    ///
    /// # Errors
    /// If one cannot be read. A JSON or TSV file that is of no command is passed over, unless it was named itself.
    pub(super) fn gather(places: &[PathBuf]) -> anyhow::Result<Self> {
        let mut inputs = Self::default();
        let mut seen = BTreeSet::new();
        for place in places {
            let mut files = Vec::new();
            find(place, 0, &mut files).with_context(|| place.display().to_string())?;
            for file in files {
                if !seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())) {
                    continue;
                }
                let kind = inputs.read(&file).with_context(|| file.display().to_string())?;
                match kind {
                    Some(kind) => inputs.files.push((file, kind)),
                    None if file == *place => {
                        bail!("{}: of no command whose results a report shows", file.display())
                    }
                    None => {}
                }
            }
        }
        for kind in ["cross-cell", "ablation", "learning-curve", "motifs", "diffusion"] {
            let files: Vec<&(PathBuf, &str)> = inputs.files.iter().filter(|(_, of)| *of == kind).collect();
            if let [.., last] = files.as_slice()
                && files.len() > 1
            {
                let (count, last) = (files.len(), last.0.display());
                terminal::say(format_args!("note: {count} files of {kind}: {last} is shown"));
            }
        }
        Ok(inputs)
    }

    /// Says what the file is.
    fn read(&mut self, file: &Path) -> anyhow::Result<Option<&'static str>> {
        let extension = file.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("json") => {
                let text = std::fs::read_to_string(file)?;
                let Ok(value) = serde_json::from_str::<Value>(&text) else { return Ok(None) };
                Ok(self.read_json(&value))
            }
            Some("tsv") => self.read_table(&std::fs::read_to_string(file)?, file),
            Some("meme") if file.file_name().is_some_and(|name| name == "motifs.meme") => {
                self.matrices = read_motifs(file)?;
                Ok(Some("logos"))
            }
            _ => Ok(None),
        }
    }

    /// All models that anything is known of, sorted.
    pub(super) fn models(&self) -> BTreeSet<Model> {
        let mut models: BTreeSet<Model> = BTreeSet::new();
        models.extend(self.training.iter().flat_map(|run| &run.models).map(|one| one.model.clone()));
        models.extend(self.assessed.iter().map(|one| one.model.clone()));
        models.extend(self.ablation.iter().map(|one| one.model.clone()));
        models.extend(self.learning.iter().map(|one| one.model.clone()));
        models.extend(self.methods.iter().map(|one| one.model.clone()));
        models.extend(self.structure.iter().map(|one| one.model.clone()));
        models.extend(self.motifs.iter().map(|one| one.model.clone()));
        models.extend(self.diffusion.iter().map(|one| one.model.clone()));
        models.extend(
            self.cross_cell.iter().map(|one| Model { rbp: one.rbp.clone(), line: one.tested_in.clone() }),
        );
        models
    }

    /// The area under the ROC curve of a model: by chromosome folds if `train` told them, else on held-out windows.
    pub(super) fn auroc(&self, model: &Model) -> Option<f64> {
        let trained = self.training.iter().flat_map(|run| &run.models).find(|one| one.model == *model);
        let by_chromosome = trained.and_then(|one| one.splits.iter().find(|split| split.0 == "chromosome"));
        let assessed = || self.assessed.iter().find(|one| one.model == *model)?.auroc;
        by_chromosome.map(|split| split.1).or_else(|| assessed().map(|number| number.value))
    }
}

fn find(place: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let information = std::fs::metadata(place)?;
    if information.is_file() {
        if depth == 0 || information.len() <= LARGEST_BYTES {
            files.push(place.to_path_buf());
        }
        return Ok(());
    }
    if !information.is_dir() || depth > DEPTH {
        return Ok(());
    }
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(place)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    for entry in entries {
        let known =
            |extension: &std::ffi::OsStr| ["json", "tsv", "meme"].iter().any(|known| extension == *known);
        // Networks that experiments trained for themselves are no models of the user's.
        let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let inner = ["learning-curve", "ablation"].contains(&name);
        // A link that leads nowhere is nobody's result.
        if (entry.is_dir() && !inner) || (entry.is_file() && entry.extension().is_some_and(known)) {
            find(&entry, depth + 1, files)?;
        }
    }
    Ok(())
}
