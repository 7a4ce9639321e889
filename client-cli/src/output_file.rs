//! Files that appear whole or not at all: written beside their final name, synced, then renamed.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::bgzip::BgzipWriter;

const BUFFER_BYTES: usize = 256 << 10;

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

/// Why output could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// The reader of standard output has gone: no failure, but there is no use in going on.
    #[error("standard output was closed by its reader")]
    Closed,
    /// A directory stands where the file should.
    #[error("cannot write {0}: it is a directory: name a file in it")]
    Directory(String),
    /// The folder of the file is missing or closed to us.
    #[error("cannot create a file in {folder}: {source}: create the folder or choose another")]
    Folder {
        /// Folder of the output.
        folder: String,
        /// From the system.
        source: io::Error,
    },
    /// Two runs with one output.
    #[error("{name} is being written by another run: wait for it, or choose another output")]
    Busy {
        /// The output.
        name: String,
    },
    /// An unfinished output that has lost its end.
    #[error(
        "--resume: {partial} has {found} bytes, {expected} were written: leave --resume away to start anew"
    )]
    Shorter {
        /// The unfinished output.
        partial: String,
        /// Bytes at the checkpoint.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// Disk full and the like.
    #[error("cannot write {name}: {source}")]
    Write {
        /// The output.
        name: String,
        /// From the system.
        source: io::Error,
    },
}

/// An output being written. Dropped without `commit`, it leaves no trace.
pub(crate) struct OutputFile {
    encoder: Encoder,
    name: String,
}

enum Encoder {
    Plain(BufWriter<Target>),
    Bgzip(BgzipWriter<Target>),
}

enum Target {
    Temporary(NamedTempFile, PathBuf),
    /// A device or named pipe, which a rename would replace.
    Direct(File),
    Stdout(io::Stdout),
}

impl OutputFile {
    /// Opens the destination, or a temporary file in its folder.
    pub(crate) fn create(destination: &Destination) -> Result<Self, OutputError> {
        let target = match destination {
            Destination::Stdout => Target::Stdout(io::stdout()),
            Destination::File(path) => Target::create(path)?,
        };
        let encoder = if destination.is_compressed() {
            Encoder::Bgzip(BgzipWriter::new(target))
        } else {
            Encoder::Plain(BufWriter::with_capacity(BUFFER_BYTES, target))
        };
        Ok(Self { encoder, name: destination.name() })
    }

    /// Appends bytes.
    pub(crate) fn write_all(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        let written = match &mut self.encoder {
            Encoder::Plain(writer) => writer.write_all(bytes),
            Encoder::Bgzip(writer) => writer.write_all(bytes),
        };
        written.map_err(|source| failed(&self.name, source))
    }

    /// Ends the output, makes it durable and gives it its name.
    pub(crate) fn commit(self) -> Result<(), OutputError> {
        let name = self.name;
        let finished = match self.encoder {
            Encoder::Plain(writer) => writer.into_inner().map_err(io::IntoInnerError::into_error),
            Encoder::Bgzip(writer) => writer.finish(),
        };
        finished.and_then(Target::commit).map_err(|source| failed(&name, source))
    }
}

fn failed(name: &str, source: io::Error) -> OutputError {
    match source.kind() {
        io::ErrorKind::BrokenPipe => OutputError::Closed,
        _ => OutputError::Write { name: name.to_owned(), source },
    }
}

impl Target {
    fn create(path: &Path) -> Result<Self, OutputError> {
        let name = || path.display().to_string();
        let path = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => return Err(OutputError::Directory(name())),
            Ok(metadata) if !metadata.is_file() => {
                let file = File::options().write(true).open(path);
                return file.map(Self::Direct).map_err(|source| failed(&name(), source));
            }
            // Through a link to the file that it names, so that the link stays one.
            Ok(_) => std::fs::canonicalize(path).map_err(|source| failed(&name(), source))?,
            Err(_) => path.to_owned(),
        };
        Ok(Self::Temporary(temporary_beside(&path)?, path))
    }

    fn commit(self) -> io::Result<()> {
        match self {
            Self::Temporary(file, path) => publish(file, &path),
            Self::Direct(mut file) => file.flush(),
            Self::Stdout(mut stdout) => stdout.flush(),
        }
    }
}

/// A file being written by others, who seek in it. Dropped without `commit`, it leaves no trace.
pub(crate) struct SeekableFile {
    temporary: NamedTempFile,
    path: PathBuf,
}

impl SeekableFile {
    /// Opens a temporary file in the folder of `path`.
    pub(crate) fn create(path: &Path) -> Result<Self, OutputError> {
        Ok(Self { temporary: temporary_beside(path)?, path: path.to_owned() })
    }

    /// The file once more, to write it and to read it, with a position of its own.
    pub(crate) fn reopen(&self) -> io::Result<File> {
        File::options().read(true).write(true).open(self.temporary.path())
    }

    /// Makes the file durable and gives it its name.
    pub(crate) fn commit(self) -> Result<(), OutputError> {
        let Self { temporary, path } = self;
        publish(temporary, &path).map_err(|source| failed(&path.display().to_string(), source))
    }
}

fn temporary_beside(path: &Path) -> Result<NamedTempFile, OutputError> {
    let folder = folder_of(path);
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(path.file_name().ok_or_else(|| OutputError::Directory(path.display().to_string()))?);
    tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(".partial")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(|source| OutputError::Folder { folder: folder.display().to_string(), source })
}

fn publish(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder_of(path))?.sync_all()
}

/// The path without links, `.` and `..`; of a file that is not there yet, as far as its folder.
fn resolved(path: &Path) -> PathBuf {
    let in_folder = || Some(std::fs::canonicalize(folder_of(path)).ok()?.join(path.file_name()?));
    std::fs::canonicalize(path).ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => Path::new("/"),
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Temporary(file, _) => file.write(bytes),
            Self::Direct(file) => file.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Temporary(file, _) => file.flush(),
            Self::Direct(file) => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn appears_on_commit_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.vcf");
        std::fs::write(&path, b"old").unwrap();
        let mut output = OutputFile::create(&Destination::File(path.clone())).unwrap();
        output.write_all(b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        output.commit().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["out.vcf"]);
    }

    #[test]
    fn dropped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["out.vcf", "out.vcf.gz"] {
            let mut output = OutputFile::create(&Destination::File(folder.path().join(name))).unwrap();
            output.write_all(b"half").unwrap();
            drop(output);
        }
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn suffix_decides_on_compression() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.vcf.bgz");
        let mut output = OutputFile::create(&Destination::File(path.clone())).unwrap();
        output.write_all(b"text").unwrap();
        output.commit().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes[..4], [0x1f, 0x8b, 8, 4]);
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, "text");
    }

    #[test]
    fn a_link_stays_a_link_and_a_device_a_device() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("real"), folder.path().join("link"));
        std::fs::write(&path, b"old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let mut output = OutputFile::create(&Destination::File(link.clone())).unwrap();
        output.write_all(b"new").unwrap();
        output.commit().unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&path).unwrap(), b"new");

        let output = OutputFile::create(&Destination::File("/dev/null".into())).unwrap();
        assert!(
            matches!(output.encoder, Encoder::Plain(ref writer) if matches!(writer.get_ref(), Target::Direct(_)))
        );
    }

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

    #[test]
    fn what_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let refused = OutputFile::create(&Destination::File(folder.path().to_owned())).err().unwrap();
        assert!(matches!(refused, OutputError::Directory(_)));
        let missing = folder.path().join("missing").join("out.vcf");
        let refused = OutputFile::create(&Destination::File(missing)).err().unwrap();
        assert!(refused.to_string().contains("missing: No such file"), "{refused}");
    }
}
