//! Words for whoever started the program and may have gone since: neither a closed pipe nor a closed terminal ends
//! hours of training.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a result to standard output. A reader that goes away early is no failure.
///
/// # Errors
/// Any other failure to write, such as a full disk.
pub(crate) fn print(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes a line to standard error, if anybody still listens.
pub(crate) fn say(text: impl Display) {
    // There is no other place to tell that this one is gone.
    let _ = writeln!(io::stderr(), "{text}");
}
