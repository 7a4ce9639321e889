//! What stands beside the joined file: the joined table, and what is known of skipped alleles from the file itself.

use super::super::header::{Provenance, provenance};
use super::super::stats;
use super::super::summary::Counts;
use super::super::table::{ALLELE_COLUMNS, Allele};
use super::part::{MergeError, Part};
use super::table::TablePart;
use super::{CHECKPOINT_RECORDS, MergeOptions};
use crate::output_file::{Destination, Finished, OutputError, OutputFile};
use crate::vcf::{Record, SkipReason};

/// The outputs beside the joined file.
pub(super) struct Extras {
    /// The tables in the order of the parts, and where they go.
    tables: Vec<TablePart>,
    table: Option<OutputFile>,
    skipped: Option<OutputFile>,
    stats: Option<Destination>,
    counts: Counts,
    rows: Vec<u8>,
    skipped_rows: Vec<u8>,
}

impl Extras {
    /// Opens them. `tables` are those of the parts, in their order.
    pub(super) fn open(options: &MergeOptions, tables: Vec<TablePart>) -> anyhow::Result<Self> {
        let open = |place: &Option<Destination>| place.as_ref().map(OutputFile::create).transpose();
        for (first, other) in tables.iter().zip(tables.iter().skip(1)) {
            if other.header != first.header {
                let [name, first] = [other, first].map(|table| table.name().to_owned());
                return Err(MergeError::OtherTable { name, first }.into());
            }
        }
        let mut extras = Self {
            table: open(&options.table)?,
            skipped: open(&options.skipped)?,
            stats: options.stats.clone(),
            counts: Counts::default(),
            rows: tables.first().map(|table| table.header.clone()).unwrap_or_default(),
            skipped_rows: format!("{ALLELE_COLUMNS}\treason\n").into_bytes(),
            tables,
        };
        extras.pass_on()?;
        extras.end_blocks()?;
        Ok(extras)
    }

    /// Takes account of the next record, which is of part `part`.
    pub(super) fn add(&mut self, record: &Record, part: usize) -> anyhow::Result<()> {
        let reasons = reasons(record)?;
        for ((alternate, reason), index1) in record.alternates().zip(reasons).zip(1..) {
            let allele = Allele { record, alternate, index1 };
            self.counts.allele(reason);
            if let Some(reason) = reason {
                allele.push_skipped(reason, &mut self.skipped_rows);
            }
            if let Some(table) = self.tables.get_mut(part) {
                table.take(&allele, reason.is_none(), &mut self.rows)?;
            }
        }
        self.counts.records += 1;
        self.pass_on()?;
        // As `score` does, so that the blocks of compressed files end where they would.
        if self.counts.records.is_multiple_of(CHECKPOINT_RECORDS) {
            self.end_blocks()?;
        }
        Ok(())
    }

    /// Ends them, durable and still without their names, with what gives the counts.
    pub(super) fn finish(
        self,
        first: Option<&Part>,
        sample: &str,
        command: String,
    ) -> anyhow::Result<Vec<Finished>> {
        if let Some(left) = self.tables.iter().find(|table| !table.is_at_end()) {
            anyhow::bail!("{} has more rows than its shard has alleles: it is of another run", left.name());
        }
        let mut finished = Vec::new();
        for output in self.table.into_iter().chain(self.skipped) {
            finished.push(output.finish()?.0);
        }
        if let (Some(place), Some(first)) = (&self.stats, first) {
            let provenance = Provenance { command, ..provenance(&first.header) };
            let mut output = OutputFile::create(place)?;
            output.write_all(stats::text(sample, &self.counts, &provenance).as_bytes())?;
            finished.push(output.finish()?.0);
        }
        Ok(finished)
    }

    fn pass_on(&mut self) -> Result<(), OutputError> {
        for (output, rows) in [(&mut self.table, &mut self.rows), (&mut self.skipped, &mut self.skipped_rows)]
        {
            if let Some(output) = output {
                output.write_all(rows)?;
            }
            rows.clear();
        }
        Ok(())
    }

    fn end_blocks(&mut self) -> Result<(), OutputError> {
        self.table.iter_mut().chain(&mut self.skipped).try_for_each(OutputFile::end_block)
    }
}

/// Of each alternate allele why it has no score, if it has none.
fn reasons(record: &Record) -> Result<Vec<Option<SkipReason>>, MergeError> {
    let wrong = || {
        let contig = String::from_utf8_lossy(record.contig());
        MergeError::NotScored { record: format!("{contig}:{}", record.position1()) }
    };
    let mut fields = record.info().split(|&byte| byte == b';');
    let codes = fields.find_map(|field| field.strip_prefix(b"POLARIS_SKIPPED=")).ok_or_else(wrong)?;
    let reasons = codes.split(|&byte| byte == b',').map(|code| match code {
        b"." => Ok(None),
        code => SkipReason::of_code(code).map(Some).ok_or_else(wrong),
    });
    let reasons = reasons.collect::<Result<Vec<_>, _>>()?;
    if reasons.len() == record.alternates().count() { Ok(reasons) } else { Err(wrong()) }
}
