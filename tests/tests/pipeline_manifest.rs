//! What a published manifest says is true of the files that it came from.

use std::collections::BTreeSet;

use polaris_genomics::ReferenceBundle;
use polaris_model::{EngineOptions, Ensemble, Manifest, ModelId, Split};
use polaris_tests::{HarnessError, LabelledWindow, Pipeline, engine_window, names};
use sha2::{Digest, Sha256};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every model with its manifest and windows.
fn published(pipeline: &Pipeline) -> Result<Vec<(ModelId, Manifest, Vec<LabelledWindow>)>, HarnessError> {
    let registry = pipeline.open_registry()?;
    let ids = registry.model_ids()?;
    assert_eq!(ids.iter().map(ToString::to_string).collect::<Vec<_>>(), Pipeline::MODELS);
    let read = |id: ModelId| {
        let windows = pipeline.windows(&id.to_string())?;
        Ok((id.clone(), registry.manifest(&id)?, windows))
    };
    ids.into_iter().map(read).collect()
}

#[test]
fn files_and_names() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    assert_eq!(names(&pipeline.registry())?, Pipeline::MODELS);
    for (id, manifest, _) in published(&pipeline)? {
        let folder = pipeline.registry().join(id.to_string());
        assert_eq!(names(&folder)?, [manifest.version.as_str(), "current"]);
        assert_eq!(names(&folder.join("current"))?, ["manifest.json", "model.pt"]);
        let model = std::fs::read(folder.join("current/model.pt")).unwrap();
        assert_eq!(manifest.model_sha256, sha256(&model));
        let (date, digest) = manifest.version.rsplit_once('-').unwrap();
        assert!(manifest.created.starts_with(date) && manifest.created.ends_with('Z'), "{manifest:?}");
        assert!(digest.len() == 8 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{manifest:?}");
        assert_eq!(manifest.tool_version, env!("CARGO_PKG_VERSION"));
        assert_eq!(format!("{}.{}", manifest.rbp, manifest.cell_line), id.to_string());
    }
    Ok(())
}

#[test]
fn data_and_recipe() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let bundle = ReferenceBundle::open(&pipeline.reference())?;
    for (id, manifest, windows) in published(&pipeline)? {
        let training = &manifest.training;
        let file = std::fs::read(pipeline.windows_file(&id.to_string())).unwrap();
        assert_eq!(training.windows_sha256, sha256(&file));
        let record = std::fs::read(pipeline.prepared().join(id.to_string()).join("prepare.json")).unwrap();
        let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
        assert_eq!(record["windows_digest"], training.windows_sha256);
        assert_eq!(record["inputs"]["reference_digest"], training.reference_digest);
        assert_eq!(training.reference_digest, bundle.digest()?);
        assert_eq!(training.assembly, bundle.assembly());
        assert_eq!((training.seed, &training.recipe), (1, &Pipeline::recipe()));
        let positives = windows.iter().filter(|row| row.positive).count();
        assert_eq!((training.positives, training.negatives), (positives, windows.len() - positives));
        assert!(positives >= 40 && training.negatives >= 40, "{training:?}");
        let architecture = manifest.architecture;
        assert!(windows.iter().all(|row| row.window.length == architecture.input_length()));
        assert!(architecture.expression() && architecture.region());
    }
    Ok(())
}

#[test]
fn held_out_windows() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let bundle = ReferenceBundle::open(&pipeline.reference())?;
    for (id, manifest, windows) in published(&pipeline)? {
        let training = &manifest.training;
        assert_eq!(training.held_out_split, Split::Chromosome);
        let (held_out, seen): (Vec<_>, Vec<_>) =
            windows.iter().partition(|row| row.fold_chromosome == training.held_out.fold);
        let contigs = |rows: &[&LabelledWindow]| -> BTreeSet<String> {
            rows.iter().map(|row| row.window.contig.clone()).collect()
        };
        assert_eq!(contigs(&held_out), training.held_out_contigs.iter().cloned().collect());
        assert!(contigs(&held_out).is_disjoint(&contigs(&seen)));
        let labels: Vec<bool> = held_out.iter().map(|row| row.positive).collect();
        let positives = labels.iter().filter(|&&positive| positive).count();
        assert_eq!(training.held_out.trained_on, seen.len());
        assert_eq!(
            (training.held_out.positives, training.held_out.negatives),
            (positives, labels.len() - positives)
        );
        // The figures are those of the published weights on these windows, not of some other network.
        let registry = pipeline.open_registry()?;
        let ensemble =
            Ensemble::load(&registry, std::slice::from_ref(&id), EngineOptions::default(), &mut |_| ())
                .unwrap();
        let inputs = held_out
            .iter()
            .map(|row| Ok(engine_window(&row.message(&bundle, id.cell_line())?, ensemble.cell_lines())))
            .collect::<Result<Vec<_>, HarnessError>>()?;
        let scores = ensemble.predict(&inputs, &[0]).unwrap().probabilities;
        let auroc = auroc(&labels, &scores);
        assert!((training.held_out.auroc - auroc).abs() < 1e-9, "{auroc} {training:?}");
        assert_eq!(training.evaluations.len(), 1);
        assert_eq!(training.evaluations[0].split, Split::Chromosome);
        assert_eq!(training.evaluations[0].folds, [training.held_out]);
    }
    Ok(())
}

/// Share of pairs of a bound and an unbound window that stand in the right order.
fn auroc(labels: &[bool], scores: &[f32]) -> f64 {
    let of_class = |class| labels.iter().zip(scores).filter(move |(label, _)| **label == class);
    let pairs = of_class(true).flat_map(|(_, bound)| of_class(false).map(move |(_, free)| (bound, free)));
    let values: Vec<f64> = pairs
        .map(|(bound, free)| match bound.total_cmp(free) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        })
        .collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn background_of_deltas() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    for (_, manifest, _) in published(&pipeline)? {
        let background = manifest.training.delta_background.unwrap();
        assert_eq!(background.substitutions, Pipeline::BACKGROUND);
        assert_eq!(background.quantiles.len(), 201);
        assert!(background.quantiles.is_sorted(), "{background:?}");
        assert!(background.quantiles[0] >= 0.0 && background.quantiles[200] > background.quantiles[0]);
        assert!(background.quantiles[200] < 1.0, "{background:?}");
    }
    Ok(())
}
