//! The FASTA file, its indexes and readers on it.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use noodles_bgzf::{self as bgzf, gzi};
use noodles_fasta::{self as fasta, fai};

use super::ReferenceError;
use crate::{contig::Contig, decompression::Compression, sequence::normalize_base};

pub(super) trait SeekableRead: BufRead + Seek + Send {}

impl<R: BufRead + Seek + Send> SeekableRead for R {}

/// A file handle of its own, for one thread at a time.
pub(super) type SourceReader = fasta::io::Reader<Box<dyn SeekableRead>>;

/// What is shared between the readers of a FASTA.
pub(super) struct Source {
    path: PathBuf,
    records: Vec<fai::Record>,
    blocks: Option<gzi::Index>,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, ReferenceError> {
        let (_, found) = File::open(path)
            .and_then(|mut file| Compression::of(&mut file))
            .map_err(|cause| read_error(path, cause))?;
        if found == Compression::Gzip {
            return Err(ReferenceError::PlainGzip { path: path.to_owned() });
        }
        let index_path = with_suffix(path, ".fai");
        let index = fai::fs::read(&index_path).map_err(|cause| index_error(path, &index_path, cause))?;
        let records = Vec::from(index);
        if records.is_empty() {
            return Err(ReferenceError::NoContigs { path: index_path, fasta: path.to_owned() });
        }
        let blocks = match found {
            Compression::Bgzip => {
                let blocks_path = with_suffix(path, ".gzi");
                let blocks = gzi::fs::read(&blocks_path);
                Some(blocks.map_err(|cause| index_error(path, &blocks_path, cause))?)
            }
            _ => None,
        };
        Ok(Self { path: path.to_owned(), records, blocks })
    }

    /// The contigs of the index, after a look at whether they end in the file where the index says.
    pub(super) fn contigs(&self) -> Result<Vec<Contig>, ReferenceError> {
        let mut reader = self.reader()?;
        let mut contigs = Vec::with_capacity(self.records.len());
        for (index, record) in self.records.iter().enumerate() {
            let name = match std::str::from_utf8(record.name()) {
                Ok(name) => name.to_owned(),
                Err(error) => {
                    let cause = io::Error::new(io::ErrorKind::InvalidData, error);
                    return Err(index_error(&self.path, &with_suffix(&self.path, ".fai"), cause));
                }
            };
            contigs.push(Contig { name, length: record.length() });
            self.check_end(&mut reader, index)?;
        }
        Ok(contigs)
    }

    /// An index of another file, or of an earlier state of this one, shows at some contig's end.
    fn check_end(&self, reader: &mut SourceReader, contig: usize) -> Result<(), ReferenceError> {
        let Some(record) = self.records.get(contig).filter(|record| record.length() > 0) else {
            return Ok(());
        };
        self.read(reader, contig, record.length() - 1, 1)?;
        let mut following = [0];
        let read = reader.sequence_reader().read(&mut following);
        match read.map_err(|cause| read_error(&self.path, cause))? {
            0 => Ok(()),
            _ => Err(ReferenceError::StaleIndex {
                path: self.path.clone(),
                contig: String::from_utf8_lossy(record.name()).into_owned(),
                length: record.length(),
            }),
        }
    }

    /// Opens the file once more.
    pub(super) fn reader(&self) -> Result<SourceReader, ReferenceError> {
        let file = File::open(&self.path).map_err(|cause| read_error(&self.path, cause))?;
        let inner: Box<dyn SeekableRead> = match &self.blocks {
            Some(blocks) => Box::new(bgzf::io::IndexedReader::new(file, blocks.clone())),
            None => Box::new(BufReader::with_capacity(32 * 1024, file)),
        };
        Ok(SourceReader::new(inner))
    }

    /// Normalised bases of `[start0, start0 + bases)`, cut at the contig's end.
    pub(super) fn read(
        &self,
        reader: &mut SourceReader,
        contig: usize,
        start0: u64,
        bases: u64,
    ) -> Result<Vec<u8>, ReferenceError> {
        let Some(record) = self.records.get(contig) else { return Ok(Vec::new()) };
        let bases = bases.min(record.length().saturating_sub(start0));
        let name = || String::from_utf8_lossy(record.name()).into_owned();
        let failed = |cause: io::Error| match cause.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput => self.truncated(&name(), start0),
            _ => read_error(&self.path, cause),
        };
        let offset = file_offset(record, start0)
            .filter(|&offset| self.blocks.as_ref().is_none_or(|blocks| blocks.query(offset).is_ok()))
            .ok_or_else(|| self.truncated(&name(), start0))?;
        reader.get_mut().seek(SeekFrom::Start(offset)).map_err(failed)?;
        let mut sequence = Vec::with_capacity(usize::try_from(bases).unwrap_or(0));
        let read = reader.sequence_reader().take(bases).read_to_end(&mut sequence).map_err(failed)?;
        if u64::try_from(read).unwrap_or(u64::MAX) < bases {
            return Err(self.truncated(&name(), start0));
        }
        for base in &mut sequence {
            *base = normalize_base(*base);
        }
        Ok(sequence)
    }

    pub(super) fn truncated(&self, contig: &str, start0: u64) -> ReferenceError {
        ReferenceError::Truncated {
            path: self.path.clone(),
            contig: contig.to_owned(),
            position1: start0.saturating_add(1),
        }
    }
}

/// Where a base stands in the file; `None` if that is no place in any file, as a damaged index can have it.
fn file_offset(record: &fai::Record, start0: u64) -> Option<u64> {
    let (lines, column) = (start0 / record.line_base_count(), start0 % record.line_base_count());
    lines.checked_mul(record.line_width().get())?.checked_add(column)?.checked_add(record.position())
}

fn read_error(path: &Path, cause: io::Error) -> ReferenceError {
    ReferenceError::Read { path: path.to_owned(), cause }
}

fn index_error(fasta: &Path, path: &Path, cause: io::Error) -> ReferenceError {
    ReferenceError::Index { path: path.to_owned(), fasta: fasta.to_owned(), cause }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}
