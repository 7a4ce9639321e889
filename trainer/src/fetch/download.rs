//! One file, from the first attempt to its place.

use std::path::Path;

use super::attempt::Source;
use super::checksum::Found;
use super::client::Trouble;
use super::error::FetchError;
use super::partial::Partial;
use super::progress::FileProgress;
use super::retry::{Patience, too_long};
use super::stop::Stop;

/// An attempt that brings so much is worth another, however many there were before.
const WORTHWHILE_BYTES: u64 = 1 << 20;

/// Fetches a file, verifies it and puts it in its place.
///
/// # Errors
/// Any that lasts, or trouble that lasted too long: then what has arrived is kept for the next run. A file that is
/// not what it should be is removed.
pub(super) fn download(
    source: &Source<'_>,
    target: &Path,
    patience: &Patience,
    stop: &Stop,
    progress: &FileProgress<'_>,
) -> Result<Found, FetchError> {
    let mut partial = Partial::open(target).map_err(|cause| FetchError::file(target, cause))?;
    let mut was_whole = false;
    loop {
        match complete(source, &mut partial, patience, stop, progress) {
            Ok(()) => {}
            Err(error @ FetchError::WrongSize { .. }) => return Err(discarded(partial, target, error)),
            Err(error) => {
                // An empty file beside its place helps nobody.
                return Err(if partial.length() == 0 { discarded(partial, target, error) } else { error });
            }
        }
        let found = Found::read(partial.path()).map_err(|cause| FetchError::file(partial.path(), cause))?;
        match source.expected.verify(&found) {
            Ok(()) => {
                partial.finish().map_err(|cause| FetchError::file(target, cause))?;
                return Ok(found);
            }
            // Its pieces may be of two versions, or the machine stopped while one was written.
            Err(error) if partial.is_pieced() && !was_whole => {
                progress.say(format_args!("{error}; it came in pieces and is fetched anew"));
                was_whole = true;
                partial.restart(None).map_err(|cause| FetchError::file(partial.path(), cause))?;
            }
            Err(error) => return Err(discarded(partial, target, error)),
        }
    }
}

/// The error to report once the partial file is gone.
fn discarded(partial: Partial, target: &Path, error: FetchError) -> FetchError {
    match partial.discard() {
        Ok(()) => error,
        Err(cause) => FetchError::file(target, cause),
    }
}

/// Attempts until all bytes are there.
fn complete(
    source: &Source<'_>,
    partial: &mut Partial,
    patience: &Patience,
    stop: &Stop,
    progress: &FileProgress<'_>,
) -> Result<(), FetchError> {
    let (mut attempts, mut retry, mut farthest) = (0, 0, partial.length());
    loop {
        attempts += 1;
        let (what, asked) = match source.attempt(partial, progress) {
            Ok(()) => return Ok(()),
            Err(Trouble::Lasting(error)) => return Err(error),
            Err(Trouble::Passing { what, asked }) => (what, asked),
        };
        if partial.length() >= farthest.saturating_add(WORTHWHILE_BYTES) {
            (retry, farthest) = (0, partial.length());
        }
        retry += 1;
        if retry > patience.retries {
            return Err(FetchError::Exhausted { attempts, last: what });
        }
        if let Some(seconds) = too_long(asked) {
            return Err(FetchError::AskedToWait { seconds });
        }
        let wait = patience.wait(retry, asked);
        progress.say(format_args!("{what}; trying again in {:.1} s", wait.as_secs_f64()));
        if stop.wait(wait) {
            return Err(FetchError::GivenUp);
        }
    }
}
