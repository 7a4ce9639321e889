//! A directory that appears at once and complete, or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;

/// What an earlier simulation leaves; `--force` replaces nothing else.
const SIGNS: [&str; 2] = ["truth.tsv", "reference/reference.toml"];

/// A directory in the making beside its final place.
#[derive(Debug)]
pub(super) struct Destination {
    target: PathBuf,
    workspace: TempDir,
}

impl Destination {
    /// Checks that `target` may be written and opens a directory beside it.
    ///
    /// # Errors
    /// If `target` exists and is not empty (with `force`: and is not an earlier simulation), or its parent cannot be
    /// written.
    pub(super) fn open(target: &Path, force: bool) -> anyhow::Result<Self> {
        let shown = target.display();
        ensure!(target.file_name().is_some(), "--out {shown} names no directory: give one to create");
        if is_occupied(target)? {
            ensure!(force, "--out {shown} exists and is not empty: choose another, or --force to replace it");
            if !SIGNS.iter().all(|sign| target.join(sign).is_file()) {
                bail!("--out {shown} does not hold an earlier simulation: --force replaces nothing else");
            }
        }
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        let workspace = tempfile::Builder::new()
            .prefix(".simulate-")
            .tempdir_in(parent)
            .with_context(|| format!("cannot write in {}", parent.display()))?;
        let destination = Self { target: target.to_path_buf(), workspace };
        fs::create_dir(destination.directory()).context("cannot create a temporary directory")?;
        Ok(destination)
    }

    /// Where to write.
    pub(super) fn directory(&self) -> PathBuf {
        self.workspace.path().join("new")
    }

    /// Puts the directory in its place.
    ///
    /// # Errors
    /// If it cannot be renamed; what stood there before stands there again.
    pub(super) fn publish(self) -> anyhow::Result<()> {
        let old = self.workspace.path().join("old");
        let replaces = self.target.exists();
        let shown = self.target.display();
        if replaces {
            fs::rename(&self.target, &old).with_context(|| format!("cannot replace {shown}"))?;
        }
        if let Err(error) = fs::rename(self.directory(), &self.target) {
            if replaces {
                fs::rename(&old, &self.target).with_context(|| format!("cannot restore {shown}"))?;
            }
            return Err(error).with_context(|| format!("cannot write {shown}"));
        }
        Ok(())
    }
}

fn is_occupied(target: &Path) -> anyhow::Result<bool> {
    match fs::read_dir(target) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot read --out {}", target.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(directory: &Path) -> Vec<String> {
        let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect()
    }

    fn fill(directory: &Path, text: &str) {
        fs::create_dir_all(directory.join("reference")).unwrap();
        for sign in SIGNS {
            fs::write(directory.join(sign), text).unwrap();
        }
    }

    #[test]
    fn appears_whole_and_leaves_nothing_beside_it() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("deep/simulated");
        let destination = Destination::open(&target, false).unwrap();
        fill(&destination.directory(), "first");
        assert!(!target.exists());
        destination.publish().unwrap();
        assert_eq!(entries(&root.path().join("deep")), ["simulated"]);
        assert_eq!(fs::read_to_string(target.join("truth.tsv")).unwrap(), "first");
    }

    #[test]
    fn dropped_unpublished_leaves_what_was_there() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("simulated");
        fill(&target, "before");
        drop(Destination::open(&target, true).unwrap());
        assert_eq!(fs::read_to_string(target.join("truth.tsv")).unwrap(), "before");
        assert_eq!(entries(root.path()), ["simulated"]);
    }

    #[test]
    fn replaces_only_by_force_and_only_a_simulation() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("simulated");
        fill(&target, "before");
        let refused = Destination::open(&target, false).unwrap_err().to_string();
        assert!(refused.contains("--force"), "{refused}");
        let destination = Destination::open(&target, true).unwrap();
        fill(&destination.directory(), "after");
        destination.publish().unwrap();
        assert_eq!(fs::read_to_string(target.join("truth.tsv")).unwrap(), "after");
        fs::remove_file(target.join("truth.tsv")).unwrap();
        let refused = Destination::open(&target, true).unwrap_err().to_string();
        assert!(refused.contains("earlier simulation"), "{refused}");
        assert_eq!(entries(root.path()), ["simulated"]);
    }

    #[test]
    fn an_empty_directory_is_filled_and_a_file_refused() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("simulated");
        fs::create_dir(&target).unwrap();
        let destination = Destination::open(&target, false).unwrap();
        fill(&destination.directory(), "new");
        destination.publish().unwrap();
        assert!(target.join("truth.tsv").is_file());
        let file = target.join("truth.tsv");
        assert!(Destination::open(&file, true).unwrap_err().to_string().contains("truth.tsv"));
        assert!(Destination::open(Path::new(".."), false).is_err());
    }
}
