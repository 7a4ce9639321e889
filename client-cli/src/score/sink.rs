//! An output that can be gone on with: written under a name of its own beside the final one, whole up to each
//! checkpoint, and renamed at the end.

use std::fs::{File, TryLockError};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::output_file::{Destination, OutputError};

const BUFFER_BYTES: usize = 256 << 10;

/// An output being written. Dropped without `commit`, it leaves nothing, unless it is to be kept.
pub(super) struct Sink {
    encoder: Encoder,
    name: String,
}

enum Encoder {
    Plain(BufWriter<Target>),
    Bgzip(noodles_bgzf::io::Writer<Target>),
}

enum Target {
    Partial(Partial),
    /// A device or named pipe, which a rename would replace.
    Direct(File),
    Stdout(io::Stdout),
}

struct Partial {
    file: File,
    partial: PathBuf,
    path: PathBuf,
    keep: bool,
}

impl Sink {
    /// Opens the destination. What an earlier run has left under its partial name is kept up to `length` bytes, and
    /// thrown away if there is none. What is written stays if the run ends early and it is to be kept.
    pub(super) fn open(
        destination: &Destination,
        compressed: bool,
        length: Option<u64>,
        keep: bool,
    ) -> Result<Self, OutputError> {
        let name = destination.name();
        let target = match destination {
            Destination::Stdout => Target::Stdout(io::stdout()),
            Destination::File(path) => open_target(path, length.unwrap_or(0), keep)?,
        };
        let encoder = match compressed {
            true => Encoder::Bgzip(noodles_bgzf::io::Writer::new(target)),
            false => Encoder::Plain(BufWriter::with_capacity(BUFFER_BYTES, target)),
        };
        Ok(Self { encoder, name })
    }

    /// Whether it can be gone on with: it is a file.
    pub(super) fn is_resumable(&self) -> bool {
        matches!(self.target(), Target::Partial(_))
    }

    /// Appends bytes.
    pub(super) fn write_all(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        let written = match &mut self.encoder {
            Encoder::Plain(writer) => writer.write_all(bytes),
            Encoder::Bgzip(writer) => writer.write_all(bytes),
        };
        written.map_err(|source| self.failed(source))
    }

    /// Ends a bgzip block here, and does nothing to plain text.
    pub(super) fn end_block(&mut self) -> Result<(), OutputError> {
        let ended = match &mut self.encoder {
            Encoder::Plain(_) => Ok(()),
            Encoder::Bgzip(writer) => writer.flush(),
        };
        ended.map_err(|source| self.failed(source))
    }

    /// Makes everything so far durable, a bgzip block ending here. Gives the length of the file.
    pub(super) fn checkpoint(&mut self) -> Result<u64, OutputError> {
        let flushed = match &mut self.encoder {
            Encoder::Plain(writer) => writer.flush(),
            Encoder::Bgzip(writer) => writer.flush(),
        };
        let length = flushed.and_then(|()| match self.target() {
            Target::Partial(partial) => {
                partial.file.sync_data()?;
                (&partial.file).stream_position()
            }
            _ => Ok(0),
        });
        length.map_err(|source| self.failed(source))
    }

    /// Ends the output, makes it durable and gives it its name.
    pub(super) fn commit(self) -> Result<(), OutputError> {
        let name = self.name;
        let finished = match self.encoder {
            Encoder::Plain(writer) => writer.into_inner().map_err(io::IntoInnerError::into_error),
            Encoder::Bgzip(writer) => writer.finish(),
        };
        finished.and_then(Target::commit).map_err(|source| failed(&name, source))
    }

    fn target(&self) -> &Target {
        match &self.encoder {
            Encoder::Plain(writer) => writer.get_ref(),
            Encoder::Bgzip(writer) => writer.get_ref(),
        }
    }

    fn failed(&self, source: io::Error) -> OutputError {
        failed(&self.name, source)
    }
}

fn failed(name: &str, source: io::Error) -> OutputError {
    match source.kind() {
        io::ErrorKind::BrokenPipe => OutputError::Closed,
        _ => OutputError::Write { name: name.to_owned(), source },
    }
}

fn open_target(path: &Path, length: u64, keep: bool) -> Result<Target, OutputError> {
    let name = || path.display().to_string();
    let path = match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Err(OutputError::Directory(name())),
        Ok(metadata) if !metadata.is_file() => {
            let file = File::options().write(true).open(path);
            return file.map(Target::Direct).map_err(|source| failed(&name(), source));
        }
        // Through a link to the file that it names, so that the link stays one.
        Ok(_) => std::fs::canonicalize(path).map_err(|source| failed(&name(), source))?,
        Err(_) => path.to_owned(),
    };
    let partial = partial_path(&path).ok_or_else(|| OutputError::Directory(name()))?;
    let file = open_locked(&partial, &name())?;
    let found = file.metadata().map_err(|source| failed(&name(), source))?.len();
    if found < length {
        return Err(OutputError::Shorter { partial: partial.display().to_string(), expected: length, found });
    }
    let ready = file.set_len(length).and_then(|()| (&file).seek(SeekFrom::End(0)));
    ready.map_err(|source| failed(&name(), source))?;
    Ok(Target::Partial(Partial { file, partial, path, keep }))
}

/// The name under which a file is written: the same in every run, so that none is left behind for ever.
pub(super) fn partial_path(path: &Path) -> Option<PathBuf> {
    beside(path, ".partial")
}

/// `.NAME` with a suffix, beside a file.
pub(super) fn beside(path: &Path, suffix: &str) -> Option<PathBuf> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name()?);
    name.push(suffix);
    Some(path.with_file_name(name))
}

/// Opens a partial file that no other run is writing.
fn open_locked(partial: &Path, name: &str) -> Result<File, OutputError> {
    loop {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(partial);
        let file = file.map_err(|source| OutputError::Folder {
            folder: folder_of(partial).display().to_string(),
            source,
        })?;
        // A file system without locks is no reason not to write.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(OutputError::Busy { name: name.to_owned() });
        }
        // Between opening and locking, another run may have given the file its final name.
        let locked = file.metadata().map_err(|source| failed(name, source))?;
        if std::fs::metadata(partial).is_ok_and(|there| there.ino() == locked.ino()) {
            return Ok(file);
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => Path::new("/"),
    }
}

impl Target {
    fn commit(self) -> io::Result<()> {
        match self {
            Self::Partial(mut partial) => {
                partial.file.sync_all()?;
                std::fs::rename(&partial.partial, &partial.path)?;
                partial.keep = true;
                File::open(folder_of(&partial.path))?.sync_all()
            }
            Self::Direct(mut file) => file.flush(),
            Self::Stdout(mut stdout) => stdout.flush(),
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed is overwritten by the next run.
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Partial(partial) => partial.file.write(bytes),
            Self::Direct(file) => file.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Partial(partial) => partial.file.flush(),
            Self::Direct(file) => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(folder: &Path, name: &str) -> Destination {
        Destination::File(folder.join(name))
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn gone_on_with_it_is_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        for (name, compressed) in [("a", false), ("b", true)] {
            let whole = destination(folder.path(), &format!("{name}.whole"));
            let mut sink = Sink::open(&whole, compressed, None, false).unwrap();
            sink.write_all(b"one\n").unwrap();
            sink.checkpoint().unwrap();
            sink.write_all(b"two\n").unwrap();
            sink.commit().unwrap();

            let halves = destination(folder.path(), name);
            let mut sink = Sink::open(&halves, compressed, None, true).unwrap();
            sink.write_all(b"one\n").unwrap();
            let length = sink.checkpoint().unwrap();
            sink.write_all(b"lost").unwrap();
            drop(sink);
            let mut sink = Sink::open(&halves, compressed, Some(length), false).unwrap();
            sink.write_all(b"two\n").unwrap();
            sink.commit().unwrap();
            let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
            assert_eq!(read(name), read(&format!("{name}.whole")));
        }
        assert_eq!(names(folder.path()), ["a", "a.whole", "b", "b.whole"]);
    }

    #[test]
    fn one_run_at_a_time_and_nothing_left() {
        let folder = tempfile::tempdir().unwrap();
        let place = destination(folder.path(), "out.vcf");
        let mut sink = Sink::open(&place, false, None, false).unwrap();
        sink.write_all(b"half").unwrap();
        assert!(matches!(Sink::open(&place, false, None, false), Err(OutputError::Busy { .. })));
        drop(sink);
        assert!(names(folder.path()).is_empty());
        let refused = Sink::open(&place, false, Some(5), false).err().unwrap();
        assert!(matches!(refused, OutputError::Shorter { expected: 5, found: 0, .. }), "{refused}");
    }
}
