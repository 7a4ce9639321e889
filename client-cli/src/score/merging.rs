//! `polaris-client merge`: the outputs of all shards, joined to what one run would have written.

mod extras;
mod part;
mod table;

use std::path::PathBuf;

use polaris_genomics::Shard;

use self::extras::Extras;
use self::part::{MergeError, Part};
use self::table::TablePart;
use super::form::{Form, IndexKind};
use super::header::{command_line, of_whole, provenance};
use super::writer::file_of;
use super::{index, stats};
use crate::output_file::{Destination, Finished, OutputFile};
use crate::vcf::{BcfEncoder, Header};

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
    /// The tables of the shards, in the order of `inputs`.
    pub(crate) table_parts: Vec<PathBuf>,
    /// The joined table.
    pub(crate) table: Option<Destination>,
    /// The table of skipped alleles.
    pub(crate) skipped: Option<Destination>,
    /// The counts.
    pub(crate) stats: Option<Destination>,
}

/// Records that are read at once.
const CHUNK_RECORDS: usize = 512;
/// As `score` does by default, so that the blocks of compressed files end where they would.
const CHECKPOINT_RECORDS: u64 = 8192;

/// Joins them.
pub(crate) fn merge(options: &MergeOptions) -> anyhow::Result<()> {
    let (mut parts, tables) = open_all(options)?;
    part::check(&parts)?;
    let command = command_line(std::env::args_os());
    let Some(first) = parts.first() else { anyhow::bail!("no shard is named") };
    let block = first.block;
    let headers: Vec<&Header> = parts.iter().map(|part| &part.header).collect();
    let mut bytes = of_whole(&first.header, &command, &headers);
    let mut encoder = None;
    if options.form.is_bcf() {
        let (new, encoded) = BcfEncoder::new(&bytes)?;
        encoder = Some(new);
        bytes = encoded;
    }
    let mut output = OutputFile::open(&options.output, options.form.is_compressed(), false)?;
    output.go_on_from(0)?;
    output.write_all(&bytes)?;
    output.end_block()?;
    let extras = Extras::open(options, tables)?;
    let mut joined = Joined { output, encoder, extras, records: 0 };
    let mut ended: Option<Shard> = None;
    while ended.is_none() {
        for (number, part) in parts.iter_mut().enumerate() {
            let taken = joined.copy(part, number, block)?;
            match ended {
                Some(_) if taken > 0 => return Err(MergeError::Long(part.shard).into()),
                // The first block that is not full is the last.
                None if taken < block => ended = Some(part.shard),
                _ => {}
            }
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
    let sample = match file_of(&options.output) {
        Some(path) => stats::sample(&path),
        None => "standard output".to_owned(),
    };
    let Joined { output, extras, .. } = joined;
    let beside = extras.finish(parts.first(), &sample, command)?;
    // The scored file has its name last: what stands beside it is there when it is.
    let scored = output.finish()?.0;
    beside.into_iter().chain([scored]).try_for_each(Finished::publish)?;
    match (options.index, file_of(&options.output)) {
        (Some(kind), Some(path)) => Ok(index::write(&path, options.form.is_bcf(), kind)?),
        _ => Ok(()),
    }
}

/// The shards in their order, and the tables in that of their shards.
fn open_all(options: &MergeOptions) -> anyhow::Result<(Vec<Part>, Vec<TablePart>)> {
    let mut shards = Vec::new();
    let mut tables = options.table_parts.iter();
    for path in &options.inputs {
        let part = part::open(path)?;
        let models = provenance(&part.header).models;
        let table = tables.next().map(|path| TablePart::open(path, models)).transpose()?;
        shards.push((part, table));
    }
    shards.sort_by_key(|(part, _)| part.shard.number1);
    let (parts, tables): (Vec<_>, Vec<_>) = shards.into_iter().unzip();
    Ok((parts, tables.into_iter().flatten().collect()))
}

/// The whole, as far as it is joined.
struct Joined {
    output: OutputFile,
    encoder: Option<BcfEncoder>,
    extras: Extras,
    records: u64,
}

impl Joined {
    /// Copies at most `most` records of a part; gives how many there were.
    fn copy(&mut self, part: &mut Part, number: usize, most: u64) -> anyhow::Result<u64> {
        let mut left = most;
        while left > 0 {
            let records =
                part.reader.next_records(usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK_RECORDS))?;
            if records.is_empty() {
                break;
            }
            for record in records {
                let mut bytes = Vec::with_capacity(record.bytes() + 2);
                match &mut self.encoder {
                    None => record.write(record.info(), &mut bytes),
                    Some(encoder) => encoder.encode(record.text(), &mut bytes)?,
                }
                self.output.write_all(&bytes)?;
                self.extras.add(&record, number)?;
                left -= 1;
                self.records += 1;
                if self.records.is_multiple_of(CHECKPOINT_RECORDS) {
                    self.output.end_block()?;
                }
            }
        }
        Ok(most - left)
    }
}
