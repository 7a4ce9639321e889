//! A registry that does not verify is not served: where the server is told to end it does with exit code 1, and standard
//! error says which model and why. That it waits by default is tested in `reload.rs`.

use polaris_tests::{Exit, HarnessError, INPUT_LENGTH, Server, TestRegistry};

fn ending(registry: &std::path::Path) -> Server {
    Server::new(registry).setting("REGISTRY__WHEN_BROKEN", "exit")
}

fn check(exit: &Exit, parts: &[&str]) {
    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert!(parts.iter().all(|part| exit.stderr.contains(part)), "{parts:?} in {}", exit.stderr);
    assert!(!exit.stderr.contains("panicked"), "{}", exit.stderr);
}

#[tokio::test]
async fn a_truncated_model_file() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    registry.truncate("QKI.HepG2")?;
    check(&ending(registry.directory()).run().await?, &["ERROR", "QKI.HepG2"]);
    Ok(())
}

#[tokio::test]
async fn another_sha256() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let path = registry.manifest_file("PUM2.K562");
    let manifest = std::fs::read_to_string(&path).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let sha256 = json["model_sha256"].as_str().unwrap().to_owned();
    json["model_sha256"] = "0".repeat(64).into();
    std::fs::write(&path, json.to_string()).unwrap();
    check(&ending(registry.directory()).run().await?, &["ERROR", "PUM2.K562", &sha256, &"0".repeat(64)]);
    Ok(())
}

#[tokio::test]
async fn a_manifest_of_another_model() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let other = std::fs::read(registry.manifest_file("QKI.K562")).unwrap();
    std::fs::write(registry.manifest_file("TARDBP.K562"), other).unwrap();
    check(&ending(registry.directory()).run().await?, &["ERROR", "TARDBP.K562", "id is QKI.K562"]);
    Ok(())
}

#[tokio::test]
async fn a_manifest_that_is_no_json() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    std::fs::write(registry.manifest_file("TARDBP.K562"), "{").unwrap();
    check(&ending(registry.directory()).run().await?, &["ERROR", "TARDBP.K562", "manifest.json"]);
    Ok(())
}

#[tokio::test]
async fn windows_of_two_lengths() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    registry.publish("SRSF1.K562", INPUT_LENGTH + 50, true, true)?;
    check(&ending(registry.directory()).run().await?, &["ERROR", "SRSF1.K562", "201", "151"]);
    // Apart they can be served.
    Server::new(registry.directory()).args(&["--models", "SRSF1.K562"]).start().await?;
    Ok(())
}

#[tokio::test]
async fn nothing_to_serve() -> Result<(), HarnessError> {
    let registry = TestRegistry::empty()?;
    let directory = registry.directory().display().to_string();
    check(&ending(registry.directory()).run().await?, &["ERROR", "no models", &directory]);
    let missing = registry.directory().join("absent");
    check(&ending(&missing).run().await?, &["ERROR", &missing.display().to_string()]);
    registry.publish("QKI.K562", INPUT_LENGTH, true, true)?;
    let unknown = ending(registry.directory()).args(&["--models", "QKI.K562,QKI.HepG2"]).run().await?;
    check(&unknown, &["ERROR", "no model QKI.HepG2", "it has QKI.K562"]);
    Ok(())
}
