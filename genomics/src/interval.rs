//! Intervals on contigs and sets of them.

use std::{collections::BTreeMap, path::Path};

use crate::{
    contig::contig_key,
    text::{Lines, open_text, parse_u64, shown},
    text_file_error::{FieldFault, TextFileError},
};

/// A stretch of a contig, 0-based and half-open.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub struct Interval {
    /// The contig's name as in the file that named it.
    pub contig: String,
    /// First base.
    pub start0: u64,
    /// The base after the last.
    pub end0: u64,
}

#[derive(Clone, Debug)]
struct ContigIntervals {
    name: String,
    merged: Vec<(u64, u64)>,
}

/// A set of bases, kept as merged intervals by contig. Contigs are found by any of their aliases.
#[derive(Clone, Debug, Default)]
pub struct IntervalSet {
    contigs: BTreeMap<String, ContigIntervals>,
}

impl IntervalSet {
    /// The union of `intervals`; those without a base are dropped, adjoining ones become one.
    pub fn from_intervals(intervals: impl IntoIterator<Item = Interval>) -> Self {
        let mut contigs = BTreeMap::<String, ContigIntervals>::new();
        for Interval { contig, start0, end0 } in intervals {
            let key = contig_key(&contig);
            let entry = match contigs.get_mut(key) {
                Some(entry) => entry,
                None => {
                    let name = contig.clone();
                    contigs.entry(key.to_owned()).or_insert(ContigIntervals { name, merged: Vec::new() })
                }
            };
            entry.merged.push((start0, end0));
        }
        for entry in contigs.values_mut() {
            merge(&mut entry.merged);
        }
        contigs.retain(|_, entry| !entry.merged.is_empty());
        Self { contigs }
    }

    /// Reads the first three columns of a BED file, plain, gzip or bgzip.
    ///
    /// # Errors
    ///
    /// [`TextFileError`] if the file cannot be read, or for the first line that is no BED line.
    pub fn read_bed(path: &Path) -> Result<Self, TextFileError> {
        let read = TextFileError::read(path);
        let mut lines = Lines::new(open_text(path).map_err(read)?);
        let mut intervals = Vec::new();
        while let Some((line, bytes)) = lines.next_line().map_err(read)? {
            if is_bed_comment(bytes) {
                continue;
            }
            let interval =
                parse_bed_line(bytes).map_err(|fault| TextFileError::malformed(path, line, fault))?;
            intervals.push(interval);
        }
        Ok(Self::from_intervals(intervals))
    }

    /// How many bases of `[start0, end0)` are in the set.
    pub fn overlap_bases(&self, contig: &str, start0: u64, end0: u64) -> u64 {
        overlap_bases(self.intervals(contig), start0, end0)
    }

    /// The merged intervals of a contig, sorted; empty for an unknown contig.
    pub fn intervals(&self, contig: &str) -> &[(u64, u64)] {
        self.contigs.get(contig_key(contig)).map_or(&[], |entry| &entry.merged)
    }

    /// All contigs, each under the name it was first given, with their merged intervals; in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[(u64, u64)])> {
        self.contigs.values().map(|entry| (entry.name.as_str(), entry.merged.as_slice()))
    }

    /// How many bases are in the set.
    pub fn total_bases(&self) -> u64 {
        self.contigs.values().flat_map(|entry| &entry.merged).map(|(start0, end0)| end0 - start0).sum()
    }

    /// Whether every base of `[start0, end0)` is in the set; true for an empty stretch.
    pub fn contains_all(&self, contig: &str, start0: u64, end0: u64) -> bool {
        start0 >= end0 || self.overlap_bases(contig, start0, end0) == end0 - start0
    }

    /// Whether the set has no base.
    pub fn is_empty(&self) -> bool {
        self.contigs.is_empty()
    }
}

/// Sorts, drops the empty and joins what overlaps or adjoins.
pub(crate) fn merge(intervals: &mut Vec<(u64, u64)>) {
    intervals.retain(|(start0, end0)| start0 < end0);
    intervals.sort_unstable();
    intervals.dedup_by(|next, kept| {
        let joins = next.0 <= kept.1;
        if joins {
            kept.1 = kept.1.max(next.1);
        }
        joins
    });
}

/// Bases of `[start0, end0)` in merged, sorted intervals.
pub(crate) fn overlap_bases(merged: &[(u64, u64)], start0: u64, end0: u64) -> u64 {
    let first = merged.partition_point(|&(_, end)| end <= start0);
    merged
        .iter()
        .skip(first)
        .take_while(|&&(start, _)| start < end0)
        .map(|&(start, end)| end.min(end0).saturating_sub(start.max(start0)))
        .sum()
}

/// Whether a base lies in merged, sorted intervals.
pub(crate) fn contains(merged: &[(u64, u64)], position0: u64) -> bool {
    let next = merged.partition_point(|&(_, end)| end <= position0);
    merged.get(next).is_some_and(|&(start, _)| start <= position0)
}

fn is_bed_comment(line: &[u8]) -> bool {
    line.is_empty() || line.starts_with(b"#") || line.starts_with(b"track") || line.starts_with(b"browser")
}

fn parse_bed_line(line: &[u8]) -> Result<Interval, FieldFault> {
    let mut columns = line.split(|&byte| byte == b'\t');
    let name = columns.next().unwrap_or_default();
    let contig = match std::str::from_utf8(name) {
        Ok(text) if !text.is_empty() => text.to_owned(),
        _ => return Err(("chrom", shown(name), "a contig's name")),
    };
    let mut number = |field| {
        let column = columns.next().unwrap_or_default();
        parse_u64(column).ok_or_else(|| (field, shown(column), "a whole number, 0 or more, after a tab"))
    };
    let start0 = number("chromStart")?;
    let end0 = number("chromEnd")?;
    if end0 < start0 {
        return Err(("chromEnd", end0.to_string(), "at least chromStart"));
    }
    Ok(Interval { contig, start0, end0 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interval(contig: &str, start0: u64, end0: u64) -> Interval {
        Interval { contig: contig.to_owned(), start0, end0 }
    }

    fn read(bytes: &[u8]) -> Result<IntervalSet, TextFileError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("set.bed");
        std::fs::write(&path, bytes).unwrap();
        IntervalSet::read_bed(&path)
    }

    #[test]
    fn aliases_share_a_contig_and_neighbours_merge() {
        let set = IntervalSet::from_intervals([
            interval("chr1", 20, 30),
            interval("1", 0, 10),
            interval("chr1", 10, 12),
            interval("chr2", 5, 5),
        ]);
        assert_eq!(set.intervals("1"), [(0, 12), (20, 30)]);
        assert_eq!(set.total_bases(), 22);
        assert_eq!(set.overlap_bases("chr1", 11, 21), 2);
        assert!(set.contains_all("chr1", 3, 12));
        assert!(!set.contains_all("chr1", 3, 13));
        assert!(set.contains_all("chr9", 3, 3));
        assert_eq!(set.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["chr1"]);
    }

    #[test]
    fn bed_is_read_with_comments_and_carriage_returns() {
        let set = read(b"#made by hand\ntrack name=x\r\nchrM\t0\t5\tname\r\n\nchrM\t3\t9\n").unwrap();
        assert_eq!(set.intervals("MT"), [(0, 9)]);
    }

    #[test]
    fn a_bad_line_is_named_with_its_place() {
        for (bytes, place) in [
            (&b"chr1\t5\n"[..], "set.bed:1:chromEnd: found \"\""),
            (b"chr1\t0\t5\nchr1\t-1\t5\n", "set.bed:2:chromStart: found \"-1\""),
            (b"chr1\t9\t5\n", "set.bed:1:chromEnd: found \"5\", expected at least"),
            (b"chr1 0 5\n", "set.bed:1:chromStart"),
            (b"\t0\t5\n", "set.bed:1:chrom:"),
        ] {
            let message = read(bytes).unwrap_err().to_string();
            assert!(message.contains(place), "{message}");
        }
        let message = IntervalSet::read_bed(Path::new("absent.bed")).unwrap_err().to_string();
        assert!(message.starts_with("absent.bed: "), "{message}");
    }

    proptest! {
        #[test]
        fn overlap_equals_a_count_of_bases(
            intervals in proptest::collection::vec((0_u64..60, 0_u64..12), 0..12),
            start0 in 0_u64..80,
            length in 0_u64..40,
        ) {
            let set = IntervalSet::from_intervals(
                intervals.iter().map(|&(start, length)| interval("chr7", start, start + length)),
            );
            let covered = |base: u64| intervals.iter().any(|&(start, length)| (start..start + length).contains(&base));
            let expected = (start0..start0 + length).filter(|&base| covered(base)).count() as u64;
            prop_assert_eq!(set.overlap_bases("7", start0, start0 + length), expected);
            prop_assert_eq!(set.contains_all("7", start0, start0 + length), expected == length);
            prop_assert_eq!(contains(set.intervals("7"), start0), covered(start0));
            prop_assert!(set.intervals("7").windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
