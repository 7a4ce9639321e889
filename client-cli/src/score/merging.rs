//! `polaris-client merge`: the scored files of all shards, joined to what one run would have written.

use std::path::{Path, PathBuf};

use polaris_genomics::Shard;

use super::form::{Form, IndexKind};
use super::header::{command_line, device, is_of_one_shard, of_whole};
use super::index;
use super::shard_line::ShardLine;
use super::sink::Sink;
use super::writer::file_of;
use crate::output_file::Destination;
use crate::vcf::{BcfEncoder, Header, Reader};

/// What `merge` was asked for.
#[derive(Debug)]
pub(crate) struct MergeOptions {
    /// All shards.
    pub(crate) inputs: Vec<PathBuf>,
    /// The whole.
    pub(crate) output: Destination,
    /// Its form.
    pub(crate) form: Form,
    /// Its index.
    pub(crate) index: Option<IndexKind>,
}

/// Why shards cannot be joined.
#[derive(Debug, thiserror::Error)]
enum MergeError {
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
}

/// A shard after its header.
struct Part {
    reader: Reader,
    header: Header,
    shard: Shard,
    block: u64,
    /// What its input is known by.
    input: String,
}

/// Records that are read at once.
const CHUNK_RECORDS: usize = 512;
/// As `score` does by default, so that the blocks of compressed files end where they would.
const CHECKPOINT_RECORDS: u64 = 8192;

/// Joins them.
pub(crate) fn merge(options: &MergeOptions) -> anyhow::Result<()> {
    let mut parts = options.inputs.iter().map(|path| open(path)).collect::<anyhow::Result<Vec<_>>>()?;
    parts.sort_by_key(|part| part.shard.number1);
    check(&parts)?;
    let command = command_line(std::env::args_os());
    let Some(first) = parts.first() else { anyhow::bail!("no shard is named") };
    let block = first.block;
    let mut devices: Vec<Vec<u8>> =
        parts.iter().filter_map(|part| device(&part.header)).map(<[u8]>::to_vec).collect();
    devices.sort_unstable();
    devices.dedup();
    let mut bytes = of_whole(&first.header, &command, &devices);
    let mut encoder = None;
    if options.form.is_bcf() {
        let (new, encoded) = BcfEncoder::new(&bytes)?;
        encoder = Some(new);
        bytes = encoded;
    }
    let mut sink = Sink::open(&options.output, options.form.is_compressed(), false)?;
    sink.go_on_from(0)?;
    sink.write_all(&bytes)?;
    sink.end_block()?;
    let mut records = 0_u64;
    let mut ended: Option<Shard> = None;
    'turns: loop {
        for part in &mut parts {
            let taken = copy(part, block, encoder.as_mut(), &mut sink, &mut records)?;
            match ended {
                Some(_) if taken > 0 => return Err(MergeError::Long(part.shard).into()),
                // The first block that is not full is the last.
                None if taken < block => ended = Some(part.shard),
                _ => {}
            }
        }
        if ended.is_some() {
            break 'turns;
        }
    }
    if let Some(shard) = ended {
        let left = parts
            .iter_mut()
            .try_fold(0, |left, part| part.reader.next_records(1).map(|records| left + records.len()))?;
        if left > 0 {
            return Err(MergeError::Short(shard).into());
        }
    }
    sink.commit()?;
    match (options.index, file_of(&options.output)) {
        (Some(kind), Some(path)) => Ok(index::write(&path, options.form.is_bcf(), kind)?),
        _ => Ok(()),
    }
}

fn open(path: &Path) -> anyhow::Result<Part> {
    let mut reader = Reader::open(path)?;
    let header = reader.header()?;
    let line = header.lines.iter().find_map(|line| ShardLine::parse(&line.content));
    let ShardLine { shard, block, input } =
        line.ok_or_else(|| MergeError::NoShard(reader.name().to_owned()))?;
    Ok(Part { reader, header, shard, block, input })
}

/// Whether the parts are all parts of one run.
fn check(parts: &[Part]) -> Result<(), MergeError> {
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

/// Copies at most `most` records; gives how many there were.
fn copy(
    part: &mut Part,
    most: u64,
    mut encoder: Option<&mut BcfEncoder>,
    sink: &mut Sink,
    written: &mut u64,
) -> anyhow::Result<u64> {
    let mut left = most;
    while left > 0 {
        let records =
            part.reader.next_records(usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK_RECORDS))?;
        if records.is_empty() {
            break;
        }
        for record in records {
            let mut bytes = Vec::with_capacity(record.bytes() + 2);
            match &mut encoder {
                None => record.write(record.info(), &mut bytes),
                Some(encoder) => encoder.encode(record.text(), &mut bytes)?,
            }
            sink.write_all(&bytes)?;
            left -= 1;
            *written += 1;
            if written.is_multiple_of(CHECKPOINT_RECORDS) {
                sink.end_block()?;
            }
        }
    }
    Ok(most - left)
}
