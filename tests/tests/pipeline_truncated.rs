//! A trained model file that is cut short is refused by name, wherever it is cut.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::{Path, PathBuf};

use polaris_model::read_weights;
use polaris_tests::{HarnessError, Pipeline, Server};
use sha2::{Digest, Sha256};

/// From nothing left to only the last byte missing.
fn offsets(length: usize) -> impl Iterator<Item = usize> {
    (0..20).map(move |step| step * (length - 1) / 19)
}

/// A registry with one trained model that a test may spoil, and its model file.
fn registry_of(pipeline: &Pipeline, id: &str, folder: &Path) -> (PathBuf, PathBuf) {
    let registry = folder.join("registry");
    let version = registry.join(id).join("1");
    std::fs::create_dir_all(&version).unwrap();
    let published = pipeline.registry().join(id).join("current");
    let manifest = std::fs::read_to_string(published.join("manifest.json")).unwrap();
    let mut manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    manifest["version"] = "1".into();
    std::fs::write(version.join("manifest.json"), manifest.to_string()).unwrap();
    std::fs::copy(published.join("model.pt"), version.join("model.pt")).unwrap();
    std::os::unix::fs::symlink("1", registry.join(id).join("current")).unwrap();
    (registry, version.join("model.pt"))
}

#[tokio::test]
async fn the_server_names_the_model() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let (registry, model) = registry_of(&pipeline, "QKI.K562", folder.path());
    // Untouched it is served: the refusals below are for the cuts.
    drop(Server::new(&registry).start().await?);
    let whole = std::fs::read(&model).unwrap();
    for offset in offsets(whole.len()) {
        std::fs::write(&model, &whole[..offset]).unwrap();
        let exit = Server::new(&registry).setting("REGISTRY__WHEN_BROKEN", "exit").run().await?;
        exit.refused(1, &["ERROR", "model QKI.K562", "model.pt", "sha256"]);
    }
    Ok(())
}

/// Where a manifest is as damaged as its model, libtorch's loader is what refuses.
#[test]
fn a_digest_of_the_cut_file_does_not_help() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let manifest = pipeline.open_registry()?.manifest(&"QKI.K562".parse().unwrap())?;
    let folder = tempfile::tempdir().unwrap();
    let (_, model) = registry_of(&pipeline, "QKI.K562", folder.path());
    let whole = std::fs::read(&model).unwrap();
    read_weights(&model, &manifest.model_sha256, manifest.architecture).unwrap();
    for offset in offsets(whole.len()) {
        std::fs::write(&model, &whole[..offset]).unwrap();
        let digest: String =
            Sha256::digest(&whole[..offset]).iter().map(|byte| format!("{byte:02x}")).collect();
        let refused = read_weights(&model, &digest, manifest.architecture).unwrap_err().to_string();
        assert!(refused.starts_with(&format!("{}: libtorch does not load it", model.display())), "{refused}");
    }
    Ok(())
}
