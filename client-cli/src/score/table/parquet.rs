//! `--table FILE.parquet`: the long table in columns.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::column::writer::ColumnWriterImpl;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::columns::{Place, Row, Rows, SCORES};
use super::{Allele, StrandScores};
use crate::output_file::{Destination, Finished, OutputError, OutputFile};
use crate::vcf::SkipReason;

/// As the columns of the text, with null for `.` there.
const SCHEMA: &str = "message scores {
    required binary contig (STRING);
    required int64 position1;
    optional binary id (STRING);
    required binary reference (STRING);
    required binary alternate (STRING);
    required int32 allele_index;
    optional binary strand (STRING);
    optional boolean transcribed;
    optional binary gene (STRING);
    optional binary region (STRING);
    optional binary model (STRING);
    optional float ref_probability;
    optional float alt_probability;
    optional float delta;
    optional float logit_delta;
    optional float spread;
    optional float delta_quantile;
    optional binary skipped (STRING);
}";

/// What rows of a group take in memory before they are written: with all models some 300,000 rows.
const GROUP_BYTES: usize = 16 << 20;
/// Values that are made at once.
const BATCH_ROWS: usize = 4096;

/// A Parquet file being written. Its footer is at the end, so that it cannot be gone on with.
pub(super) struct ParquetTable {
    writer: SerializedFileWriter<OutputFile>,
    name: String,
    rows: Rows,
    group_bytes: usize,
    models: Vec<ByteArray>,
    numbers: HashMap<String, u32>,
}

impl ParquetTable {
    /// Opens its file.
    pub(super) fn create(destination: &Destination) -> Result<Self, OutputError> {
        let name = destination.name();
        // Its pages are compressed, whatever the name ends in.
        let mut output = OutputFile::open(destination, false, false)?;
        output.go_on_from(0)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_created_by(concat!("polaris-client version ", env!("CARGO_PKG_VERSION")).to_owned());
        let writer = parse_message_type(SCHEMA).and_then(|schema| {
            SerializedFileWriter::new(output, Arc::new(schema), Arc::new(properties.build()))
        });
        Ok(Self {
            writer: writer.map_err(|error| failed(&name, error))?,
            name,
            rows: Rows::default(),
            group_bytes: GROUP_BYTES,
            models: Vec::new(),
            numbers: HashMap::new(),
        })
    }

    /// Begins it for these models.
    pub(super) fn begin(&mut self, models: &[String]) {
        self.models = models.iter().map(|model| ByteArray::from(model.as_str())).collect();
        self.numbers = models.iter().cloned().zip(0..).collect();
    }

    /// Adds a scored allele.
    pub(super) fn push_scored(&mut self, allele: &Allele<'_>, strands: &[StrandScores<'_>]) {
        self.rows.push_scored(allele, strands, |model| self.numbers.get(model).copied());
    }

    /// Adds a skipped allele.
    pub(super) fn push_skipped(&mut self, allele: &Allele<'_>, reason: SkipReason) {
        self.rows.push_skipped(allele, reason);
    }

    /// Writes a group of rows if they are enough for one.
    pub(super) fn pass_on(&mut self) -> Result<(), OutputError> {
        if self.rows.bytes() < self.group_bytes {
            return Ok(());
        }
        self.write_group()
    }

    /// Writes the rest and the footer, and makes the file durable, still without its name.
    pub(super) fn finish(mut self: Box<Self>) -> Result<(Finished, u64), OutputError> {
        if !self.rows.rows.is_empty() {
            self.write_group()?;
        }
        let Self { writer, name, .. } = *self;
        writer.into_inner().map_err(|error| failed(&name, error))?.finish()
    }

    fn write_group(&mut self) -> Result<(), OutputError> {
        let Self { writer, rows, models, .. } = self;
        let written = writer.next_row_group().and_then(|mut group| {
            write_columns(&mut group, rows, models)?;
            group.close()
        });
        self.rows.clear();
        written.map(|_| ()).map_err(|error| failed(&self.name, error))
    }
}

fn failed(name: &str, error: ParquetError) -> OutputError {
    let source = match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    };
    OutputError::of(name, source)
}

type Group<'a> = SerializedRowGroupWriter<'a, OutputFile>;

/// In the order of the schema.
fn write_columns(group: &mut Group<'_>, rows: &Rows, models: &[ByteArray]) -> Result<(), ParquetError> {
    let texts = |group: &mut Group<'_>, text: fn(&Place) -> Option<&str>| {
        write::<ByteArrayType>(group, rows, |place, _| text(place).map(ByteArray::from))
    };
    texts(group, |place| Some(&place.contig))?;
    write::<Int64Type>(group, rows, |place, _| Some(place.position1))?;
    texts(group, |place| place.id.as_deref())?;
    texts(group, |place| Some(&place.reference))?;
    texts(group, |place| Some(&place.alternate))?;
    write::<Int32Type>(group, rows, |place, _| Some(place.allele_index))?;
    texts(group, |place| place.strand)?;
    write::<BoolType>(group, rows, |place, _| place.transcribed)?;
    texts(group, |place| place.gene.as_deref())?;
    texts(group, |place| place.region.as_deref())?;
    write::<ByteArrayType>(group, rows, |_, row| models.get(usize::try_from(row.model?).ok()?).cloned())?;
    for index in 0..SCORES {
        let number = |row: &Row| row.scores.get(index).copied().filter(|number| !number.is_nan());
        write::<FloatType>(group, rows, |_, row| number(row))?;
    }
    texts(group, |place| place.skipped)
}

/// Writes the next column.
fn write<T: DataType>(
    group: &mut Group<'_>,
    rows: &Rows,
    value: impl Fn(&Place, &Row) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("the schema has fewer columns".to_owned()));
    };
    let writer: &mut ColumnWriterImpl<'_, T> = column.typed::<T>();
    let (mut values, mut levels) = (Vec::with_capacity(BATCH_ROWS), Vec::with_capacity(BATCH_ROWS));
    for batch in rows.rows.chunks(BATCH_ROWS) {
        values.clear();
        levels.clear();
        for row in batch {
            let place = usize::try_from(row.place).ok().and_then(|place| rows.places.get(place));
            let value = place.and_then(|place| value(place, row));
            levels.push(i16::from(value.is_some()));
            values.extend(value);
        }
        let is_optional = writer.get_descriptor().max_def_level() > 0;
        writer.write_batch(&values, is_optional.then_some(&levels[..]), None)?;
    }
    column.close()
}

#[cfg(test)]
mod tests;
