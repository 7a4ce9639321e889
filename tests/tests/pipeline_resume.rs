//! Training that was killed goes on where it stopped and ends with the same bytes.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::{Path, PathBuf};

use polaris_model::training::Recipe;
use polaris_tests::{HarnessError, Pipeline, Program, names};

const ID: &str = "QKI.K562";

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// Folds that take long enough to be killed in.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let recipe = Recipe { epochs: 4, ..Pipeline::recipe() };
        std::fs::write(folder.path().join("recipe.json"), serde_json::json!(recipe).to_string()).unwrap();
        Self { folder }
    }

    fn train(&self, pipeline: &Pipeline, name: &str) -> Result<Program, HarnessError> {
        let (registry, work) = (self.registry(name), self.folder.path().join(name).join("work"));
        let program = pipeline.train_with(&registry, &work, &self.folder.path().join("recipe.json"))?;
        Ok(program.args(&["--only", ID, "--folds", "4", "--jobs", "1", "--background", "20"]))
    }

    fn registry(&self, name: &str) -> PathBuf {
        self.folder.path().join(name).join("registry")
    }

    fn checkpoints(&self, name: &str) -> PathBuf {
        self.folder.path().join(name).join("work/tiny").join(ID)
    }

    fn model(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.registry(name).join(ID).join("current/model.pt")).unwrap()
    }
}

fn records(folder: &Path) -> Result<usize, HarnessError> {
    Ok(names(folder)?.iter().filter(|name| name.ends_with(".json")).count())
}

fn folds(stderr: &str, words: &str) -> usize {
    stderr.lines().filter(|line| line.contains(" fold ") && line.contains(words)).count()
}

#[test]
fn a_killed_run_goes_on() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let place = Place::new();
    let whole = place.train(&pipeline, "whole")?.run()?.succeeded();
    assert_eq!((folds(&whole.stderr, "trained on"), folds(&whole.stderr, "trained earlier")), (4, 0));

    let mut first = place.train(&pipeline, "killed")?.spawn()?;
    // Its third fold is about to begin then, and at least the first one is kept.
    first.wait_for_line("fold 2 by chromosome: AUROC")?;
    let killed = first.kill()?;
    assert_eq!(killed.code, None);
    assert_eq!(names(&place.registry("killed"))?, [""; 0], "{}", killed.stderr);
    let done = records(&place.checkpoints("killed"))?;
    assert!((1..4).contains(&done), "{done} folds were done");

    let second = place.train(&pipeline, "killed")?.run()?.succeeded();
    assert_eq!(folds(&second.stderr, "trained earlier"), done, "{}", second.stderr);
    assert_eq!(folds(&second.stderr, "trained on"), 4 - done, "{}", second.stderr);
    assert!(place.model("killed") == place.model("whole"), "the model files differ");

    let third = place.train(&pipeline, "killed")?.run()?.succeeded();
    assert_eq!((folds(&third.stderr, "trained earlier"), folds(&third.stderr, "trained on")), (4, 0));
    assert!(place.model("killed") == place.model("whole"), "the model files differ");
    Ok(())
}

#[test]
fn only_whole_folds_of_the_same_making_are_reused() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let place = Place::new();
    place.train(&pipeline, "whole")?.run()?.succeeded();
    let model = place.model("whole");
    let checkpoints = place.checkpoints("whole");
    // A model cut short, a record cut short, a model without its record.
    for (name, bytes) in [("chromosome-0.pt", 5000), ("chromosome-1.json", 40)] {
        std::fs::File::options().write(true).open(checkpoints.join(name)).unwrap().set_len(bytes).unwrap();
    }
    std::fs::remove_file(checkpoints.join("chromosome-2.json")).unwrap();
    std::fs::remove_dir_all(place.registry("whole")).unwrap();
    let again = place.train(&pipeline, "whole")?.run()?.succeeded();
    assert_eq!((folds(&again.stderr, "trained earlier"), folds(&again.stderr, "trained on")), (1, 3));
    assert!(place.model("whole") == model, "the model files differ");

    let other = place.train(&pipeline, "whole")?.args(&["--seed", "2"]).run()?.succeeded();
    assert_eq!(folds(&other.stderr, "trained earlier"), 0, "{}", other.stderr);
    assert!(place.model("whole") != model, "another seed made the same model file");
    Ok(())
}
