//! One seed gives the same bytes, from the simulation to the model file, and on any number of threads.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::Path;

use polaris_tests::{HarnessError, Pipeline, names};

/// Every file of two folders is the same.
fn assert_same(left: &Path, right: &Path) -> Result<usize, HarnessError> {
    let entries = names(left)?;
    assert_eq!(entries, names(right)?);
    let mut files = 0;
    for name in entries {
        let (left, right) = (left.join(&name), right.join(&name));
        if left.is_dir() {
            files += assert_same(&left, &right)?;
        } else {
            let same = std::fs::read(&left).unwrap() == std::fs::read(&right).unwrap();
            assert!(same, "{} and {} differ", left.display(), right.display());
            files += 1;
        }
    }
    Ok(files)
}

#[test]
fn simulation() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let again = folder.path().join("again");
    Pipeline::simulate(&again)?.run()?.succeeded();
    assert!(assert_same(&pipeline.simulated(), &again)? >= 15);
    let other = folder.path().join("other");
    Pipeline::simulate(&other)?.args(&["--seed", "2"]).run()?.succeeded();
    let genome = |folder: &Path| std::fs::read(folder.join("reference/genome.fa")).unwrap();
    assert!(genome(&again) != genome(&other), "another seed made the same genome");
    Ok(())
}

#[test]
fn windows() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    for (name, jobs) in [("one", "1"), ("two", "2")] {
        let out = folder.path().join(name);
        pipeline.prepare(&out)?.args(&["--jobs", jobs]).run()?.succeeded();
        assert_eq!(assert_same(&pipeline.prepared(), &out)?, 4);
    }
    Ok(())
}

#[test]
fn model_files() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    // The shared one was trained two at a time.
    for jobs in ["2", "1", "3"] {
        let (registry, work) = (folder.path().join(jobs), folder.path().join(format!("work-{jobs}")));
        let program = pipeline.train_with(&registry, &work, &pipeline.recipe_file())?;
        let background = Pipeline::BACKGROUND.to_string();
        let program = program.args(&["--folds", "1", "--background", &background, "--jobs", jobs]);
        program.run()?.succeeded();
        for id in Pipeline::MODELS {
            let model = |registry: &Path| std::fs::read(registry.join(id).join("current/model.pt")).unwrap();
            assert!(model(&registry) == model(&pipeline.registry()), "{id} with --jobs {jobs}");
            let training = |registry: &Path| {
                let text = std::fs::read(registry.join(id).join("current/manifest.json")).unwrap();
                let manifest: serde_json::Value = serde_json::from_slice(&text).unwrap();
                manifest["training"].clone()
            };
            assert_eq!(training(&registry), training(&pipeline.registry()), "{id} with --jobs {jobs}");
        }
    }
    Ok(())
}
