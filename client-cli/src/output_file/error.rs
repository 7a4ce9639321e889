//! Why output could not be written.

use std::io;

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

impl OutputError {
    /// What the system says about an output.
    pub(crate) fn of(name: &str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Write { name: name.to_owned(), source },
        }
    }
}
