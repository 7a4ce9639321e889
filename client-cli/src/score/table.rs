//! The table of all scores: long, a row for each record, allele, strand and model; wide, a row for each strand; or JSON
//! lines, one for each allele. A skipped allele has a row too.

mod columns;
mod parquet;
mod text;

use clap::ValueEnum;
use polaris_genomics::RegionClass;

use self::parquet::ParquetTable;
pub(super) use self::text::ALLELE_COLUMNS;
use self::text::TextForm;
use super::plan::Placement;
use super::reply::ModelScore;
use crate::output_file::{Destination, Finished, OutputError, OutputFile};
use crate::vcf::{Record, SkipReason};

/// Layout of a table of tab-separated values.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Layout {
    /// A row for each record, allele, strand and model
    Long,
    /// A row for each record, allele and strand, with columns for each model
    Wide,
}

/// Format of a table's file.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// Tab-separated values
    Tsv,
    /// JSON lines, an object for each allele
    Jsonl,
    /// Parquet, a row for each record, allele, strand and model
    Parquet,
}

impl Format {
    /// What the name of the file says; tab-separated values if it says nothing, none if it promises what there is not.
    pub(crate) fn of_name(destination: &Destination) -> Option<Self> {
        let name = destination.name().to_ascii_lowercase();
        let name = name.trim_end_matches(".gz").trim_end_matches(".bgz");
        let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
        match () {
            () if ends(&[".parquet", ".pq"]) => Some(Self::Parquet),
            () if ends(&[".jsonl", ".ndjson"]) => Some(Self::Jsonl),
            () if ends(&[".arrow", ".feather", ".xlsx"]) => None,
            () => Some(Self::Tsv),
        }
    }
}

/// A table to write.
#[derive(Clone, Debug)]
pub(crate) struct TableOptions {
    pub(crate) destination: Destination,
    pub(crate) format: Format,
    pub(crate) layout: Layout,
}

impl TableOptions {
    /// Whether it can be gone on with.
    pub(super) fn is_resumable(&self) -> bool {
        self.format != Format::Parquet
    }
}

/// An allele of a record. `index1` counts the record's alternates from 1, as a genotype does.
pub(super) struct Allele<'a> {
    pub(super) record: &'a Record,
    pub(super) alternate: &'a [u8],
    pub(super) index1: usize,
}

/// The scores of an allele on one strand.
pub(super) struct StrandScores<'a> {
    pub(super) placement: &'a Placement,
    pub(super) region: Option<RegionClass>,
    pub(super) scores: Vec<ModelScore<'a>>,
}

/// A table being written.
pub(super) struct Table {
    /// Models of the run, in the order of the wide columns.
    models: Vec<String>,
    target: Target,
}

enum Target {
    Text {
        output: OutputFile,
        form: TextForm,
        /// Rows that are not yet with the output.
        rows: Vec<u8>,
    },
    Parquet(Box<ParquetTable>),
}

impl Table {
    /// Opens its file. What an earlier run has left is there until `go_on_from` of a text's output.
    pub(super) fn open(options: &TableOptions, keep: bool) -> Result<Self, OutputError> {
        let text = |form| -> Result<Target, OutputError> {
            let compressed = options.destination.is_compressed();
            let output = OutputFile::open(&options.destination, compressed, keep)?;
            Ok(Target::Text { output, form, rows: Vec::new() })
        };
        let target = match (options.format, options.layout) {
            (Format::Tsv, Layout::Long) => text(TextForm::Long)?,
            (Format::Tsv, Layout::Wide) => text(TextForm::Wide)?,
            (Format::Jsonl, _) => text(TextForm::JsonLines)?,
            (Format::Parquet, _) => Target::Parquet(Box::new(ParquetTable::create(&options.destination)?)),
        };
        Ok(Self { models: Vec::new(), target })
    }

    /// Begins it for these models, with a line of names unless that is there already.
    pub(super) fn begin(&mut self, models: &[String], is_new: bool) {
        self.models = models.to_vec();
        match &mut self.target {
            Target::Text { form, rows, .. } if is_new => *rows = text::header(*form, models).into_bytes(),
            Target::Text { .. } => {}
            Target::Parquet(table) => table.begin(models),
        }
    }

    /// Adds a scored allele.
    pub(super) fn push_scored(&mut self, allele: &Allele<'_>, strands: &[StrandScores<'_>]) {
        match &mut self.target {
            Target::Text { form, rows, .. } => text::push_scored(*form, &self.models, allele, strands, rows),
            Target::Parquet(table) => table.push_scored(allele, strands),
        }
    }

    /// Adds a skipped allele.
    pub(super) fn push_skipped(&mut self, allele: &Allele<'_>, reason: SkipReason) {
        match &mut self.target {
            Target::Text { form, rows, .. } => text::push_skipped(*form, &self.models, allele, reason, rows),
            Target::Parquet(table) => table.push_skipped(allele, reason),
        }
    }

    /// Hands what was added to the file, as far as that is due.
    pub(super) fn pass_on(&mut self) -> Result<(), OutputError> {
        match &mut self.target {
            Target::Text { output, rows, .. } => {
                let written = output.write_all(rows);
                rows.clear();
                written
            }
            Target::Parquet(table) => table.pass_on(),
        }
    }

    /// The output of text, which can be gone on with.
    pub(super) fn output(&mut self) -> Option<&mut OutputFile> {
        match &mut self.target {
            Target::Text { output, .. } => Some(output),
            Target::Parquet(_) => None,
        }
    }

    /// Ends it and makes it durable, still without its name.
    pub(super) fn finish(self) -> Result<(Finished, u64), OutputError> {
        match self.target {
            Target::Text { output, .. } => output.finish(),
            Target::Parquet(table) => table.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_the_format() {
        for (name, expected) in [
            ("a.tsv", Some(Format::Tsv)),
            ("a", Some(Format::Tsv)),
            ("a.tsv.gz", Some(Format::Tsv)),
            ("a.jsonl", Some(Format::Jsonl)),
            ("a.JSONL.gz", Some(Format::Jsonl)),
            ("a.Parquet", Some(Format::Parquet)),
            ("a.feather", None),
        ] {
            assert_eq!(Format::of_name(&Destination::File(name.into())), expected, "{name}");
        }
    }
}
