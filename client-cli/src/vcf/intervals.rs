//! Stretches of the genome to which a run is limited: `chr1:100-200,chr2`, or a file.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;

use polaris_genomics::contig_key;
use sha2::{Digest, Sha256};

use super::input_file;

/// Why stretches cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IntervalsError {
    /// Not `CONTIG`, `CONTIG:POS` or `CONTIG:FROM-TO`.
    #[error(
        "`{0}` is no region: write CONTIG, CONTIG:POS, CONTIG:FROM-TO or CONTIG:FROM-, 1-based, both ends included"
    )]
    Text(String),
    /// A line of a file.
    #[error("{name}:{line}: `{text}` is no region: CONTIG, POS and END separated by tabs were expected")]
    Line {
        /// The file.
        name: String,
        /// Where, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// Nothing in it.
    #[error("{0} has no region")]
    Empty(String),
    /// The file.
    #[error("cannot read {name}: {reason}")]
    Read {
        /// The file.
        name: String,
        /// From the system.
        reason: String,
    },
}

/// Stretches by contig, 1-based with both ends included, merged and sorted. Contigs are found under any alias.
#[derive(Clone, Debug, Default)]
pub(crate) struct Intervals {
    contigs: BTreeMap<String, Vec<(u64, u64)>>,
}

impl Intervals {
    /// Reads `CONTIG:FROM-TO` between commas.
    pub(crate) fn parse(text: &str) -> Result<Self, IntervalsError> {
        let mut intervals = Self::default();
        for region in text.split(',').map(str::trim).filter(|region| !region.is_empty()) {
            let (contig, start1, end1) =
                parse_region(region).ok_or_else(|| IntervalsError::Text(region.to_owned()))?;
            intervals.add(contig, start1, end1);
        }
        intervals.finish(text)
    }

    /// Reads a file with CONTIG, POS and, if wanted, END between tabs: 1-based with both ends included, or 0-based and
    /// half-open if its name ends in `.bed` or `.bed.gz`. Plain, gzip or bgzip.
    pub(crate) fn read(path: &Path) -> Result<Self, IntervalsError> {
        let name = path.display().to_string();
        let bed = name.ends_with(".bed") || name.ends_with(".bed.gz");
        let failed = |reason: String| IntervalsError::Read { name: name.clone(), reason };
        let (bytes, _) = input_file::open(path).map_err(|error| failed(error.to_string()))?;
        let mut intervals = Self::default();
        for (line, number) in bytes.lines().zip(1..) {
            let line = line.map_err(|error| failed(error.to_string()))?;
            let text = line.trim_end();
            if text.is_empty() || ["#", "track", "browser"].iter().any(|other| text.starts_with(other)) {
                continue;
            }
            let (contig, start1, end1) = parse_line(text, bed).ok_or_else(|| IntervalsError::Line {
                name: name.clone(),
                line: number,
                text: text.to_owned(),
            })?;
            intervals.add(contig, start1, end1);
        }
        intervals.finish(&name)
    }

    /// Whether a stretch of a contig overlaps any.
    pub(crate) fn overlap(&self, contig: &[u8], start1: u64, end1: u64) -> bool {
        let contig = std::str::from_utf8(contig).unwrap_or_default();
        let Some(intervals) = self.contigs.get(contig_key(contig)) else { return false };
        let before_end = intervals.partition_point(|(start, _)| *start <= end1);
        before_end.checked_sub(1).and_then(|last| intervals.get(last)).is_some_and(|(_, end)| *end >= start1)
    }

    /// The stretches of a contig, sorted.
    pub(crate) fn on(&self, contig: &[u8]) -> &[(u64, u64)] {
        let contig = std::str::from_utf8(contig).unwrap_or_default();
        self.contigs.get(contig_key(contig)).map(Vec::as_slice).unwrap_or_default()
    }

    /// SHA-256 of all stretches: the same for the same ones, however and in whatever order they were written.
    pub(crate) fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for (contig, intervals) in &self.contigs {
            hasher.update(format!("{contig}\n"));
            for (start1, end1) in intervals {
                hasher.update(format!("{start1}-{end1}\n"));
            }
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn add(&mut self, contig: &str, start1: u64, end1: u64) {
        self.contigs.entry(contig_key(contig).to_owned()).or_default().push((start1, end1));
    }

    fn finish(mut self, name: &str) -> Result<Self, IntervalsError> {
        for intervals in self.contigs.values_mut() {
            intervals.sort_unstable();
            let mut merged: Vec<(u64, u64)> = Vec::with_capacity(intervals.len());
            for &(start, end) in intervals.iter() {
                match merged.last_mut() {
                    Some(last) if start <= last.1.saturating_add(1) => last.1 = last.1.max(end),
                    _ => merged.push((start, end)),
                }
            }
            *intervals = merged;
        }
        match self.contigs.is_empty() {
            true => Err(IntervalsError::Empty(name.to_owned())),
            false => Ok(self),
        }
    }
}

fn parse_region(region: &str) -> Option<(&str, u64, u64)> {
    let number = |text: &str| text.replace('_', "").parse::<u64>().ok();
    // A contig's name may have colons itself, as those of HLA have.
    let Some((contig, range)) = region.rsplit_once(':') else { return Some((region, 1, u64::MAX)) };
    let (start1, end1) = match range.split_once('-') {
        None => (number(range)?, number(range)?),
        Some((start, "")) => (number(start)?, u64::MAX),
        Some((start, end)) => (number(start)?, number(end)?),
    };
    (!contig.is_empty() && start1 <= end1).then_some((contig, start1, end1))
}

fn parse_line(text: &str, bed: bool) -> Option<(&str, u64, u64)> {
    let mut columns = text.split('\t');
    let contig = columns.next()?;
    let start: u64 = columns.next()?.trim().parse().ok()?;
    let end: Option<u64> = columns.next().and_then(|end| end.trim().parse().ok());
    let (start1, end1) = match bed {
        true => (start.checked_add(1)?, end?),
        false => (start, end.unwrap_or(start)),
    };
    (!contig.is_empty() && start1 <= end1).then_some((contig, start1, end1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_of_a_command_line() {
        let intervals = Intervals::parse("chr1:100-200,chr1:150-300,2,HLA:A:01:5-6,X:7").unwrap();
        for (contig, start1, end1, expected) in [
            ("1", 300, 300, true),
            ("chr1", 301, 400, false),
            ("chr1", 1, 99, false),
            ("chr1", 1, 100, true),
            ("chr2", 9_000_000, 9_000_000, true),
            ("HLA:A:01", 6, 9, true),
            ("X", 7, 7, true),
            ("X", 8, 8, false),
            ("3", 1, 1, false),
        ] {
            assert_eq!(intervals.overlap(contig.as_bytes(), start1, end1), expected, "{contig}:{start1}");
        }
        for wrong in ["chr1:x", "chr1:9-3", ":1-2", "", "chr1:-5"] {
            assert!(Intervals::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_digest_is_of_the_stretches() {
        let digest = |text: &str| Intervals::parse(text).unwrap().digest();
        let expected = digest("chr1:5-9,chr2,chrX:7");
        for _ in 0..8 {
            assert_eq!(digest("X:7-7,2:1-,1:5-7,1:8-9"), expected);
        }
        assert_ne!(digest("chr1:5-9,chr2,chrX:8"), expected);
        assert_ne!(digest("chr1:5-9,chr2"), expected);
    }

    #[test]
    fn regions_of_files() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
            Intervals::read(&folder.path().join(name))
        };
        let bed = read("a.bed", "track x\nchr1\t99\t200\tname\n").unwrap();
        assert_eq!(bed.on(b"1"), [(100, 200)]);
        let list = read("a.tsv", "#c\nchr1\t100\nchr1\t105\t106\n").unwrap();
        assert_eq!(list.on(b"1"), [(100, 100), (105, 106)]);
        let refused = read("b.tsv", "chr1\t1\nchr1 5\n").unwrap_err().to_string();
        assert!(refused.contains("b.tsv:2: `chr1 5`"), "{refused}");
    }
}
