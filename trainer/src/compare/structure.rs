//! Secondary structure as RNAplfold leaves it: a `_lunp` file for each window, with the probability of each base of being
//! unpaired.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};

use super::set::Set;
use crate::files::{hexadecimal, write_whole};
use crate::text_table::{Fields, TableError, for_each_line};

/// What RNAplfold adds to a record's name.
const SUFFIX: &str = "_lunp";
/// How far means of probabilities may lie beyond 0 and 1.
const ROUNDING: f32 = 1e-4;

/// The structure of all windows of a set.
#[derive(Clone, Debug)]
pub(super) struct Structure {
    /// A probability for each base of each window, of its flanks too.
    pub(super) unpaired: Vec<Vec<f32>>,
    pub(super) digest: String,
}

/// The structures that tasks need: each is read once, when the first task asks, and let go behind the last.
#[derive(Debug, Default)]
pub(super) struct Structures<'a>(BTreeMap<(usize, &'a Path), Mutex<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    structure: Option<Arc<Structure>>,
    tasks_left: usize,
}

impl<'a> Structures<'a> {
    /// Counts tasks, each by the number of its set and the folder that it reads.
    pub(super) fn of(tasks: impl Iterator<Item = (usize, &'a Path)>) -> Self {
        let mut counted: BTreeMap<_, Shared> = BTreeMap::new();
        tasks.for_each(|task| counted.entry(task).or_default().tasks_left += 1);
        Self(counted.into_iter().map(|(of, shared)| (of, Mutex::new(shared))).collect())
    }

    /// The structure of set number `number` in a folder.
    ///
    /// # Errors
    /// As of [`read`].
    pub(super) fn get(&self, number: usize, folder: &Path, set: &Set) -> anyhow::Result<Arc<Structure>> {
        let shared = self.0.get(&(number, folder)).context("a structure that no task needs")?;
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(structure) = &shared.structure {
            return Ok(Arc::clone(structure));
        }
        let structure = Arc::new(read(folder, set)?);
        shared.structure = Some(Arc::clone(&structure));
        Ok(structure)
    }

    /// A task is over.
    pub(super) fn done(&self, number: usize, folder: &Path) {
        let Some(shared) = self.0.get(&(number, folder)) else { return };
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.tasks_left = shared.tasks_left.saturating_sub(1);
        if shared.tasks_left == 0 {
            shared.structure = None;
        }
    }
}

/// Reads `<folder>/<set>/<window>_lunp` for each window.
///
/// # Errors
/// A file that is missing, is no such file, or has another number of bases than the window with its flanks.
fn read(folder: &Path, set: &Set) -> anyhow::Result<Structure> {
    let mut unpaired = Vec::with_capacity(set.places.len());
    let mut digest = Sha256::new();
    for (place, example) in set.places.iter().zip(&set.examples) {
        let path = folder.join(&set.name).join(format!("{}{SUFFIX}", place.name));
        let values = read_lunp(&path)?;
        ensure!(
            values.len() == example.sequence.len(),
            "{}: {} bases, expected {} (a window of {} with {} to either side); fold what --write-fasta writes with \
             the same --recipe",
            path.display(),
            values.len(),
            example.sequence.len(),
            set.input_length,
            example.flank_bases
        );
        values.iter().for_each(|value| digest.update(value.to_le_bytes()));
        unpaired.push(values);
    }
    Ok(Structure { unpaired, digest: hexadecimal(&digest.finalize()) })
}

/// Writes `<folder>/<set>.fa`: what RNAplfold is to fold, a record for each window.
pub(super) fn write_fasta(folder: &Path, set: &Set) -> anyhow::Result<()> {
    let mut text = String::new();
    for (place, example) in set.places.iter().zip(&set.examples) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, ">{}\n{}", place.name, String::from_utf8_lossy(&example.sequence));
    }
    let path = folder.join(format!("{}.fa", set.name));
    write_whole(&path, text.as_bytes()).with_context(|| path.display().to_string())
}

/// Reads the probability of single bases, which is the column of l = 1, of positions 1, 2 and so on.
fn read_lunp(path: &Path) -> Result<Vec<f32>, TableError> {
    let mut values = Vec::new();
    for_each_line(path, |line, text| {
        let fields = Fields::new(path, line, text);
        if text.trim_start().starts_with('#') {
            // Those of -O: as plain numbers they may look like probabilities.
            return match text.contains("energies") {
                true => Err(fields.wrong(0, "header", "probabilities belong here; fold without -O")),
                false => Ok(()),
            };
        }
        let position: usize = fields.parse(0, "position", "a position belongs here")?;
        if position != values.len() + 1 {
            return Err(fields.wrong(0, "position", format!("{} comes here", values.len() + 1)));
        }
        let expected = "a probability from 0 to 1 belongs here";
        let value: f32 = fields.parse(1, "l=1", expected)?;
        if !(-ROUNDING..=1.0 + ROUNDING).contains(&value) {
            return Err(fields.wrong(1, "l=1", expected));
        }
        values.push(value.clamp(0.0, 1.0));
        Ok(())
    })?;
    Ok(values)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::set::tests::simulated;
    use super::*;

    /// As RNAplfold 2 writes it with -u 3.
    const LUNP: &str = "#unpaired probabilities\n #i$\tl=1\t2\t3\t\n1\t0.9982\tNA\tNA\t\n2\t0.5\t0.4\tNA\t\n\
                        3\t1e-05\t0.0002\t0.0001\t\n";

    fn lunp(content: &str) -> Result<Vec<f32>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w_lunp");
        fs::write(&path, content).unwrap();
        read_lunp(&path).map_err(|error| error.to_string().replace(&path.display().to_string(), "w_lunp"))
    }

    #[test]
    fn the_column_of_single_bases() {
        assert_eq!(lunp(LUNP).unwrap(), [0.9982, 0.5, 1e-5]);
        assert_eq!(lunp("1\t1.000001\n2\t-1e-07\n").unwrap(), [1.0, 0.0]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (content, expected) in [
            ("#\n1\tNA\n", "w_lunp:2:l=1: `NA`: a probability from 0 to 1 belongs here"),
            (
                "#opening energies\n1\t0.5\n",
                "w_lunp:1:header: `#opening energies`: probabilities belong here",
            ),
            ("1\t1.5\n", "w_lunp:1:l=1: `1.5`: a probability"),
            ("1\tnan\n", "w_lunp:1:l=1: `nan`: a probability"),
            ("1\t0.5\n3\t0.5\n", "w_lunp:2:position: `3`: 2 comes here"),
            ("x\t0.5\n", "w_lunp:1:position: `x`: a position belongs here"),
            ("1 0.5\n", "w_lunp:1:position: `1 0.5`: a position"),
            ("1\n", "w_lunp:1: 1 columns, `l=1` belongs in column 2"),
        ] {
            let told = lunp(content).unwrap_err();
            assert!(told.starts_with(expected), "{told}\n{expected}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_with_its_place(text in "([0-9]{1,2}\t[0-9.eNA+-]{0,6}\t?\n|[#a-z\t]{0,9}\n){0,6}") {
            match lunp(&text) {
                Ok(values) => proptest::prop_assert!(values.iter().all(|value| (0.0..=1.0).contains(value))),
                Err(error) => proptest::prop_assert!(error.starts_with("w_lunp:"), "{}", error),
            }
        }
    }

    #[test]
    fn a_file_for_each_window() {
        let set = simulated("A", 2);
        let folder = tempfile::tempdir().unwrap();
        write_fasta(folder.path(), &set).unwrap();
        let fasta = fs::read_to_string(folder.path().join("A.fa")).unwrap();
        assert_eq!(fasta.lines().step_by(2).collect::<Vec<_>>(), [">window_0", ">window_1"]);
        assert_eq!(fasta.lines().nth(1).unwrap().len(), 101);

        let missing = format!("{:#}", read(folder.path(), &set).unwrap_err());
        assert!(missing.contains("A/window_0_lunp"), "{missing}");
        fs::create_dir(folder.path().join("A")).unwrap();
        let lines = |bases: usize| (1..=bases).map(|base| format!("{base}\t0.25\n")).collect::<String>();
        let write = |name: &str, bases| fs::write(folder.path().join("A").join(name), lines(bases)).unwrap();
        write("window_0_lunp", 101);
        write("window_1_lunp", 100);
        let short = read(folder.path(), &set).unwrap_err().to_string();
        assert!(short.contains("window_1_lunp: 100 bases, expected 101 (a window of 101 with 0"), "{short}");
        write("window_1_lunp", 101);
        assert_eq!(read(folder.path(), &set).unwrap().unpaired, vec![vec![0.25; 101]; 2]);

        let structures = Structures::of([(3, folder.path()), (3, folder.path())].into_iter());
        let first = structures.get(3, folder.path(), &set).unwrap();
        structures.done(3, folder.path());
        // Not read again: it is there no more.
        fs::remove_file(folder.path().join("A/window_0_lunp")).unwrap();
        assert!(Arc::ptr_eq(&first, &structures.get(3, folder.path(), &set).unwrap()));
        structures.done(3, folder.path());
        assert_eq!(Arc::strong_count(&first), 1);
        assert!(structures.get(3, folder.path(), &set).is_err());
    }
}
