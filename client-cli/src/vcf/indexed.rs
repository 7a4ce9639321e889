//! Reads the parts of a bgzip VCF or BCF in which its index has records of some regions.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use noodles_bgzf::VirtualPosition;
use noodles_bgzf::io::Reader as BgzipReader;
use noodles_core::Position;
use noodles_core::region::Interval;
use noodles_csi::BinningIndex;
use noodles_csi::binning_index::index::reference_sequence::bin::Chunk;
use noodles_csi::binning_index::merge_chunks;

use super::bcf::{Dictionary, MAGIC};
use super::input_error::InputError;
use super::input_file::{self, Bytes};
use super::intervals::Intervals;

/// Opens the header and, of the records, those near `regions`, in the order of the file. Records beside the regions are
/// among them.
pub(crate) fn open_indexed(path: &Path, regions: &Intervals) -> Result<(Bytes, String), InputError> {
    let name = path.display().to_string();
    let failed = |source| InputError::Read { name: name.clone(), line: 1, source };
    let (index_path, index) = open_index(path, &name)?;
    let (mut reader, parts) = open_header(path, &name)?;
    let index_name = index_path.display().to_string();
    let damaged = |source| InputError::Index { name: index_name.clone(), source };
    let contigs: Vec<Vec<u8>> = match index.header() {
        Some(header) => header.reference_sequence_names().iter().map(|name| name.to_vec()).collect(),
        None => parts.dictionary.contigs.names().map(<[u8]>::to_vec).collect(),
    };
    let mut chunks = Vec::new();
    let most = most_position(index.min_shift(), index.depth());
    // The index may end before the header's last contigs.
    for (number, contig) in contigs.iter().enumerate().take(index.reference_sequences().count()) {
        for &(start1, end1) in regions.on(contig) {
            let Some(interval) = interval(start1, end1, most) else { continue };
            chunks.extend(index.query(number, interval).map_err(damaged)?);
        }
    }
    let mut chunks = merge_chunks(&chunks);
    chunks.insert(0, Chunk::new(VirtualPosition::default(), parts.end));
    reader.seek(VirtualPosition::default()).map_err(failed)?;
    let parts = Parts { reader, chunks: chunks.into_iter(), end: VirtualPosition::default() };
    Ok((input_file::text(Box::new(parts)).map_err(failed)?, name))
}

/// The last position that an index has a bin for.
fn most_position(min_shift: u8, depth: u8) -> u64 {
    1_u64.checked_shl(u32::from(min_shift) + 3 * u32::from(depth)).unwrap_or(u64::MAX)
}

/// What is to be looked up; nothing beyond the last position.
fn interval(start1: u64, end1: u64, most: u64) -> Option<Interval> {
    let position = |at1: u64| Position::new(usize::try_from(at1.max(1)).ok()?);
    (start1 <= most).then_some(())?;
    Some(Interval::from(position(start1)?..=position(end1.min(most))?))
}

/// Where the header ends, and what it declares if the file is BCF.
struct HeaderParts {
    end: VirtualPosition,
    dictionary: Dictionary,
}

fn open_header(path: &Path, name: &str) -> Result<(BgzipReader<File>, HeaderParts), InputError> {
    let open = |source| InputError::Open { name: name.to_owned(), source };
    let not_bgzip = |source| InputError::NotBgzip { name: name.to_owned(), source };
    let mut reader = BgzipReader::new(File::open(path).map_err(open)?);
    let bcf = reader.fill_buf().map_err(not_bgzip)?.starts_with(MAGIC);
    let parts = if bcf { bcf_header(&mut reader) } else { vcf_header(&mut reader) };
    Ok((reader, parts.map_err(not_bgzip)?))
}

fn bcf_header(reader: &mut BgzipReader<File>) -> io::Result<HeaderParts> {
    let mut head = [0; 9];
    reader.read_exact(&mut head)?;
    let [.., a, b, c, d] = head;
    let mut header = Vec::new();
    reader.by_ref().take(u64::from(u32::from_le_bytes([a, b, c, d]))).read_to_end(&mut header)?;
    let dictionary = Dictionary::of_header(header.split(|&byte| byte == b'\n'));
    Ok(HeaderParts { end: reader.virtual_position(), dictionary })
}

fn vcf_header(reader: &mut BgzipReader<File>) -> io::Result<HeaderParts> {
    let mut line = Vec::new();
    loop {
        let end = reader.virtual_position();
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 || !line.starts_with(b"#") {
            return Ok(HeaderParts { end, dictionary: Dictionary::default() });
        }
    }
}

fn open_index(path: &Path, name: &str) -> Result<(PathBuf, Box<dyn BinningIndex>), InputError> {
    let beside = |suffix: &str| {
        let mut path = path.as_os_str().to_owned();
        path.push(suffix);
        PathBuf::from(path)
    };
    let damaged = |path: &Path, source| InputError::Index { name: path.display().to_string(), source };
    let (csi, tbi) = (beside(".csi"), beside(".tbi"));
    if csi.is_file() {
        let index = noodles_csi::fs::read(&csi).map_err(|source| damaged(&csi, source))?;
        return Ok((csi, Box::new(index)));
    }
    if tbi.is_file() {
        let index = noodles_tabix::fs::read(&tbi).map_err(|source| damaged(&tbi, source))?;
        return Ok((tbi, Box::new(index)));
    }
    Err(InputError::NoIndex { name: name.to_owned() })
}

/// Parts of a bgzip file, one after the other.
struct Parts {
    reader: BgzipReader<File>,
    chunks: std::vec::IntoIter<Chunk>,
    /// Of the part that is being read.
    end: VirtualPosition,
}

impl Parts {
    /// Bytes of the current part that lie ready; 0 at the very end.
    fn ready(&mut self) -> io::Result<usize> {
        loop {
            let ready = self.reader.fill_buf()?.len();
            let at = self.reader.virtual_position();
            if ready > 0 && at < self.end {
                let same_block = at.compressed() == self.end.compressed();
                let left = usize::from(self.end.uncompressed().saturating_sub(at.uncompressed()));
                return Ok(if same_block { ready.min(left) } else { ready });
            }
            let Some(chunk) = self.chunks.next() else { return Ok(0) };
            self.reader.seek(chunk.start())?;
            self.end = chunk.end();
        }
    }
}

impl Read for Parts {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Parts {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let ready = self.ready()?;
        if ready == 0 {
            return Ok(&[]);
        }
        Ok(self.reader.fill_buf()?.get(..ready).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.reader.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_end_where_the_index_does() {
        // 14 bits and one level: 128 kb.
        let most = most_position(14, 1);
        assert_eq!(most, 1 << 17);
        let ends = |start1, end1| {
            let interval = interval(start1, end1, most)?;
            Some((usize::from(interval.start()?), usize::from(interval.end()?)))
        };
        assert_eq!(ends(5, u64::MAX), Some((5, 1 << 17)));
        assert_eq!(ends(5, (1 << 17) + 1), Some((5, 1 << 17)));
        assert_eq!(ends(5, 9), Some((5, 9)));
        assert_eq!(ends((1 << 17) + 1, u64::MAX), None);
    }
}
