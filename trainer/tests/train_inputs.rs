//! What `train` refuses before it begins, and what it passes over.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A small simulation with one model prepared from it.
struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        let simulate = "simulate --megabases 2 --contigs 5 --sites-per-rbp 60 --variants 12 --out";
        world.succeeds(simulate, &["simulated"]);
        let prepare = "prepare --only QKI.K562 --length 151 --reference";
        let (peaks, out) = (world.text("simulated/peaks.tsv"), world.text("prepared"));
        world.succeeds(prepare, &["simulated/reference", "--peaks", &peaks, "--out", &out]);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Runs the trainer; the first of `rest` is a path in the world's folder.
    fn run(&self, command: &str, rest: &[&str]) -> Output {
        let mut trainer = Command::new(env!("CARGO_BIN_EXE_polaris-trainer"));
        trainer.args(command.split(' '));
        if let Some((path, rest)) = rest.split_first() {
            trainer.arg(self.path(path)).args(rest);
        }
        trainer.output().unwrap()
    }

    fn succeeds(&self, command: &str, rest: &[&str]) {
        let output = self.run(command, rest);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Trains one fold for one epoch, into `registry`.
    fn train(&self, options: &str) -> Output {
        let recipe = self.path("quick.json");
        let quick = r#"{"name": "quick", "optimizer": {"rule": "sgd", "learning_rate": 0.01},
            "schedule": "constant", "batch_windows": 16, "epochs": 1, "kernel_l2": 0.0,
            "dropout": [0.1, 0.1, 0.1], "shift_bases": 0, "average_decay": null}"#;
        fs::write(&recipe, quick).unwrap();
        let [reference, prepared, registry, recipe] =
            ["simulated/reference", "prepared", "registry", "quick.json"].map(|name| self.text(name));
        let command = format!("train --folds 1 --background 0 {options} --reference");
        let options = ["--prepared", &prepared, "--registry", &registry, "--recipe", &recipe];
        self.run(&command, &[&[reference.as_str()], &options[..]].concat())
    }

    /// Trains in vain and returns what it says.
    fn refused(&self) -> String {
        let output = self.train("--splits chromosome");
        assert_eq!(output.status.code(), Some(1));
        assert!(!self.path("registry/QKI.K562").exists());
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn windows_of_another_bundle_are_refused() {
    let world = World::new();
    let genome = world.path("simulated/reference/genome.fa");
    let bases = fs::read_to_string(&genome).unwrap();
    fs::write(&genome, bases.replace("ACGT", "TGCA")).unwrap();
    let message = world.refused();
    assert!(message.contains("prepared/QKI.K562: prepared with another reference bundle"), "{message}");
}

#[test]
fn windows_that_prepare_did_not_finish_are_refused() {
    let world = World::new();
    fs::remove_file(world.path("prepared/QKI.K562/prepare.json")).unwrap();
    let message = world.refused();
    assert!(
        message.contains("prepared/QKI.K562/prepare.json")
            && message.contains("run `polaris-trainer prepare` again"),
        "{message}"
    );
}

#[test]
fn a_split_named_twice_is_trained_once() {
    let world = World::new();
    let output = world.train("--splits chromosome,random,chromosome");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.matches("by chromosome").count(), 1, "{said}");
    let summary = fs::read_to_string(world.path("training/quick/summary.tsv")).unwrap();
    assert_eq!(summary.matches("auroc_chromosome").count(), 1, "{summary}");
}
