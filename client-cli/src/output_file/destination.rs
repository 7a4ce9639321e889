//! Where output goes.

use std::path::{Path, PathBuf};

use super::error::OutputError;
use super::target::folder_of;

/// Where output goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Destination {
    /// Standard output, plain text.
    Stdout,
    /// A file; bgzip if its name ends in `.gz` or `.bgz`.
    File(PathBuf),
}

impl Destination {
    /// `-` is standard output.
    pub(crate) fn from_argument(argument: &Path) -> Self {
        if argument.as_os_str() == "-" { Self::Stdout } else { Self::File(argument.to_owned()) }
    }

    /// For messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Stdout => "standard output".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Whether both would write one file, under whatever spelling of its path.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Stdout, Self::Stdout) => true,
            (Self::File(path), Self::File(other)) => path == other || resolved(path) == resolved(other),
            _ => false,
        }
    }

    /// Whether it can be written, as far as that shows before it is: it has a folder, and is none.
    pub(crate) fn check(&self) -> Result<(), OutputError> {
        let Self::File(path) = self else { return Ok(()) };
        if path.is_dir() {
            return Err(OutputError::Directory(self.name()));
        }
        let folder = folder_of(path);
        let found = std::fs::metadata(folder);
        found
            .map(|_| ())
            .map_err(|source| OutputError::Folder { folder: folder.display().to_string(), source })
    }

    /// Whether its name asks for bgzip.
    pub(crate) fn is_compressed(&self) -> bool {
        match self {
            Self::Stdout => false,
            Self::File(path) => path.extension().is_some_and(|suffix| {
                suffix.eq_ignore_ascii_case("gz") || suffix.eq_ignore_ascii_case("bgz")
            }),
        }
    }
}

/// The path without links, `.` and `..`; of a file that is not there yet, as far as its folder.
fn resolved(path: &Path) -> PathBuf {
    let in_folder = || Some(std::fs::canonicalize(folder_of(path)).ok()?.join(path.file_name()?));
    std::fs::canonicalize(path).ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_under_two_names() {
        let folder = tempfile::tempdir().unwrap();
        let file = |path: PathBuf| Destination::File(path);
        let plain = file(folder.path().join("out"));
        let detour =
            file(folder.path().join(".").join("..").join(folder.path().file_name().unwrap()).join("out"));
        assert!(plain.is_same(&detour));
        assert!(!plain.is_same(&file(folder.path().join("other"))));
        assert!(!plain.is_same(&Destination::Stdout) && Destination::Stdout.is_same(&Destination::Stdout));
        std::fs::write(folder.path().join("out"), b"").unwrap();
        std::os::unix::fs::symlink("out", folder.path().join("link")).unwrap();
        assert!(plain.is_same(&file(folder.path().join("link"))));
        assert!(file("out".into()).is_same(&file("./out".into())));
    }
}
