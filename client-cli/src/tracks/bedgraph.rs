//! bedGraph: contig, first base from 0, base after the last, value.

use std::path::Path;

use super::checked::Checked;
use super::{TrackError, TrackValue};
use crate::output_file::{Destination, OutputFile};

/// Writes the file; compressed if its name ends in `.gz`.
pub(super) fn write<I: Iterator<Item = Result<TrackValue, TrackError>>>(
    path: &Path,
    values: &mut Checked<'_, I>,
) -> Result<(), TrackError> {
    let Some(first) = values.next() else { return Ok(()) };
    let mut output = OutputFile::create(&Destination::File(path.to_owned()))?;
    for TrackValue { contig, start0, end0, value } in std::iter::once(first).chain(values.by_ref()) {
        output.write_all(format!("{contig}\t{start0}\t{end0}\t{value}\n").as_bytes())?;
    }
    match values.take_failure() {
        Some(failure) => Err(failure),
        None => Ok(output.commit()?),
    }
}
