//! Files that appear whole or not at all: written under a partial name beside the final one, where no other run writes,
//! synced, then renamed. One that is to be gone on with stays under its partial name, whole up to each checkpoint.

mod destination;
mod error;
mod seekable;
mod target;

use std::io::{self, BufWriter, Seek, SeekFrom, Write};

pub(crate) use self::destination::Destination;
pub(crate) use self::error::OutputError;
pub(crate) use self::seekable::SeekableFile;
pub(crate) use self::target::beside;
use self::target::{Partial, Target};
use crate::bgzip::BgzipWriter;

const BUFFER_BYTES: usize = 256 << 10;

/// An output being written. Dropped without `commit`, it leaves nothing, unless it is to be kept.
pub(crate) struct OutputFile {
    encoder: Encoder,
    name: String,
}

enum Encoder {
    Plain(BufWriter<Target>),
    Bgzip(BgzipWriter<Target>),
}

impl OutputFile {
    /// Opens the destination, compressed if its name asks for it, and begins it anew.
    pub(crate) fn create(destination: &Destination) -> Result<Self, OutputError> {
        let mut output = Self::open(destination, destination.is_compressed(), false)?;
        output.go_on_from(0)?;
        Ok(output)
    }

    /// Opens the destination, where no other run may be writing. What an earlier run has left under its partial name is
    /// there until `go_on_from`. What is written stays if the run ends early and it is to be kept.
    pub(crate) fn open(destination: &Destination, compressed: bool, keep: bool) -> Result<Self, OutputError> {
        let name = destination.name();
        let target = match destination {
            Destination::Stdout => Target::Stdout(io::stdout()),
            Destination::File(path) => Target::open(path, keep)?,
        };
        let encoder = match compressed {
            true => Encoder::Bgzip(BgzipWriter::new(target)),
            false => Encoder::Plain(BufWriter::with_capacity(BUFFER_BYTES, target)),
        };
        Ok(Self { encoder, name })
    }

    /// Whether it can be gone on with: it is a file.
    pub(crate) fn is_resumable(&self) -> bool {
        matches!(self.target(), Some(Target::Partial(_)))
    }

    /// Keeps `length` bytes of what an earlier run has left and throws the rest away; writing goes on behind them.
    pub(crate) fn go_on_from(&mut self, length: u64) -> Result<(), OutputError> {
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
    pub(crate) fn write_all(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        Write::write_all(self, bytes).map_err(|source| self.failed(source))
    }

    /// Ends a bgzip block here, and does nothing to plain text.
    pub(crate) fn end_block(&mut self) -> Result<(), OutputError> {
        let ended = match &mut self.encoder {
            Encoder::Plain(_) => Ok(()),
            Encoder::Bgzip(writer) => writer.flush(),
        };
        ended.map_err(|source| self.failed(source))
    }

    /// Makes everything so far durable, a bgzip block ending here. Gives the length of the file.
    pub(crate) fn checkpoint(&mut self) -> Result<u64, OutputError> {
        let length = self.flush().and_then(|()| match self.target() {
            Some(Target::Partial(partial)) => {
                partial.file.sync_data()?;
                (&partial.file).stream_position()
            }
            _ => Ok(0),
        });
        length.map_err(|source| self.failed(source))
    }

    /// Ends the output and makes it durable, still without its name. Gives its length too; 0 if it is no file.
    pub(crate) fn finish(self) -> Result<(Finished, u64), OutputError> {
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
            Err(source) => Err(OutputError::of(&name, source)),
        }
    }

    /// Ends the output, makes it durable and gives it its name.
    pub(crate) fn commit(self) -> Result<(), OutputError> {
        self.finish()?.0.publish()
    }

    fn target(&self) -> Option<&Target> {
        match &self.encoder {
            Encoder::Plain(writer) => Some(writer.get_ref()),
            Encoder::Bgzip(writer) => writer.target(),
        }
    }

    fn failed(&self, source: io::Error) -> OutputError {
        OutputError::of(&self.name, source)
    }
}

/// For those who write to any writer.
impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.encoder {
            Encoder::Plain(writer) => writer.write(bytes),
            Encoder::Bgzip(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.encoder {
            Encoder::Plain(writer) => writer.flush(),
            Encoder::Bgzip(writer) => writer.flush(),
        }
    }
}

/// A whole output that may still be without its name.
pub(crate) struct Finished {
    target: Target,
    name: String,
}

impl Finished {
    /// What a run that was about to give names has left at a destination; none if it has its name already.
    pub(crate) fn left(destination: &Destination, length: u64) -> Result<Option<Self>, OutputError> {
        let Destination::File(path) = destination else { return Ok(None) };
        let left = Partial::left(path, length)?;
        Ok(left.map(|partial| Self { target: Target::Partial(partial), name: destination.name() }))
    }

    /// Gives it its name. From then on it is not removed.
    pub(crate) fn publish(self) -> Result<(), OutputError> {
        self.target.publish().map_err(|source| OutputError::of(&self.name, source))
    }
}

#[cfg(test)]
mod tests;
