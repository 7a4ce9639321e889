//! A place to train in.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

const PROGRAM: &str = env!("CARGO_BIN_EXE_polaris-trainer");

/// A small simulation with one model prepared from it.
pub(crate) struct World(tempfile::TempDir);

impl World {
    /// With these models, comma-separated.
    pub(crate) fn new(models: &str) -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        let simulate = "simulate --megabases 2 --contigs 5 --sites-per-rbp 60 --variants 12 --out";
        world.succeeds(simulate, &["simulated"]);
        let prepare = format!("prepare --only {models} --length 151 --reference");
        let (peaks, out) = (world.text("simulated/peaks.tsv"), world.text("prepared"));
        world.succeeds(&prepare, &["simulated/reference", "--peaks", &peaks, "--out", &out]);
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Bytes of the published network.
    pub(crate) fn model(&self, id: &str) -> Vec<u8> {
        fs::read(self.path("registry").join(id).join("current/model.pt")).unwrap()
    }

    pub(crate) fn succeeds(&self, command: &str, rest: &[&str]) {
        let mut trainer = Command::new(PROGRAM);
        trainer.args(command.split(' '));
        if let Some((path, rest)) = rest.split_first() {
            trainer.arg(self.path(path)).args(rest);
        }
        let output = trainer.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Trains for one epoch, into `registry`.
    pub(crate) fn train(&self, options: &str) -> Output {
        self.training(Command::new(PROGRAM), options).output().unwrap()
    }

    /// The same with files of at most so many blocks of 512 bytes, beyond which writing fails as on a full disk.
    pub(crate) fn train_within(&self, blocks: usize, options: &str) -> Output {
        let mut shell = Command::new("sh");
        // An ignored signal stays so in the program: it is told instead of ended.
        shell.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")).arg(PROGRAM);
        self.training(shell, options).output().unwrap()
    }

    fn training(&self, mut command: Command, options: &str) -> Command {
        let recipe = self.path("quick.json");
        let quick = r#"{"name": "quick", "optimizer": {"rule": "sgd", "learning_rate": 0.01},
            "schedule": "constant", "batch_windows": 16, "epochs": 1, "kernel_l2": 0.0,
            "dropout": [0.1, 0.1, 0.1], "shift_bases": 0, "average_decay": null}"#;
        fs::write(&recipe, quick).unwrap();
        command.args("train --background 0".split(' ')).args(options.split(' '));
        command.arg("--reference").arg(self.path("simulated/reference"));
        for name in ["prepared", "registry"] {
            command.arg(format!("--{name}")).arg(self.path(name));
        }
        command.arg("--recipe").arg(recipe);
        command
    }

    /// Trains in vain and returns what it says.
    pub(crate) fn refused(&self) -> String {
        let output = self.train("--folds 1 --splits chromosome");
        assert_eq!(output.status.code(), Some(1));
        assert!(!self.path("registry/QKI.K562").exists());
        String::from_utf8(output.stderr).unwrap()
    }
}
