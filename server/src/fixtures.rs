//! Catalogs for tests.

use polaris_model::training::Recipe;
use polaris_model::{
    Architecture, DeltaBackground, Evaluation, FoldMetrics, MANIFEST_FORMAT, Manifest, ModelId, Split,
    TrainingRecord,
};

use crate::catalog::Catalog;

/// `PUM2.HepG2` and `QKI.K562`, which read expression, around `PUM2.none`, which does not.
pub(crate) fn catalog(input_length: usize) -> Catalog {
    let models = [("PUM2.HepG2", true), ("PUM2.none", false), ("QKI.K562", true)]
        .map(|(id, expression)| manifest(id, input_length, expression));
    Catalog::new(models.to_vec(), vec![0, 1, 2], vec!["HepG2".to_owned(), "K562".to_owned()], input_length)
}

/// A manifest with two folds of each split and, for QKI, a background.
pub(crate) fn manifest(id: &str, input_length: usize, expression: bool) -> Manifest {
    let id: ModelId = id.parse().unwrap();
    let fold = |fold, auroc| FoldMetrics {
        fold,
        trained_on: 80,
        positives: 10,
        negatives: 10,
        auroc,
        auprc: auroc - 0.1,
    };
    let evaluation = |split, auroc| Evaluation { split, folds: vec![fold(0, auroc), fold(1, auroc + 0.1)] };
    Manifest {
        format: MANIFEST_FORMAT,
        version: "2026-01-01-00000000".to_owned(),
        created: "2026-01-01T00:00:00Z".to_owned(),
        tool_version: "0.1.0".to_owned(),
        rbp: id.rbp().to_owned(),
        cell_line: id.cell_line().to_owned(),
        architecture: Architecture::new(input_length, expression, true).unwrap(),
        model_sha256: "00".repeat(32),
        training: TrainingRecord {
            assembly: "toy".to_owned(),
            reference_digest: "11".repeat(32),
            windows_sha256: "22".repeat(32),
            recipe: Recipe::standard(),
            seed: 1,
            positives: 50,
            negatives: 50,
            held_out: fold(0, 0.8),
            held_out_split: Split::Chromosome,
            held_out_contigs: vec!["chr1".to_owned()],
            evaluations: vec![evaluation(Split::Random, 0.9), evaluation(Split::Chromosome, 0.7)],
            delta_background: (id.rbp() == "QKI")
                .then(|| DeltaBackground::from_deltas((0..=100).map(|i| i as f32 / 100.0).collect()))
                .flatten(),
        },
        id,
    }
}
