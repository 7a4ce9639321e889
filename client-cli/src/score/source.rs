//! Which records of the input a run is about: those of its targets and its shard, from where an earlier run stopped.

use polaris_genomics::Shard;

use super::index::end1;
use crate::vcf::{InputError, Intervals, Reader, Record};

/// Records that a shard takes in a row, so that neighbours stay together and all shards are about as long.
pub(super) const SHARD_RECORDS: u64 = 512;

/// What a run is limited to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// Records that overlap these, found by the index.
    pub(crate) regions: Option<Intervals>,
    /// Records whose POS lies in these, found by reading everything.
    pub(crate) targets: Option<Intervals>,
    /// One part of them.
    pub(crate) shard: Option<Shard>,
}

impl Selection {
    /// What tells it from others, the same in every run.
    pub(super) fn identity(&self) -> String {
        let digest = |intervals: &Option<Intervals>| {
            intervals
                .as_ref()
                .map_or_else(|| "all".to_owned(), |intervals| format!("sha256:{}", intervals.digest()))
        };
        let shard = self.shard.map_or_else(|| "all".to_owned(), |shard| shard.to_string());
        format!("regions {}, targets {}, shard {shard}", digest(&self.regions), digest(&self.targets))
    }
}

/// The selected records of the input.
pub(super) struct Source {
    reader: Reader,
    selection: Selection,
    /// Records of the targets so far.
    seen: u64,
    /// Records that are done already.
    skip: u64,
}

impl Source {
    /// `skip` of the selected records are left out.
    pub(super) fn new(reader: Reader, selection: Selection, skip: u64) -> Self {
        Self { reader, selection, seen: 0, skip }
    }

    /// The next records, at most `most`; none at the end.
    pub(super) fn next_records(&mut self, most: usize) -> Result<Vec<Record>, InputError> {
        loop {
            let mut records = self.reader.next_records(most)?;
            if records.is_empty() {
                return Ok(records);
            }
            records.retain(|record| self.takes(record));
            if !records.is_empty() {
                return Ok(records);
            }
        }
    }

    fn takes(&mut self, record: &Record) -> bool {
        let (contig, position1) = (record.contig(), record.position1());
        let overlaps = |regions: &Intervals| {
            regions.overlap(contig, position1, end1(position1, record.reference(), record.info()))
        };
        if !self.selection.regions.as_ref().is_none_or(overlaps) {
            return false;
        }
        let inside = |targets: &Intervals| targets.overlap(contig, position1, position1);
        if !self.selection.targets.as_ref().is_none_or(inside) {
            return false;
        }
        let block = self.seen / SHARD_RECORDS;
        self.seen += 1;
        if self.selection.shard.is_some_and(|shard| !shard.takes(block)) {
            return false;
        }
        match self.skip.checked_sub(1) {
            Some(left) => {
                self.skip = left;
                false
            }
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_take_turns() {
        let mut text = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n".to_owned();
        for position1 in 1..=2000 {
            text += &format!("1\t{position1}\t.\tA\tC\t.\t.\t.\n");
        }
        let positions = |shard: &str, skip| {
            let mut reader =
                Reader::new(Box::new(std::io::Cursor::new(text.clone().into_bytes())), "in".into());
            reader.header().unwrap();
            let targets = Some(Intervals::parse("chr1:11-").unwrap());
            let selection =
                Selection { targets, shard: Some(shard.parse().unwrap()), ..Selection::default() };
            let mut source = Source::new(reader, selection, skip);
            let mut positions = Vec::new();
            loop {
                let records = source.next_records(7).unwrap();
                if records.is_empty() {
                    return positions;
                }
                positions.extend(records.iter().map(Record::position1));
            }
        };
        let (first, second) = (positions("1/2", 0), positions("2/2", 0));
        assert_eq!((first[0], first[511], first[512], second[0]), (11, 522, 1035, 523));
        let mut both = [first.clone(), second].concat();
        both.sort_unstable();
        assert_eq!(both, (11..=2000).collect::<Vec<_>>());
        assert_eq!(positions("1/2", 600), first[600..]);
    }
}
