//! The scored files of shards, and whether they are all parts of one run.

use std::path::Path;

use super::super::header::is_of_one_shard;
use super::super::shard_line::ShardLine;
use crate::vcf::{Header, Reader};
use polaris_genomics::Shard;

/// Why shards cannot be joined.
#[derive(Debug, thiserror::Error)]
pub(super) enum MergeError {
    #[error("{0} is no shard: it has no ##POLARIS_shard line")]
    NoShard(String),
    #[error("{first} is shard {shard}, and so is {second}")]
    Twice { first: String, second: String, shard: Shard },
    #[error("{name} is shard {found} of a run in {count} parts: {missing} of them are missing")]
    Missing { name: String, found: Shard, count: u64, missing: u64 },
    #[error("{name} is of another run than {first}: line `{line}` of its header is not in that of {first}")]
    OtherRun { name: String, first: String, line: String },
    #[error("{name} is part of another input than {first}")]
    OtherInput { name: String, first: String },
    #[error("shard {0} has too few records: it is not whole")]
    Short(Shard),
    #[error("shard {0} has too many records: it is not of this run")]
    Long(Shard),
    #[error("{name} begins with other columns than {first}: it is the table of another run")]
    OtherTable { name: String, first: String },
    #[error(
        "{name} has a line ({line}) where rows of {allele} are due: name the tables as the shards' files, one for each"
    )]
    OtherRow { name: String, line: String, allele: String },
    #[error("{name} has {rows} rows of {allele}, and the run {models} models: it is not whole")]
    Rows { name: String, allele: String, rows: usize, models: usize },
    #[error("{record}: no POLARIS_SKIPPED that says of each allele whether it has a score")]
    NotScored { record: String },
}

/// A shard after its header.
pub(super) struct Part {
    pub(super) reader: Reader,
    pub(super) header: Header,
    pub(super) shard: Shard,
    pub(super) block: u64,
    /// What its input is known by.
    input: String,
}

/// Opens one.
pub(super) fn open(path: &Path) -> anyhow::Result<Part> {
    let mut reader = Reader::open(path)?;
    let header = reader.header()?;
    let line = header.lines.iter().find_map(|line| ShardLine::parse(&line.content));
    let ShardLine { shard, block, input } =
        line.ok_or_else(|| MergeError::NoShard(reader.name().to_owned()))?;
    Ok(Part { reader, header, shard, block, input })
}

/// Whether the parts are all parts of one run.
pub(super) fn check(parts: &[Part]) -> Result<(), MergeError> {
    let Some(first) = parts.first() else { return Ok(()) };
    let name = |part: &Part| part.reader.name().to_owned();
    for (part, next) in parts.iter().zip(parts.iter().skip(1)) {
        if part.shard.number1 == next.shard.number1 {
            return Err(MergeError::Twice { first: name(part), second: name(next), shard: part.shard });
        }
    }
    let lines = |part: &Part| -> Vec<Vec<u8>> {
        let lines = part.header.lines.iter().chain([&part.header.columns]);
        lines.map(|line| line.content.clone()).filter(|line| !is_of_one_shard(line)).collect()
    };
    let expected = lines(first);
    for part in parts {
        if part.input != first.input {
            return Err(MergeError::OtherInput { name: name(part), first: name(first) });
        }
        let found = lines(part);
        if found != expected || part.shard.count != first.shard.count || part.block != first.block {
            let other = found.iter().find(|line| !expected.contains(line)).cloned();
            let line = other.unwrap_or_else(|| part.shard.to_string().into_bytes());
            let line = String::from_utf8_lossy(&line).chars().take(120).collect();
            return Err(MergeError::OtherRun { name: name(part), first: name(first), line });
        }
    }
    let count = first.shard.count;
    match count.saturating_sub(u64::try_from(parts.len()).unwrap_or(u64::MAX)) {
        0 => Ok(()),
        missing => Err(MergeError::Missing { name: name(first), found: first.shard, count, missing }),
    }
}
