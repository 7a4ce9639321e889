//! Nested random subsets of training windows, prepared as models of their own.

use std::path::Path;

use anyhow::Context;
use polaris_model::ModelId;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::experiments::results;
use crate::experiments::windows::PreparedModel;
use crate::files::{sha256_of, write_whole};
use crate::prepare::record::{RECORD_FILE, WINDOWS_FILE};
use crate::windows_file::{LabelledWindow, write_windows};

/// Fewer bound windows than this teach nothing.
const MINIMUM_POSITIVES: usize = 20;
/// The fold of a subset with the windows to test on; 1 is trained on.
pub(super) const HELD_OUT: u8 = 0;

/// The name under which the subset of a fold is trained.
///
/// # Errors
/// None for the names of models.
pub(super) fn id(model: &ModelId, fold: u8) -> anyhow::Result<ModelId> {
    Ok(ModelId::new(&format!("{}-fold{}", model.rbp(), fold + 1), model.cell_line())?)
}

/// How many of so many are left.
fn share(count: usize, halving: u8) -> usize {
    count >> halving
}

/// Whether enough bound windows are left beside a fold.
pub(super) fn is_large_enough(model: &PreparedModel, fold: u8, halving: u8) -> bool {
    let bound = model.rows.iter().filter(|row| row.positive && row.fold_chromosome != fold).count();
    share(bound, halving) >= MINIMUM_POSITIVES
}

/// Writes the subset beside each of these folds into `prepared`, with the held-out windows as fold 0 and the training windows as fold
/// 1; returns the names of those that are large enough.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn write(
    prepared: &Path,
    model: &PreparedModel,
    folds: &[u8],
    halving: u8,
    seed: u64,
) -> anyhow::Result<Vec<ModelId>> {
    let mut ids = Vec::new();
    for &fold in folds {
        if !is_large_enough(model, fold, halving) {
            continue;
        }
        let id = id(&model.id, fold)?;
        let seed = results::seed(seed, &format!("{} {fold}", model.id));
        let mut windows = Vec::new();
        write_windows(&mut windows, &subset(&model.rows, fold, halving, seed))?;
        let record =
            crate::prepare::record::Record { windows_digest: sha256_of(&windows), ..model.record.clone() };
        let folder = prepared.join(id.to_string());
        let record = serde_json::to_vec_pretty(&record)?;
        for (name, content) in [(WINDOWS_FILE, windows), (RECORD_FILE, record)] {
            let path = folder.join(name);
            write_whole(&path, &content).with_context(|| path.display().to_string())?;
        }
        ids.push(id);
    }
    Ok(ids)
}

/// All windows of a fold as fold 0, and a share of each class of the others as fold 1, in the order of the file. The same
/// seed gives nested subsets.
fn subset(rows: &[LabelledWindow], fold: u8, halving: u8, seed: u64) -> Vec<LabelledWindow> {
    let mut kept: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].fold_chromosome == fold).collect();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for class in [true, false] {
        let mut members: Vec<usize> = (0..rows.len())
            .filter(|row| rows[*row].fold_chromosome != fold && rows[*row].positive == class)
            .collect();
        members.shuffle(&mut random);
        members.truncate(share(members.len(), halving));
        kept.extend(members);
    }
    kept.sort_unstable();
    let relabelled = |row: usize| LabelledWindow {
        fold_chromosome: HELD_OUT + u8::from(rows[row].fold_chromosome != fold),
        ..rows[row].clone()
    };
    kept.into_iter().map(relabelled).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use polaris_genomics::{Strand, Window};

    use super::*;

    #[test]
    fn subsets_are_nested_balanced_and_keep_the_test_windows() {
        let rows: Vec<LabelledWindow> = (0..200)
            .map(|index| LabelledWindow {
                window: Window { contig: "c".to_owned(), start0: index, length: 9, strand: Strand::Forward },
                name: index.to_string(),
                score: 0,
                positive: index % 2 == 0,
                expression: None,
                region: None,
                gc: 0.5,
                fold_chromosome: u8::try_from(index % 5).unwrap(),
                fold_random: 0,
            })
            .collect();
        let names = |halving, fold| -> BTreeSet<String> {
            let chosen = subset(&rows, 3, halving, 7).into_iter().filter(|row| row.fold_chromosome == fold);
            chosen.map(|row| row.name).collect()
        };
        let (all, half, quarter) = (names(0, 1), names(1, 1), names(2, 1));
        assert_eq!((all.len(), half.len(), quarter.len()), (160, 80, 40));
        assert!(half.is_subset(&all) && quarter.is_subset(&half) && names(3, 1).is_subset(&quarter));
        let bound =
            subset(&rows, 3, 2, 7).iter().filter(|row| row.fold_chromosome == 1 && row.positive).count();
        assert_eq!(bound, 20);
        let tested: BTreeSet<String> =
            rows.iter().filter(|row| row.fold_chromosome == 3).map(|row| row.name.clone()).collect();
        assert_eq!((names(1, 0), names(4, 0)), (tested.clone(), tested));
        assert_ne!(half, subset(&rows, 3, 1, 8).into_iter().map(|row| row.name).collect());
    }
}
