//! An output that can be gone on with: written under a name of its own beside the final one, whole up to each
//! checkpoint, and renamed at the end.

use std::fs::{File, TryLockError};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::bgzip::BgzipWriter;
use crate::output_file::{Destination, OutputError};

const BUFFER_BYTES: usize = 256 << 10;

/// An output being written. Dropped without `commit`, it leaves nothing, unless it is to be kept.
pub(super) struct Sink {
    encoder: Encoder,
    name: String,
}

enum Encoder {
    Plain(BufWriter<Target>),
    Bgzip(BgzipWriter<Target>),
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
    /// Opens the destination, where no other run may be writing. What an earlier run has left under its partial name is
    /// there until `go_on_from`. What is written stays if the run ends early and it is to be kept.
    pub(super) fn open(destination: &Destination, compressed: bool, keep: bool) -> Result<Self, OutputError> {
        let name = destination.name();
        let target = match destination {
            Destination::Stdout => Target::Stdout(io::stdout()),
            Destination::File(path) => open_target(path, keep)?,
        };
        let encoder = match compressed {
            true => Encoder::Bgzip(BgzipWriter::new(target)),
            false => Encoder::Plain(BufWriter::with_capacity(BUFFER_BYTES, target)),
        };
        Ok(Self { encoder, name })
    }

    /// Whether it can be gone on with: it is a file.
    pub(super) fn is_resumable(&self) -> bool {
        matches!(self.target(), Some(Target::Partial(_)))
    }

    /// Keeps `length` bytes of what an earlier run has left and throws the rest away; writing goes on behind them.
    pub(super) fn go_on_from(&mut self, length: u64) -> Result<(), OutputError> {
        let Some(Target::Partial(Partial { file, partial, .. })) = self.target() else { return Ok(()) };
        let found = file.metadata().map_err(|source| self.failed(source))?.len();
        if found < length {
            let partial = partial.display().to_string();
            return Err(OutputError::Shorter { partial, expected: length, found });
        }
        let mut file = file;
        let ready = file.set_len(length).and_then(|()| file.seek(SeekFrom::End(0)));
        ready.map(|_| ()).map_err(|source| self.failed(source))
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
            Some(Target::Partial(partial)) => {
                partial.file.sync_data()?;
                (&partial.file).stream_position()
            }
            _ => Ok(0),
        });
        length.map_err(|source| self.failed(source))
    }

    /// Ends the output and makes it durable, still without its name. Gives its length too; 0 if it is no file.
    pub(super) fn finish(self) -> Result<(Finished, u64), OutputError> {
        let name = self.name;
        let finished = match self.encoder {
            Encoder::Plain(writer) => writer.into_inner().map_err(io::IntoInnerError::into_error),
            Encoder::Bgzip(writer) => writer.finish(),
        };
        let synced = finished.and_then(|mut target| {
            let length = target.sync()?;
            Ok((target, length))
        });
        match synced {
            Ok((target, length)) => Ok((Finished { target, name }, length)),
            Err(source) => Err(failed(&name, source)),
        }
    }

    /// Ends the output, makes it durable and gives it its name.
    pub(super) fn commit(self) -> Result<(), OutputError> {
        self.finish()?.0.publish()
    }

    fn target(&self) -> Option<&Target> {
        match &self.encoder {
            Encoder::Plain(writer) => Some(writer.get_ref()),
            Encoder::Bgzip(writer) => writer.target(),
        }
    }

    fn failed(&self, source: io::Error) -> OutputError {
        failed(&self.name, source)
    }
}

/// A whole output that may still be without its name.
pub(super) struct Finished {
    target: Target,
    name: String,
}

impl Finished {
    /// What a run that was about to give names has left at a destination; none if it has its name already.
    pub(super) fn left(destination: &Destination, length: u64) -> Result<Option<Self>, OutputError> {
        let Destination::File(path) = destination else { return Ok(None) };
        let name = destination.name();
        let path = followed(path).map_err(|source| failed(&name, source))?;
        let partial = partial_path(&path).ok_or_else(|| OutputError::Directory(name.clone()))?;
        let is_partial = partial.exists();
        let there = if is_partial { &partial } else { &path };
        let found = std::fs::metadata(there).map_or(0, |metadata| metadata.len());
        if found != length {
            let partial = there.display().to_string();
            return Err(OutputError::Shorter { partial, expected: length, found });
        }
        if !is_partial {
            return Ok(None);
        }
        let file = open_locked(&partial, &name)?;
        Ok(Some(Self { target: Target::Partial(Partial { file, partial, path, keep: true }), name }))
    }

    /// Gives it its name. From then on it is not removed.
    pub(super) fn publish(self) -> Result<(), OutputError> {
        self.target.publish().map_err(|source| failed(&self.name, source))
    }
}

fn failed(name: &str, source: io::Error) -> OutputError {
    match source.kind() {
        io::ErrorKind::BrokenPipe => OutputError::Closed,
        _ => OutputError::Write { name: name.to_owned(), source },
    }
}

fn open_target(path: &Path, keep: bool) -> Result<Target, OutputError> {
    let name = || path.display().to_string();
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Err(OutputError::Directory(name())),
        Ok(metadata) if !metadata.is_file() => {
            let file = File::options().write(true).open(path);
            return file.map(Target::Direct).map_err(|source| failed(&name(), source));
        }
        _ => {}
    }
    let path = followed(path).map_err(|source| failed(&name(), source))?;
    let partial = partial_path(&path).ok_or_else(|| OutputError::Directory(name()))?;
    let file = open_locked(&partial, &name())?;
    Ok(Target::Partial(Partial { file, partial, path, keep }))
}

/// Through a link to the file that it names, so that the link stays one.
fn followed(path: &Path) -> io::Result<PathBuf> {
    if path.exists() { std::fs::canonicalize(path) } else { Ok(path.to_owned()) }
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
    /// Makes it durable and gives its length.
    fn sync(&mut self) -> io::Result<u64> {
        match self {
            Self::Partial(partial) => {
                partial.file.sync_all()?;
                return Ok(partial.file.metadata()?.len());
            }
            Self::Direct(file) => file.flush()?,
            Self::Stdout(stdout) => stdout.flush()?,
        }
        Ok(0)
    }

    fn publish(self) -> io::Result<()> {
        if let Self::Partial(mut partial) = self {
            std::fs::rename(&partial.partial, &partial.path)?;
            partial.keep = true;
            File::open(folder_of(&partial.path))?.sync_all()?;
        }
        Ok(())
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

    fn opened(place: &Destination, compressed: bool, length: u64, keep: bool) -> Result<Sink, OutputError> {
        let mut sink = Sink::open(place, compressed, keep)?;
        sink.go_on_from(length)?;
        Ok(sink)
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
            let mut sink = opened(&whole, compressed, 0, false).unwrap();
            sink.write_all(b"one\n").unwrap();
            sink.checkpoint().unwrap();
            sink.write_all(b"two\n").unwrap();
            sink.commit().unwrap();

            let halves = destination(folder.path(), name);
            let mut sink = opened(&halves, compressed, 0, true).unwrap();
            sink.write_all(b"one\n").unwrap();
            let length = sink.checkpoint().unwrap();
            sink.write_all(b"lost").unwrap();
            drop(sink);
            let mut sink = opened(&halves, compressed, length, false).unwrap();
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
        let mut sink = opened(&place, false, 0, false).unwrap();
        sink.write_all(b"half").unwrap();
        assert!(matches!(opened(&place, false, 0, false), Err(OutputError::Busy { .. })));
        drop(sink);
        assert!(names(folder.path()).is_empty());
        let refused = opened(&place, false, 5, false).err().unwrap();
        assert!(matches!(refused, OutputError::Shorter { expected: 5, found: 0, .. }), "{refused}");
    }

    #[test]
    fn what_is_whole_is_found_under_either_name() {
        let folder = tempfile::tempdir().unwrap();
        let place = destination(folder.path(), "out.vcf");
        let mut sink = opened(&place, false, 0, true).unwrap();
        sink.write_all(b"whole").unwrap();
        let (finished, length) = sink.finish().unwrap();
        drop(finished);
        assert_eq!((names(folder.path()), length), (vec![".out.vcf.partial".to_owned()], 5));
        assert!(matches!(Finished::left(&place, 4), Err(OutputError::Shorter { .. })));
        Finished::left(&place, length).unwrap().unwrap().publish().unwrap();
        assert_eq!(names(folder.path()), ["out.vcf"]);
        assert!(Finished::left(&place, length).unwrap().is_none());
        assert!(Finished::left(&place, 9).is_err());
    }
}
