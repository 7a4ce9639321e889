//! A made-up history of a model.

use polaris_model::training::Recipe;
use polaris_model::{FoldMetrics, Split, TrainingRecord};

pub(crate) fn record() -> TrainingRecord {
    TrainingRecord {
        assembly: "test-1".to_owned(),
        reference_digest: "0".repeat(64),
        windows_sha256: "1".repeat(64),
        recipe: Recipe::standard(),
        seed: 1,
        positives: 10,
        negatives: 10,
        held_out: FoldMetrics { fold: 0, trained_on: 16, positives: 2, negatives: 2, auroc: 0.9, auprc: 0.8 },
        held_out_split: Split::Chromosome,
        held_out_contigs: vec!["chr1".to_owned()],
        evaluations: Vec::new(),
        delta_background: None,
    }
}
