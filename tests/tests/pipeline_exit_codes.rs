//! 0 for success, 1 for a run that failed, 2 for a command line that is wrong.

use polaris_tests::{HarnessError, Pipeline, Program};

#[test]
fn success() -> Result<(), HarnessError> {
    for help in [&["--help"][..], &["score", "--help"], &["--version"]] {
        Program::client(help)?.run()?.succeeded();
    }
    for help in [&["--help"][..], &["train", "--help"], &["--version"]] {
        Program::trainer(help)?.run()?.succeeded();
    }
    let pipeline = Pipeline::shared()?;
    let listed = Program::client(&["models", "--registry"])?.arg(pipeline.registry()).run()?.succeeded();
    for id in Pipeline::MODELS {
        let line = listed.stdout.lines().find(|line| line.starts_with(id)).unwrap();
        assert!(line.contains("simulated-1") && line.contains("151"), "{line}");
    }
    Ok(())
}

#[test]
fn a_run_that_fails() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let name = missing.display().to_string();
    pipeline.score(&missing, &folder.path().join("out.vcf"))?.run()?.refused(1, &["polaris-client: ", &name]);
    pipeline
        .score(&pipeline.variants(), &missing.join("out.vcf"))?
        .run()?
        .refused(1, &["polaris-client: ", &name]);
    Program::client(&["models", "--registry"])?.arg(&missing).run()?.refused(1, &[&name]);
    let train = pipeline.train_with(&folder.path().join("registry"), &missing, &missing)?;
    train.run()?.refused(1, &["polaris-trainer: recipe", &name, "standard, paper"]);
    let unknown = pipeline.train(&folder.path().join("registry"), &missing)?.args(&["--only", "PUM2.K562"]);
    unknown.run()?.refused(1, &["PUM2.K562 is not prepared in"]);
    let unknown = pipeline.prepare(&folder.path().join("prepared"))?.args(&["--only", "PUM2.HeLa"]);
    unknown.run()?.refused(1, &["--only PUM2.HeLa", "QKI.K562"]);
    // What is there is not replaced unasked.
    Pipeline::simulate(&pipeline.prepared())?
        .run()?
        .refused(1, &[&pipeline.prepared().display().to_string()]);
    Ok(())
}

#[test]
fn a_command_line_that_is_wrong() -> Result<(), HarnessError> {
    let both = ["score", "a.vcf", "--reference", "r", "--registry", "m", "--server", "http://h:1"];
    for wrong in [&["nothing"][..], &["score"], &["score", "a.vcf", "--reference", "r"], &both, &["models"]] {
        Program::client(wrong)?.run()?.refused(2, &["error: ", "Usage: "]);
    }
    let folds = ["train", "--prepared", "p", "--reference", "r", "--registry", "m", "--folds", "6"];
    let size = ["simulate", "--out", "o", "--megabases", "1"];
    let peaks = ["prepare", "--reference", "r", "--out", "o"];
    for wrong in [&["nothing"][..], &["train"], &folds, &size, &peaks, &["evaluate"]] {
        Program::trainer(wrong)?.run()?.refused(2, &["error: "]);
    }
    Ok(())
}
