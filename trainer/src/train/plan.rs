//! What is to be trained, and how.

use std::path::PathBuf;

use polaris_model::training::Recipe;
use polaris_model::{Device, Split};
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
    pub(super) work: PathBuf,
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

    /// Both classes must stand on both sides.
    fn is_usable(&self) -> bool {
        let (training, held_out) = self.indices();
        [training, held_out].iter().all(|side| {
            let positives =
                side.iter().filter(|&&i| self.dataset.windows.get(i).is_some_and(|row| row.positive)).count();
            positives > 0 && positives < side.len()
        })
    }
}
