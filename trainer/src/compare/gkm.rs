//! LS-GKM (Lee 2016) through the user's own `gkmtrain` and `gkmpredict`.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::io::{self, PipeReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use super::network::Predicted;
use super::set::{Fold, Set};
use crate::files::sha256_of_file;
use crate::text_table::{Fields, TableError, for_each_line};

/// The two programs.
#[derive(Clone, Debug)]
pub(super) struct Gkm {
    train: PathBuf,
    predict: PathBuf,
    /// Further arguments of `gkmtrain`.
    pub(super) options: Vec<String>,
    /// Of both: other versions have other results.
    pub(super) programs_sha256: [String; 2],
    /// How long either may run.
    limit: Duration,
}

impl Gkm {
    /// Finds both programs in the folders of a `PATH`; tells which is missing.
    pub(super) fn find(path: &OsStr, options: Vec<String>, limit: Duration) -> Result<Self, String> {
        let find = |name: &str| {
            std::env::split_paths(path)
                .map(|folder| folder.join(name))
                .find(|file| is_program(file))
                .ok_or_else(|| format!("{name} of LS-GKM is not on the PATH"))
        };
        let digest = |file: &Path| {
            sha256_of_file(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))
        };
        let (train, predict) = (find("gkmtrain")?, find("gkmpredict")?);
        let programs_sha256 = [digest(&train)?, digest(&predict)?];
        Ok(Self { train, predict, options, programs_sha256, limit })
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
        run(train, self.limit)?;
        // It also ends well where it only tells how it is used.
        ensure!(
            file("gkm.model.txt").is_file(),
            "{}: no model was made; does it know the options `{}`?",
            self.train.display(),
            self.options.join(" ")
        );
        let mut predict = Command::new(&self.predict);
        predict.args([file("held_out.fa"), file("gkm.model.txt"), file("scores.txt")]);
        run(predict, self.limit)?;
        let names: Vec<String> = fold.held_out.iter().map(|index| name(set, *index)).collect();
        let logits = read_scores(&file("scores.txt"), &names)?;
        let trained_on = fold.training.len();
        Ok(Predicted { trained_on, logits, calibrated: false, losses: Vec::new() })
    }
}

/// Removes what runs that were killed left in the folder of temporary files.
pub(super) fn clear(work: &Path) {
    let Ok(entries) = fs::read_dir(work) else { return };
    for entry in entries.flatten() {
        // As `tempfile` calls them. What cannot be removed is in nobody's way.
        if entry.file_name().to_string_lossy().starts_with(".tmp") {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_program(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
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

/// Runs a program to its end, or to the limit; if it fails, the last line of what it said is told.
fn run(mut command: Command, limit: Duration) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let start = || -> io::Result<(Child, PipeReader)> {
        let (said, out) = io::pipe()?;
        let child = command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).spawn()?;
        // With the command goes the pipe's end on this side: what is read ends when the program does.
        drop(command);
        Ok((child, said))
    };
    let (mut child, mut said) = start().with_context(|| program.clone())?;
    let (sender, ended) = mpsc::channel();
    // Not joined: a program's own children may hold the pipe for longer than the limit.
    std::thread::spawn(move || {
        let mut text = Vec::new();
        // What could be read is enough to tell what went wrong, and nobody waits behind the limit.
        let _ = said.read_to_end(&mut text);
        let _ = sender.send(text);
    });
    let Ok(said) = ended.recv_timeout(limit) else {
        child.kill().and_then(|()| child.wait()).with_context(|| program.clone())?;
        bail!("{program}: stopped, since it was not done after {limit:?}; --gkm-hours allows more");
    };
    let status = child.wait().with_context(|| program.clone())?;
    if status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&said);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    bail!("{program}: {status}: {last}")
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
    use super::super::set::tests::simulated;
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
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
        let gkm =
            Gkm::find(folder.path().as_os_str(), vec!["-l".to_owned(), "6".to_owned()], MINUTE).unwrap();
        let set = simulated("A", 40);
        let work = folder.path().join("work");
        // As a run that was killed leaves it.
        fs::create_dir_all(work.join(".tmpAbCdEf/deep")).unwrap();
        clear(&work);
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
        let told_within = |limit: Duration, train: &str, predict: &str| {
            let folder = programs(train, predict);
            let gkm = Gkm::find(folder.path().as_os_str(), Vec::new(), limit).unwrap();
            format!("{:#}", gkm.run(&set, &set.folds[0], folder.path()).unwrap_err())
        };
        let told = |train: &str, predict: &str| told_within(MINUTE, train, predict);
        let late = told_within(Duration::from_millis(100), "#!/bin/sh\nexec sleep 60\n", PREDICT);
        assert!(late.contains("gkmtrain: stopped, since it was not done after 100ms"), "{late}");
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
        let none = Gkm::find(OsStr::new("/no/such"), Vec::new(), MINUTE).unwrap_err();
        assert_eq!(none, "gkmtrain of LS-GKM is not on the PATH");
        let folder = programs(TRAIN, PREDICT);
        fs::set_permissions(folder.path().join("gkmpredict"), fs::Permissions::from_mode(0o644)).unwrap();
        let none = Gkm::find(folder.path().as_os_str(), Vec::new(), MINUTE).unwrap_err();
        assert_eq!(none, "gkmpredict of LS-GKM is not on the PATH");
    }
}
