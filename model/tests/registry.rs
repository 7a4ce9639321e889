//! Publishing, opening and verifying a registry on disk.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "support/record.rs"]
mod record;

use std::fs;
use std::path::{Path, PathBuf};

use polaris_model::{
    Architecture, DeltaBackground, EngineOptions, Ensemble, LoadError, ModelId, Registry, TrainingRecord,
    Weights,
};

use record::record;

fn architecture() -> Architecture {
    Architecture::new(67, true, true).unwrap()
}

/// A registry with one model, and the directory of its version.
fn published(directory: &Path) -> (Registry, ModelId, PathBuf) {
    let registry = Registry::create(&directory.join("registry")).unwrap();
    let id: ModelId = "QKI.K562".parse().unwrap();
    let manifest = registry.publish(&id, &Weights::from_formula(architecture(), 1), record()).unwrap();
    let version = registry.directory().join("QKI.K562").join(manifest.version);
    (registry, id, version)
}

#[test]
fn publish_then_load() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, id, version) = published(directory.path());
    assert_eq!(registry.model_ids().unwrap(), std::slice::from_ref(&id));
    let (manifest, weights) = registry.load(&id).unwrap();
    assert_eq!(weights, Weights::from_formula(architecture(), 1));
    assert_eq!(manifest.training, record());
    assert_eq!(fs::read_dir(version.parent().unwrap()).unwrap().count(), 2, "nothing temporary is left");

    let second = registry.publish(&id, &Weights::from_formula(architecture(), 2), record()).unwrap();
    assert_ne!(second.version, manifest.version);
    assert_eq!(registry.load(&id).unwrap().1, Weights::from_formula(architecture(), 2));
    let again = registry.publish(&id, &Weights::from_formula(architecture(), 1), record()).unwrap();
    assert_eq!(again.version, manifest.version);
    assert_eq!(registry.load(&id).unwrap().1, Weights::from_formula(architecture(), 1));
}

#[test]
fn the_same_network_with_another_record_is_another_version() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, id, _) = published(directory.path());
    let first = registry.manifest(&id).unwrap();
    let more = TrainingRecord { delta_background: DeltaBackground::from_deltas(vec![0.25]), ..record() };
    let second = registry.publish(&id, &Weights::from_formula(architecture(), 1), more.clone()).unwrap();
    assert_eq!(registry.manifest(&id).unwrap(), second);
    assert_eq!(second.training, more);
    assert_ne!(second.version, first.version);
}

#[test]
fn publishing_again_on_another_day_adds_no_version() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, id, version) = published(directory.path());
    let today = registry.manifest(&id).unwrap().version;
    let earlier = format!("2001-02-03{}", &today["2001-02-03".len()..]);
    let model = version.parent().unwrap();
    fs::rename(&version, model.join(&earlier)).unwrap();
    let path = model.join(&earlier).join("manifest.json");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace(&today, &earlier)).unwrap();
    let again = registry.publish(&id, &Weights::from_formula(architecture(), 1), record()).unwrap();
    assert_eq!(again.version, earlier);
    assert_eq!(registry.load(&id).unwrap().0, again);
    assert_eq!(fs::read_dir(model).unwrap().count(), 2, "one version and the link to it");
}

#[test]
fn a_current_that_is_no_link_is_refused_with_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, id, version) = published(directory.path());
    let current = version.with_file_name("current");
    fs::remove_file(&current).unwrap();
    // What a copy that follows links makes of it.
    fs::rename(&version, &current).unwrap();
    let message = registry.load(&id).unwrap_err().to_string();
    assert!(message.contains("QKI.K562/current") && message.contains("ln -sfn"), "{message}");
}

#[test]
fn a_file_cut_short_anywhere_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, id, version) = published(directory.path());
    let path = version.join("model.pt");
    let whole = fs::read(&path).unwrap();
    for part in 0..20 {
        let cut = whole.len() * part / 20;
        fs::write(&path, &whole[..cut]).unwrap();
        let message = registry.load(&id).unwrap_err().to_string();
        assert!(message.contains("QKI.K562") && message.contains("model.pt"), "{cut}: {message}");
        // Also by libtorch's loader when the manifest has been made to agree with the damaged file.
        let digest = sha256(&whole[..cut]);
        let loaded = polaris_model::read_weights(&path, &digest, architecture());
        assert!(loaded.is_err(), "{cut}");
        assert!(loaded.unwrap_err().to_string().contains("model.pt"), "{cut}");
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_replaced_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, id, version) = published(directory.path());
    let other = polaris_model::write_model(&Weights::from_formula(architecture(), 9)).unwrap();
    fs::write(version.join("model.pt"), other).unwrap();
    let message = registry.load(&id).unwrap_err().to_string();
    assert!(message.contains("sha256") && message.contains("QKI.K562"), "{message}");
}

#[test]
fn manifests_that_do_not_fit_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, id, version) = published(directory.path());
    let path = version.join("manifest.json");
    let good = fs::read_to_string(&path).unwrap();
    for (from, to, named) in [
        ("\"format\": 1", "\"format\": 2", "format is 2"),
        ("\"id\": \"QKI.K562\"", "\"id\": \"QKI.HepG2\"", "id is QKI.HepG2"),
        ("\"input_length\": 67", "\"input_length\": 8", "input length 8"),
        ("\"input_length\": 67", "\"input_length\": 151", "dense1.weight"),
        ("\"region\": true", "\"region\": false", "output.weight"),
        ("\"rbp\": \"QKI\"", "\"rbp\": \"QKI\", \"color\": 1", "color"),
        ("\"seed\": 1", "\"seed\": \"one\"", "manifest.json:"),
    ] {
        assert!(good.contains(from), "{from}");
        fs::write(&path, good.replacen(from, to, 1)).unwrap();
        let message = registry.load(&id).unwrap_err().to_string();
        assert!(message.contains(named), "{to}: {message}");
        assert!(message.contains("QKI.K562"), "{to}: {message}");
    }
    fs::remove_file(&path).unwrap();
    assert!(registry.load(&id).unwrap_err().to_string().contains("manifest.json"));
}

/// Programs print an error with its sources: a cause that the message has already would be told twice.
#[test]
fn a_cause_is_told_once() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, id, version) = published(directory.path());
    fs::write(version.join("model.pt"), "").unwrap();
    let damaged = registry.load(&id).unwrap_err();
    fs::write(version.join("manifest.json"), "{").unwrap();
    let malformed = registry.load(&id).unwrap_err();
    let missing = Registry::open(&directory.path().join("nowhere")).unwrap_err();
    for error in [damaged, malformed, missing] {
        assert!(std::error::Error::source(&error).is_none(), "{error}");
    }
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let weights = Weights::from_formula(architecture(), 1);
    let mut bytes = polaris_model::write_model(&weights).unwrap();
    let (_, first) = weights.iter().next().unwrap();
    let good: Vec<u8> = first.iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut bad = good.clone();
    bad[4..8].copy_from_slice(&f32::NAN.to_le_bytes());
    // The archive's checksums are mended, so that the value itself is what is found.
    let checksums = [&good, &bad].map(|data| crc32fast::hash(data).to_le_bytes());
    for (from, to) in [(&good[..], &bad[..]), (&checksums[0], &checksums[1])] {
        for start in 0..=bytes.len() - from.len() {
            if bytes[start..start + from.len()] == *from {
                bytes[start..start + to.len()].copy_from_slice(to);
            }
        }
    }
    let path = directory.path().join("model.pt");
    fs::write(&path, &bytes).unwrap();
    let message =
        polaris_model::read_weights(&path, &sha256(&bytes), architecture()).unwrap_err().to_string();
    assert!(message.contains("conv1.weight holds NaN at element 1"), "{message}");
}

#[test]
fn models_of_two_lengths_are_not_served_together() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, id, _) = published(directory.path());
    let other: ModelId = "TIA1.K562".parse().unwrap();
    let longer = Architecture::new(151, false, false).unwrap();
    registry.publish(&other, &Weights::from_formula(longer, 1), record()).unwrap();
    let error = Ensemble::load(&registry, &[id, other], EngineOptions::default(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, LoadError::Lengths { first_length: 67, second_length: 151, .. }), "{error}");
    assert!(matches!(
        Ensemble::load(&registry, &[], EngineOptions::default(), &mut |_| {}),
        Err(LoadError::Empty)
    ));
}

/// `PROPTEST_CASES=1000000 cargo test --release -p polaris-model --test registry mutated` looks for longer.
mod mutated {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_manifest_with_bytes_changed_is_read_or_refused(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
            cut in any::<prop::sample::Index>(),
            is_cut in any::<bool>(),
        ) {
            thread_local! {
                static PUBLISHED: (tempfile::TempDir, Registry, ModelId, PathBuf, Vec<u8>) = {
                    let directory = tempfile::tempdir().unwrap();
                    let (registry, id, version) = published(directory.path());
                    let path = version.join("manifest.json");
                    let manifest = fs::read(&path).unwrap();
                    (directory, registry, id, path, manifest)
                };
            }
            PUBLISHED.with(|(_directory, registry, id, path, manifest)| {
                let mut bytes = manifest.clone();
                for (place, value) in changes {
                    let place = place.index(bytes.len());
                    bytes[place] = value;
                }
                if is_cut {
                    bytes.truncate(cut.index(bytes.len()));
                }
                fs::write(path, bytes).unwrap();
                if let Ok(found) = registry.manifest(id) {
                    assert_eq!(found.id, *id);
                }
            });
        }
    }
}
