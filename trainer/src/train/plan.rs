//! What is to be trained, and how.

use std::fmt;
use std::path::PathBuf;

use polaris_genomics::Shard;
use polaris_model::training::Recipe;
use polaris_model::{Device, ModelId, Split};
use sha2::{Digest, Sha256};

use super::dataset::Dataset;

/// Settings that all networks of a run share.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) recipe: Recipe,
    /// The first one chooses what is published.
    pub(super) splits: Vec<Split>,
    pub(super) folds: u8,
    pub(super) seed: u64,
    pub(super) device: Device,
    pub(super) jobs: usize,
    /// Networks that are trained as one; by the device and its memory if it is not given.
    pub(super) stack: Option<usize>,
    pub(super) work: PathBuf,
    /// The part of the models that this run trains.
    pub(super) shard: Option<Shard>,
}

/// One network to train: a fold of a split of a model's windows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) split: Split,
    pub(super) fold: u8,
}

impl Plan {
    /// Every network of the run, model by model. Folds that no window lies in, or that leave one class, are
    /// left out: with fewer contigs than folds there are fewer folds.
    pub(super) fn tasks<'a>(&self, dataset: &'a Dataset) -> Vec<Task<'a>> {
        let mut tasks = Vec::new();
        for &split in &self.splits {
            let usable = (0..u8::MAX).filter(|&fold| Task { dataset, split, fold }.is_usable());
            tasks.extend(usable.take(self.folds.into()).map(|fold| Task { dataset, split, fold }));
        }
        tasks
    }

    /// Whether networks are trained as stacks.
    pub(super) fn stacked(&self) -> bool {
        self.stack.map_or(self.device != Device::Cpu, |networks| networks > 1)
    }

    /// Folder for what is kept of a model.
    pub(super) fn folder(&self, id: &ModelId) -> PathBuf {
        self.work.join(&self.recipe.name).join(id.to_string())
    }

    /// Folder for what is told of the whole run: runs that share the work must not write over each other.
    pub(super) fn report_folder(&self) -> PathBuf {
        let folder = self.work.join(&self.recipe.name);
        match self.shard {
            Some(shard) => folder.join("shards").join(format!("{}-of-{}", shard.number1, shard.count)),
            None => folder,
        }
    }

    /// Folds that [`Plan::tasks`] leaves out although windows lie in them, each with the reason.
    pub(super) fn left_out(&self, dataset: &Dataset) -> Vec<String> {
        let mut reasons = Vec::new();
        for &split in &self.splits {
            let mut taken = 0;
            for fold in 0..u8::MAX {
                let task = Task { dataset, split, fold };
                if task.is_usable() {
                    taken += 1;
                } else if task.indices().1.is_empty() {
                    continue;
                } else {
                    let (training, held_out) = task.indices();
                    let [training, held_out] = [training, held_out].map(|side| task.counts(&side));
                    reasons.push(format!(
                        "{task} is left out: {held_out} are held out, {training} would be trained on; both kinds are \
                         needed on both sides"
                    ));
                }
                if taken == self.folds {
                    break;
                }
            }
        }
        reasons
    }

    /// Seed of one network: depends on model, split and fold, not on what else is trained.
    pub(super) fn seed(&self, task: &Task<'_>) -> u64 {
        let digest =
            Sha256::digest(format!("{} {} {} {}", self.seed, task.dataset.id, task.split, task.fold));
        digest.iter().take(8).fold(0, |seed, &byte| (seed << 8) | u64::from(byte))
    }
}

impl Task<'_> {
    /// Indices of the windows to train on and of those held out.
    pub(super) fn indices(&self) -> (Vec<usize>, Vec<usize>) {
        (0..self.dataset.windows.len())
            .partition(|&window| self.dataset.fold(window, self.split) != Some(self.fold))
    }

    fn counts(&self, side: &[usize]) -> String {
        let positives = self.positives(side);
        format!("{positives} bound and {} unbound windows", side.len() - positives)
    }

    fn positives(&self, side: &[usize]) -> usize {
        side.iter().filter(|&&i| self.dataset.windows.get(i).is_some_and(|row| row.positive)).count()
    }

    /// Both classes must stand on both sides.
    fn is_usable(&self) -> bool {
        let (training, held_out) = self.indices();
        [training, held_out].iter().all(|side| {
            let positives = self.positives(side);
            positives > 0 && positives < side.len()
        })
    }
}

/// `fold 2 by chromosome`, counted from 1.
impl fmt::Display for Task<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let split = match self.split {
            Split::Chromosome => "by chromosome",
            Split::Random => "at random",
        };
        write!(f, "fold {} {split}", self.fold + 1)
    }
}
