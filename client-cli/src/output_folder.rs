//! A folder of outputs: all are written aside and moved to it together.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Why the folder could not be made or filled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    /// It cannot be made, or nothing in it.
    #[error("cannot use the folder {folder}: {source}: choose another with --output")]
    Create {
        /// The folder.
        folder: String,
        /// From the system.
        source: io::Error,
    },
    /// The files cannot be moved there.
    #[error("cannot write {file}: {source}")]
    Publish {
        /// The file.
        file: String,
        /// From the system.
        source: io::Error,
    },
    /// An id that is no name of a file.
    #[error("model `{0}` cannot name a file: leave it out with --models")]
    ModelName(String),
}

/// Whether the ids of models can be parts of names of files.
pub(crate) fn check_names(ids: &[String]) -> Result<(), FolderError> {
    match ids.iter().find(|id| id.starts_with('.') || id.contains(['/', '\0', '\t', '\n'])) {
        None => Ok(()),
        Some(id) => Err(FolderError::ModelName(id.clone())),
    }
}

/// A folder that files appear in when all are whole. Dropped before that, it is as it was.
pub(crate) struct OutputFolder {
    path: PathBuf,
    /// The outermost folder that was made for it.
    made: Option<PathBuf>,
    staging: TempDir,
}

impl OutputFolder {
    /// Makes the folder if it is not there.
    pub(crate) fn create(path: &Path) -> Result<Self, FolderError> {
        let failed = |source| FolderError::Create { folder: path.display().to_string(), source };
        let made = path.ancestors().filter(|path| !path.as_os_str().is_empty() && !path.exists()).last();
        let made = made.map(Path::to_owned);
        fs::create_dir_all(path).map_err(failed)?;
        let staging = tempfile::Builder::new()
            .prefix(".polaris")
            .suffix(".partial")
            .tempdir_in(path)
            .map_err(failed)?;
        Ok(Self { path: path.to_owned(), made, staging })
    }

    /// Where the files are written for the time being.
    pub(crate) fn staging(&self) -> PathBuf {
        self.staging.path().to_owned()
    }

    /// Moves the files to the folder, `last` after the others. Gives how many there are.
    pub(crate) fn publish(mut self, last: &str) -> Result<usize, FolderError> {
        let failed = |path: &Path| {
            let file = path.display().to_string();
            move |source| FolderError::Publish { file, source }
        };
        let staged = fs::read_dir(self.staging.path()).map_err(failed(self.staging.path()))?;
        let mut names: Vec<_> = staged
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<Result<_, _>>()
            .map_err(failed(&self.path))?;
        names.sort_by_key(|name| (name == last, name.clone()));
        // What cannot be replaced is noticed before anything is.
        if let Some(path) = names.iter().map(|name| self.path.join(name)).find(|path| path.is_dir()) {
            return Err(failed(&path)(io::ErrorKind::IsADirectory.into()));
        }
        for name in &names {
            let path = self.path.join(name);
            fs::rename(self.staging.path().join(name), &path).map_err(failed(&path))?;
        }
        self.made = None;
        File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(failed(&self.path))?;
        Ok(names.len())
    }
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        if let Some(made) = self.made.take() {
            // Whatever is in the way is somebody else's by now.
            let _ = fs::remove_dir_all(self.staging.path());
            let mut folder = Some(self.path.as_path());
            while let Some(path) = folder.filter(|path| path.starts_with(&made)) {
                if fs::remove_dir(path).is_err() {
                    return;
                }
                folder = path.parent();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_as_it_was_until_all_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("tracks");
        let output = OutputFolder::create(&path).unwrap();
        fs::write(output.staging().join("a.bw"), b"a").unwrap();
        drop(output);
        assert!(!folder.path().join("new").exists());

        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("a.bw"), b"old").unwrap();
        drop(OutputFolder::create(&path).unwrap());
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);

        let output = OutputFolder::create(&path).unwrap();
        fs::write(output.staging().join("a.bw"), b"new").unwrap();
        fs::write(output.staging().join("tracks.tsv"), b"").unwrap();
        assert_eq!(output.publish("tracks.tsv").unwrap(), 2);
        assert_eq!(fs::read(path.join("a.bw")).unwrap(), b"new");
        assert_eq!(fs::read_dir(&path).unwrap().count(), 2);
    }

    #[test]
    fn folders_that_cannot_be() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let refused = OutputFolder::create(file.path()).err().unwrap().to_string();
        assert!(refused.contains("--output"), "{refused}");
        assert!(check_names(&["RBFOX2.K562".to_owned()]).is_ok());
        for id in ["../x", ".hidden", "a\tb"] {
            assert!(check_names(&[id.to_owned()]).is_err(), "{id}");
        }
    }
}
