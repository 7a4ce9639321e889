//! bigWig, the indexed binary form.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use bigtools::beddata::BedParserStreamingIterator;
use bigtools::{BigWigWrite, Value};
use polaris_genomics::Reference;

use super::checked::Checked;
use super::{TrackError, TrackValue};
use crate::output_file::SeekableFile;

/// First and last word of a bigWig.
const MAGIC: u32 = 0x888F_FC26;

/// Writes the file.
pub(super) fn write<I: Iterator<Item = Result<TrackValue, TrackError>>>(
    path: &Path,
    reference: &Reference,
    values: &mut Checked<'_, I>,
) -> Result<(), TrackError> {
    let Some(first) = values.next() else { return Ok(()) };
    let failed = |reason: String| TrackError::Write { name: path.display().to_string(), reason };
    let output = SeekableFile::create(path)?;
    let file = output.reopen().map_err(|error| failed(error.to_string()))?;
    let lengths = lengths(reference)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .map_err(|error| failed(format!("cannot start the encoder: {error}")))?;
    let rest = std::iter::once(first).chain(values.by_ref());
    let entries = rest.map(|TrackValue { contig, start0, end0, value }| {
        let (start, end) = (narrow(start0), narrow(end0));
        (contig.to_string(), Value { start, end, value })
    });
    let source = BedParserStreamingIterator::wrap_infallible_iter(entries, false);
    let written = BigWigWrite::new(file, lengths).write(source, runtime);
    if let Some(failure) = values.take_failure() {
        return Err(failure);
    }
    written.map_err(|error| failed(error.to_string()))?;
    check_end(output.reopen()).map_err(|error| failed(error.to_string()))?;
    Ok(output.commit()?)
}

fn lengths(reference: &Reference) -> Result<HashMap<String, u32>, TrackError> {
    let length = |contig: &polaris_genomics::Contig| match u32::try_from(contig.length) {
        Ok(length) => Ok((contig.name.clone(), length)),
        Err(_) => Err(TrackError::ContigTooLong { contig: contig.name.clone(), length: contig.length }),
    };
    reference.contigs().iter().map(length).collect()
}

/// Positions lie on contigs whose lengths fit.
fn narrow(position0: u64) -> u32 {
    u32::try_from(position0).unwrap_or(u32::MAX)
}

/// The encoder drops its last buffer without a word when the disk is full: the last word of the file must be there.
fn check_end(file: io::Result<File>) -> io::Result<()> {
    let mut file = file?;
    let mut last = [0; 4];
    file.seek(SeekFrom::End(-4))?;
    file.read_exact(&mut last)?;
    match u32::from_ne_bytes(last) == MAGIC {
        true => Ok(()),
        false => {
            Err(io::Error::new(io::ErrorKind::WriteZero, "the end of the file is missing: is the disk full?"))
        }
    }
}
