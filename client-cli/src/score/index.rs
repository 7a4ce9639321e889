//! The index of a scored file, made from the finished file: tabix or CSI.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use noodles_bgzf::VirtualPosition;
use noodles_bgzf::io::Reader;
use noodles_core::Position;
use noodles_csi::binning_index::Index;
use noodles_csi::binning_index::index::Header;
use noodles_csi::binning_index::index::ReferenceSequence;
use noodles_csi::binning_index::index::header::ReferenceSequenceNames;
use noodles_csi::binning_index::index::reference_sequence::bin::Chunk;
use noodles_csi::binning_index::index::reference_sequence::index::{BinnedIndex, LinearIndex};
use noodles_csi::binning_index::indexer::{AddRecordError, Indexer};

use super::form::IndexKind;
use crate::vcf::{Dictionary, Names};

/// Why there is no index. The scored file is whole all the same.
#[derive(Debug, thiserror::Error)]
pub(super) enum IndexError {
    /// Records that are not sorted.
    #[error(
        "{name} is written, but cannot be indexed: {contig}:{position1} comes after later positions, or its contig came \
         before: sort with `bcftools sort`"
    )]
    Unsorted {
        /// The scored file.
        name: String,
        /// Where.
        contig: String,
        /// Where.
        position1: u64,
    },
    /// A contig that is too long for tabix.
    #[error(
        "{name} is written, but position {position1} is beyond what a tbi can index: ask for --write-index csi"
    )]
    TooFar {
        /// The scored file.
        name: String,
        /// Where.
        position1: u64,
    },
    /// From the system.
    #[error("{name} is written, but its index is not: {source}")]
    Io {
        /// The scored file.
        name: String,
        /// From the system.
        source: io::Error,
    },
}

/// Binning of both kinds: 16 kb in the smallest bins.
const MIN_SHIFT: u8 = 14;
/// Depth of a tabix index, and of a CSI unless a contig is longer than that.
const DEPTH: u8 = 5;
/// Depth at which positions of 64 bits are near.
const MOST_DEPTH: u8 = 15;

/// Writes the index beside a finished file and gives it its name at the end.
pub(super) fn write(path: &Path, bcf: bool, kind: IndexKind) -> Result<(), IndexError> {
    let name = path.display().to_string();
    let failed = |source| IndexError::Io { name: name.clone(), source };
    let target = kind.path(path);
    let mut partial = target.clone().into_os_string();
    partial.push(".partial");
    let written = match kind {
        IndexKind::Tbi => {
            let indexed = indexed(path, bcf, Indexer::<LinearIndex>::new(MIN_SHIFT, DEPTH), &name)?;
            let Indexed::Whole(indexer, names, _) = indexed else {
                return Err(IndexError::TooFar { name, position1: 1 << 29 });
            };
            let count = names.len();
            noodles_tabix::fs::write(&partial, &indexer.set_header(header(names)).build(count))
        }
        IndexKind::Csi => {
            let mut depth = DEPTH;
            loop {
                match indexed(path, bcf, Indexer::<BinnedIndex>::new(MIN_SHIFT, depth), &name)? {
                    Indexed::TooFar if depth < MOST_DEPTH => depth += 1,
                    Indexed::TooFar => return Err(IndexError::TooFar { name, position1: u64::MAX }),
                    Indexed::Whole(indexer, names, contigs) => {
                        let count = names.len();
                        let index = match bcf {
                            true => in_order_of_header(&indexer.build(count), &names, &contigs, depth),
                            false => indexer.set_header(header(names)).build(count),
                        };
                        break noodles_csi::fs::write(&partial, &index);
                    }
                }
            }
        }
    };
    written.and_then(|()| std::fs::rename(&partial, &target)).map_err(failed)
}

fn header(names: ReferenceSequenceNames) -> Header {
    let mut header = noodles_csi::binning_index::index::header::Builder::vcf().build();
    *header.reference_sequence_names_mut() = names;
    header
}

/// An index with contigs in the order in which they appear, as that of a BCF, which has them in the order of the header.
fn in_order_of_header(
    appearing: &Index<BinnedIndex>,
    names: &ReferenceSequenceNames,
    contigs: &Names,
    depth: u8,
) -> Index<BinnedIndex> {
    let nothing = || ReferenceSequence::new(Default::default(), BinnedIndex::default(), None);
    let mut sequences: Vec<_> = contigs.names().map(|_| nothing()).collect();
    for (name, sequence) in names.iter().zip(appearing.reference_sequences()) {
        if let Some(place) = contigs.number(name).and_then(|number| sequences.get_mut(number)) {
            *place = sequence.clone();
        }
    }
    Index::builder()
        .set_min_shift(MIN_SHIFT)
        .set_depth(depth)
        .set_reference_sequences(sequences)
        .set_unplaced_unmapped_record_count(0)
        .build()
}

enum Indexed<I> {
    /// Contigs have numbers in the order in which they appear, and these names. The header of a BCF has others.
    Whole(Box<Indexer<I>>, ReferenceSequenceNames, Names),
    TooFar,
}

/// A record's place on the genome.
struct Span {
    contig: Vec<u8>,
    start1: u64,
    end1: u64,
}

fn indexed<I>(
    path: &Path,
    bcf: bool,
    indexer: Option<Indexer<I>>,
    name: &str,
) -> Result<Indexed<I>, IndexError>
where
    I: noodles_csi::binning_index::index::reference_sequence::Index + Default,
{
    let failed = |source| IndexError::Io { name: name.to_owned(), source };
    let Some(mut indexer) = indexer else { return Ok(Indexed::TooFar) };
    let file = File::open(path).map_err(failed)?;
    let mut records = Records::open(BufReader::new(file), bcf).map_err(failed)?;
    let mut names = ReferenceSequenceNames::default();
    while let Some((start, span)) = records.next_span().map_err(failed)? {
        let (number, _) = names.insert_full(span.contig.clone().into());
        let position = |at1: u64| {
            Position::new(usize::try_from(at1.max(1)).unwrap_or(usize::MAX)).unwrap_or(Position::MAX)
        };
        let place = (number, position(span.start1), position(span.end1.max(span.start1)), true);
        match indexer.add_record(Some(place), Chunk::new(start, records.reader.virtual_position())) {
            Ok(()) => {}
            Err(AddRecordError::EndExceedsMaxPosition { .. }) => return Ok(Indexed::TooFar),
            Err(_) => {
                return Err(IndexError::Unsorted {
                    name: name.to_owned(),
                    contig: String::from_utf8_lossy(&span.contig).into_owned(),
                    position1: span.start1,
                });
            }
        }
    }
    Ok(Indexed::Whole(Box::new(indexer), names, records.dictionary.contigs))
}

/// The records of a bgzip file.
struct Records<R> {
    reader: Reader<R>,
    dictionary: Dictionary,
    bcf: bool,
    line: Vec<u8>,
}

impl<R: Read> Records<R> {
    fn open(file: R, bcf: bool) -> io::Result<Self> {
        let mut records =
            Self { reader: Reader::new(file), dictionary: Dictionary::default(), bcf, line: Vec::new() };
        if bcf {
            let mut head = [0; 9];
            records.reader.read_exact(&mut head)?;
            let [.., a, b, c, d] = head;
            let mut header = Vec::new();
            records
                .reader
                .by_ref()
                .take(u64::from(u32::from_le_bytes([a, b, c, d])))
                .read_to_end(&mut header)?;
            records.dictionary = Dictionary::of_header(header.split(|&byte| byte == b'\n'));
        }
        Ok(records)
    }

    /// Where the next record begins in the file, and its place; none at the end. Header lines are passed over.
    fn next_span(&mut self) -> io::Result<Option<(VirtualPosition, Span)>> {
        if self.bcf {
            let start = self.reader.virtual_position();
            return Ok(self.next_bcf()?.map(|span| (start, span)));
        }
        loop {
            let start = self.reader.virtual_position();
            self.line.clear();
            if self.reader.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            if let Some(span) = span_of_line(&self.line) {
                return Ok(Some((start, span)));
            }
        }
    }

    fn next_bcf(&mut self) -> io::Result<Option<Span>> {
        let mut head = Vec::new();
        self.reader.by_ref().take(20).read_to_end(&mut head)?;
        let (fields, _) = head.as_chunks::<4>();
        let [shared, individual, contig, position0, length] = fields else { return Ok(None) };
        let [shared, individual] = [shared, individual].map(|field| u64::from(u32::from_le_bytes(*field)));
        let [contig, position0, length] =
            [contig, position0, length].map(|field| i64::from(i32::from_le_bytes(*field)));
        let rest = (shared + individual).saturating_sub(12);
        io::copy(&mut self.reader.by_ref().take(rest), &mut io::sink())?;
        let number = usize::try_from(contig).unwrap_or(usize::MAX);
        let contig = self.dictionary.contigs.name(number).unwrap_or_default().to_vec();
        let start1 = u64::try_from(position0 + 1).unwrap_or(0);
        let end1 = u64::try_from(position0 + length).unwrap_or(start1);
        Ok(Some(Span { contig, start1, end1 }))
    }
}

fn span_of_line(line: &[u8]) -> Option<Span> {
    if line.starts_with(b"#") {
        return None;
    }
    let mut columns = line.split(|&byte| byte == b'\t');
    let contig = columns.next()?.to_vec();
    let start1: u64 = std::str::from_utf8(columns.next()?).ok()?.parse().ok()?;
    let reference = columns.nth(1)?;
    let info = columns.nth(3)?;
    Some(Span { contig, start1, end1: end1(start1, reference, info) })
}

/// The last base of a record: END if INFO has it.
pub(super) fn end1(start1: u64, reference: &[u8], info: &[u8]) -> u64 {
    let end = info.split(|&byte| byte == b';').find_map(|field| field.strip_prefix(b"END="));
    let end = end.and_then(|end| std::str::from_utf8(end).ok()?.trim_end().parse::<u64>().ok());
    let bases = u64::try_from(reference.len()).unwrap_or(u64::MAX).max(1);
    end.filter(|end| *end >= start1).unwrap_or_else(|| start1.saturating_add(bases - 1))
}
