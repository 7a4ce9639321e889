//! Gene models as a file beside the one that they were read from, which takes a tenth of the time to read.
//!
//! It is made when it is missing, and again when size or time of change of its source are others. One that is damaged is as
//! good as none, and a folder that cannot be written is no failure: then the source is read each time.

mod bytes;

use std::{
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use self::bytes::{Cursor, push_number, push_text};
use super::{Gene, Transcript};
use crate::{beside, strand::Strand};

/// First bytes of the file: the version of its form, and that of the program, which may read a source otherwise than
/// another.
const MAGIC: &[u8] = concat!("POLARIS genes 1 ", env!("CARGO_PKG_VERSION"), "\n").as_bytes();
/// No contig is as long: distances from here can be added up.
const MOST_POSITION: u64 = 1 << 62;
/// Smaller sources are read as fast as this file would be.
const LEAST_SOURCE_BYTES: u64 = 1 << 20;

/// Which source a file was made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Stamp {
    bytes: u64,
    changed_ns: u64,
}

impl Stamp {
    /// Of a source; none if it is too small to be worth it, or does not say when it was changed.
    pub(super) fn of(source: &Path) -> Option<Self> {
        let metadata = fs::metadata(source).ok()?;
        let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let changed_ns = u64::try_from(changed.as_nanos()).ok()?;
        (metadata.len() >= LEAST_SOURCE_BYTES).then_some(Self { bytes: metadata.len(), changed_ns })
    }
}

/// Where the genes of a source are stored.
fn path_of(source: &Path) -> Option<PathBuf> {
    let mut name = std::ffi::OsString::from(".");
    name.push(source.file_name()?);
    name.push(".polaris-genes");
    Some(source.with_file_name(name))
}

/// The genes of a source and how many lines it has without a strand, if they are stored and the source is the same.
pub(super) fn read(source: &Path, stamp: Stamp) -> Option<(Vec<Gene>, usize)> {
    decode(&fs::read(path_of(source)?).ok()?, stamp)
}

/// Stores them for the next time.
pub(super) fn write(source: &Path, stamp: Stamp, genes: &[Gene], unstranded: usize) {
    if let Some(path) = path_of(source) {
        beside::write(&path, &encode(genes, unstranded, stamp));
    }
}

fn encode(genes: &[Gene], unstranded: usize, stamp: Stamp) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&stamp.bytes.to_le_bytes());
    out.extend_from_slice(&stamp.changed_ns.to_le_bytes());
    push_number(unstranded as u64, &mut out);
    push_number(genes.len() as u64, &mut out);
    for gene in genes {
        for text in [&gene.id, &gene.name, &gene.contig] {
            push_text(text, &mut out);
        }
        push_place(gene.strand, gene.start0, gene.end0, &mut out);
        push_number(gene.transcripts.len() as u64, &mut out);
        for transcript in &gene.transcripts {
            push_text(&transcript.id, &mut out);
            push_place(transcript.strand, transcript.start0, transcript.end0, &mut out);
            for list in [&transcript.exons, &transcript.five_prime_utr, &transcript.three_prime_utr] {
                push_intervals(list, &mut out);
            }
        }
    }
    let sum = checksum(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

fn push_place(strand: Strand, start0: u64, end0: u64, out: &mut Vec<u8>) {
    out.push(u8::from(strand == Strand::Reverse));
    push_number(start0, out);
    push_number(end0.saturating_sub(start0), out);
}

/// Each as distances from the end of the one before: they are sorted and do not overlap.
fn push_intervals(intervals: &[(u64, u64)], out: &mut Vec<u8>) {
    push_number(intervals.len() as u64, out);
    let mut before = 0;
    for &(start0, end0) in intervals {
        push_number(start0.wrapping_sub(before), out);
        push_number(end0.wrapping_sub(start0), out);
        before = end0;
    }
}

fn decode(bytes: &[u8], stamp: Stamp) -> Option<(Vec<Gene>, usize)> {
    let (content, sum) = bytes.split_last_chunk::<4>()?;
    if checksum(content) != u32::from_le_bytes(*sum) {
        return None;
    }
    let mut cursor = Cursor::new(content.strip_prefix(MAGIC)?);
    if (Stamp { bytes: cursor.fixed()?, changed_ns: cursor.fixed()? }) != stamp {
        return None;
    }
    let unstranded = cursor.count()?;
    let genes = (0..cursor.count()?).map(|_| gene(&mut cursor)).collect::<Option<Vec<_>>>()?;
    Some((genes, unstranded))
}

fn gene(cursor: &mut Cursor<'_>) -> Option<Gene> {
    let (id, name, contig) = (cursor.text()?, cursor.text()?, cursor.text()?);
    let (strand, start0, end0) = place(cursor)?;
    let transcripts = (0..cursor.count()?).map(|_| transcript(cursor)).collect::<Option<_>>()?;
    Some(Gene { id, name, contig, strand, start0, end0, transcripts })
}

fn transcript(cursor: &mut Cursor<'_>) -> Option<Transcript> {
    let id = cursor.text()?;
    let (strand, start0, end0) = place(cursor)?;
    let (exons, five_prime_utr, three_prime_utr) =
        (intervals(cursor)?, intervals(cursor)?, intervals(cursor)?);
    Some(Transcript { id, strand, start0, end0, exons, five_prime_utr, three_prime_utr })
}

fn place(cursor: &mut Cursor<'_>) -> Option<(Strand, u64, u64)> {
    let strand = if cursor.byte()? == 1 { Strand::Reverse } else { Strand::Forward };
    let start0 = cursor.number()?;
    let end0 = start0.checked_add(cursor.number()?)?;
    (end0 <= MOST_POSITION).then_some((strand, start0, end0))
}

fn intervals(cursor: &mut Cursor<'_>) -> Option<Vec<(u64, u64)>> {
    let count = cursor.count()?;
    let mut intervals = Vec::with_capacity(count);
    let mut before = 0_u64;
    for _ in 0..count {
        let start0 = before.wrapping_add(cursor.number()?);
        let end0 = start0.wrapping_add(cursor.number()?);
        if start0 > end0 || end0 > MOST_POSITION {
            return None;
        }
        intervals.push((start0, end0));
        before = end0;
    }
    Some(intervals)
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::GeneIndex;
    use super::*;

    fn source(genes: usize) -> String {
        let mut text = String::new();
        for index in 0..genes {
            let (start, strand) = (1000 * index + 1, if index % 2 == 0 { '+' } else { '-' });
            let tags = format!("gene_id \"G{index}\"; gene_name \"N{index}\"; transcript_id \"T{index}\";");
            for (kind, from, to) in [
                ("transcript", start, start + 900),
                ("exon", start, start + 100),
                ("exon", start + 500, start + 900),
                ("CDS", start + 50, start + 600),
            ] {
                text += &format!("chr1\tx\t{kind}\t{from}\t{to}\t.\t{strand}\t.\t{tags}\n");
            }
        }
        text
    }

    #[test]
    fn stored_genes_are_those_of_the_source() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("genes.gtf");
        fs::write(&path, source(6000)).unwrap();
        let first = GeneIndex::open(&path).unwrap();
        let stored = path_of(&path).unwrap();
        assert!(stored.exists());
        let (genes, unstranded) = read(&path, Stamp::of(&path).unwrap()).unwrap();
        assert_eq!((genes.as_slice(), unstranded), (first.genes(), 0));
        // It is what is read: a source that has changed and does not show it is not found out.
        let second = GeneIndex::open(&path).unwrap();
        assert_eq!(second.genes(), first.genes());
        // A source that shows it is read again.
        fs::write(&path, source(6001)).unwrap();
        assert_eq!(GeneIndex::open(&path).unwrap().genes().len(), 6001);
        assert_eq!(GeneIndex::open(&path).unwrap().genes().len(), 6001);
    }

    #[test]
    fn damage_is_as_good_as_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("genes.gtf");
        fs::write(&path, source(6000)).unwrap();
        let genes = GeneIndex::open(&path).unwrap().genes().to_vec();
        let stamp = Stamp::of(&path).unwrap();
        let whole = encode(&genes, 3, stamp);
        assert_eq!(decode(&whole, stamp).unwrap(), (genes, 3));
        assert!(whole.starts_with(concat!("POLARIS genes 1 ", env!("CARGO_PKG_VERSION"), "\n").as_bytes()));
        assert!(decode(&whole, Stamp { bytes: 1, ..stamp }).is_none());
        for place in [0, 20, 5000, whole.len() - 1] {
            let mut broken = whole.clone();
            broken[place] ^= 1;
            assert!(decode(&broken, stamp).is_none(), "{place}");
            assert!(decode(&whole[..place], stamp).is_none(), "{place}");
        }
    }

    proptest! {
        /// Damage that the checksum does not show: whatever is read, genes can be looked up in it.
        /// `PROPTEST_CASES=1000000 cargo test --release -p polaris-genomics mistakes` looks longer.
        #[test]
        fn mistakes_are_read_or_not(
            changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6),
            cut in proptest::option::weighted(0.1, any::<usize>()),
        ) {
            let stamp = Stamp { bytes: 1, changed_ns: 2 };
            static WHOLE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("genes.gtf");
                fs::write(&path, source(20)).unwrap();
                encode(GeneIndex::open(&path).unwrap().genes(), 3, Stamp { bytes: 1, changed_ns: 2 })
            });
            let mut bytes = WHOLE.clone();
            bytes.truncate(bytes.len() - 4);
            let first = MAGIC.len() + 16;
            for (place, byte) in changes {
                let places = bytes.len() - first;
                bytes[first + place % places] = byte;
            }
            if let Some(place) = cut {
                bytes.truncate(first + place % (bytes.len() - first));
            }
            let sum = checksum(&bytes);
            bytes.extend_from_slice(&sum.to_le_bytes());
            if let Some((genes, unstranded)) = decode(&bytes, stamp) {
                let index = GeneIndex::from_genes(genes, unstranded);
                for position0 in [0, 1500, 5000, 1 << 31, MOST_POSITION] {
                    index.region_class("chr1", position0);
                    index.nearest_gene("chr1", position0);
                }
            }
        }
    }

    #[test]
    fn small_sources_have_no_store() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("genes.gtf");
        fs::write(&path, source(10)).unwrap();
        GeneIndex::open(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
