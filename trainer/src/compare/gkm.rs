//! LS-GKM (Lee 2016) through the user's own `gkmtrain` and `gkmpredict`.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

use super::network::Predicted;
use super::set::{Fold, Set};
use crate::text_table::{Fields, TableError, for_each_line};

/// The two programs.
#[derive(Clone, Debug)]
pub(super) struct Gkm {
    train: PathBuf,
    predict: PathBuf,
    /// Further arguments of `gkmtrain`.
    pub(super) options: Vec<String>,
}

impl Gkm {
    /// Finds both programs in the folders of a `PATH`; tells which is missing.
    pub(super) fn find(path: &OsStr, options: Vec<String>) -> Result<Self, String> {
        let find = |name: &str| {
            std::env::split_paths(path)
                .map(|folder| folder.join(name))
                .find(|file| file.is_file())
                .ok_or_else(|| format!("{name} of LS-GKM is not on the PATH"))
        };
        Ok(Self { train: find("gkmtrain")?, predict: find("gkmpredict")?, options })
    }

    /// Trains on a fold's windows and predicts those held out. The scores are distances from a hyperplane, no logits.
    pub(super) fn run(&self, set: &Set, fold: &Fold, work: &Path) -> anyhow::Result<Predicted> {
        fs::create_dir_all(work).with_context(|| work.display().to_string())?;
        let folder = tempfile::tempdir_in(work).with_context(|| work.display().to_string())?;
        let file = |name: &str| folder.path().join(name);
        let of_class = |positive: bool| {
            fold.training.iter().copied().filter(move |index| set.examples[*index].positive == positive)
        };
        let write = |name: &str, text: String| fs::write(file(name), text).context("writing for gkmtrain");
        write("bound.fa", fasta(set, of_class(true)))?;
        write("unbound.fa", fasta(set, of_class(false)))?;
        write("held_out.fa", fasta(set, fold.held_out.iter().copied()))?;
        let mut train = Command::new(&self.train);
        train.args(&self.options).args([file("bound.fa"), file("unbound.fa"), file("gkm")]);
        run(&mut train)?;
        // It also ends well where it only tells how it is used.
        ensure!(
            file("gkm.model.txt").is_file(),
            "{}: no model was made; does it know the options `{}`?",
            self.train.display(),
            self.options.join(" ")
        );
        let mut predict = Command::new(&self.predict);
        predict.args([file("held_out.fa"), file("gkm.model.txt"), file("scores.txt")]);
        run(&mut predict)?;
        let names: Vec<String> = fold.held_out.iter().map(|index| name(set, *index)).collect();
        let logits = read_scores(&file("scores.txt"), &names)?;
        let trained_on = fold.training.len();
        Ok(Predicted { trained_on, logits, calibrated: false, losses: Vec::new() })
    }
}

fn name(set: &Set, index: usize) -> String {
    format!("{}:{index}", set.places[index].name)
}

fn fasta(set: &Set, indices: impl Iterator<Item = usize>) -> String {
    let mut text = String::new();
    for index in indices {
        let sequence = String::from_utf8_lossy(set.window_sequence(index)).into_owned();
        // Writing to a String cannot fail.
        let _ = writeln!(text, ">{}\n{sequence}", name(set, index));
    }
    text
}

/// Runs a program to its end; if it fails, the last line of what it said is told.
fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| program.clone())?;
    if output.status.success() {
        return Ok(());
    }
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing").to_owned();
    bail!("{program}: {}: {last}", output.status)
}

/// Reads a name and a score on each line, in the order of the windows asked about.
fn read_scores(path: &Path, names: &[String]) -> anyhow::Result<Vec<f64>> {
    let mut scores = Vec::with_capacity(names.len());
    for_each_line(path, |line, text| {
        let fields = Fields::new(path, line, text);
        let expected = names.get(scores.len());
        if Some(fields.text(0, "name")?) != expected.map(String::as_str) {
            let expected = expected.map_or_else(
                || "no more windows were asked about".to_owned(),
                |name| format!("{name} comes here"),
            );
            return Err(fields.wrong(0, "name", expected));
        }
        let score: f64 = fields.parse(1, "score", "a number belongs here")?;
        if !score.is_finite() {
            return Err(fields.wrong(1, "score", "a finite number belongs here"));
        }
        scores.push(score);
        Ok::<(), TableError>(())
    })?;
    ensure!(
        scores.len() == names.len(),
        "{}: {} scores, {} windows were asked about",
        path.display(),
        scores.len(),
        names.len()
    );
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::set::tests::simulated;
    use super::*;

    /// Stands for gkmtrain: keeps its arguments as the model. Quotes are for the shell.
    const TRAIN: &str = "#!/bin/sh\nfor last; do :; done\necho \"$@\" > \"$last.model.txt\"\n";
    /// Stands for gkmpredict: a window's score is whether it holds the planted motif.
    const PREDICT: &str = "#!/bin/sh\ngrep -q -- '-l 6' \"$2\" || exit 3\nwhile read -r name; do read -r sequence\n\
        case $sequence in *TGCATGC*) score=1.5;; *) score=-1.5;; esac\n\
        printf '%s\\t%s\\n' \"${name#>}\" $score; done < \"$1\" > \"$3\"\n";

    fn programs(train: &str, predict: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("gkmtrain", train), ("gkmpredict", predict)] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder
    }

    #[test]
    fn scores_of_the_users_programs() {
        let folder = programs(TRAIN, PREDICT);
        let gkm = Gkm::find(folder.path().as_os_str(), vec!["-l".to_owned(), "6".to_owned()]).unwrap();
        let set = simulated("A", 40);
        let work = folder.path().join("work");
        let found = gkm.run(&set, &set.folds[0], &work).unwrap();
        assert_eq!((found.trained_on, found.calibrated), (32, false));
        let labels = set.labels(&set.folds[0].held_out);
        let expected: Vec<f64> = labels.iter().map(|bound| if *bound { 1.5 } else { -1.5 }).collect();
        assert_eq!(found.logits, expected);
        assert_eq!(fs::read_dir(&work).unwrap().count(), 0, "what it wrote between is gone");
    }

    #[test]
    fn what_fails_is_told() {
        let set = simulated("A", 20);
        let told = |train: &str, predict: &str| {
            let folder = programs(train, predict);
            let gkm = Gkm::find(folder.path().as_os_str(), Vec::new()).unwrap();
            format!("{:#}", gkm.run(&set, &set.folds[0], folder.path()).unwrap_err())
        };
        let failed = told("#!/bin/sh\necho cannot >&2\nexit 7\n", PREDICT);
        assert!(
            failed.contains("gkmtrain") && failed.contains('7') && failed.ends_with("cannot"),
            "{failed}"
        );
        let none = told("#!/bin/sh\n", PREDICT);
        assert!(none.contains("gkmtrain: no model was made"), "{none}");
        let other = told(TRAIN, "#!/bin/sh\nprintf 'other\\t1\\n' > $3\n");
        assert!(other.contains("scores.txt:1:name: `other`: window_0:0 comes here"), "{other}");
        let few = told(TRAIN, "#!/bin/sh\nprintf 'window_0:0\\t1\\n' > $3\n");
        assert!(few.contains("1 scores, 4 windows were asked about"), "{few}");
        let bad = told(TRAIN, "#!/bin/sh\nprintf 'window_0:0\\tx\\n' > $3\n");
        assert!(bad.contains("scores.txt:1:score: `x`: a number belongs here"), "{bad}");
        let none = Gkm::find(OsStr::new("/no/such"), Vec::new()).unwrap_err();
        assert_eq!(none, "gkmtrain of LS-GKM is not on the PATH");
    }
}
