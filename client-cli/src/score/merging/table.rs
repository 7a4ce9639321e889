//! The tables of shards, read an allele at a time.

use std::io::BufRead;
use std::path::Path;

use super::super::table::Allele;
use super::part::MergeError;
use crate::vcf::{self, Bytes, InputError};

/// The column of the strand, and that of the model in a long table.
const STRAND: usize = 6;
const MODEL: usize = 10;

/// The table of a shard.
pub(super) struct TablePart {
    bytes: Bytes,
    name: String,
    /// The names of the columns; nothing of JSON lines.
    pub(super) header: Vec<u8>,
    /// A row has a model of its own.
    is_long: bool,
    /// Models of the run: as many rows a strand has in a long table.
    models: usize,
    /// The line that comes next; empty at the end.
    next: Vec<u8>,
}

impl TablePart {
    /// Opens one, of a run with so many models.
    pub(super) fn open(path: &Path, models: usize) -> Result<Self, InputError> {
        let (bytes, name) = vcf::open(path)?;
        let mut table = Self { bytes, name, header: Vec::new(), is_long: false, models, next: Vec::new() };
        table.advance()?;
        if !table.next.starts_with(b"{") {
            table.is_long = table.next.split(|&byte| byte == b'\t').nth(MODEL) == Some(b"model");
            table.header = std::mem::take(&mut table.next);
            table.advance()?;
        }
        Ok(table)
    }

    /// For messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Appends the rows of an allele, which must come next: those of all models on each strand if it is scored.
    pub(super) fn take(
        &mut self,
        allele: &Allele<'_>,
        is_scored: bool,
        out: &mut Vec<u8>,
    ) -> anyhow::Result<()> {
        if self.header.is_empty() {
            let beginning = allele.json_beginning();
            if !self.next.starts_with(beginning.as_bytes()) {
                return Err(self.other_row(allele).into());
            }
            out.append(&mut self.next);
            return Ok(self.advance()?);
        }
        let mut beginning = allele.columns();
        beginning.push(b'\t');
        if !self.next.starts_with(&beginning) {
            return Err(self.other_row(allele).into());
        }
        // The same allele may come again in the next record: its strands and models begin anew.
        let (first, mut rows) = (self.place(), 0_usize);
        loop {
            out.append(&mut self.next);
            rows += 1;
            self.advance()?;
            if !self.next.starts_with(&beginning) || self.place() == first {
                break;
            }
        }
        let is_whole = match (is_scored, self.is_long) {
            (false, _) => rows == 1,
            (true, true) => rows.is_multiple_of(self.models.max(1)),
            (true, false) => true,
        };
        match is_whole {
            true => Ok(()),
            false => {
                let (name, allele) = (self.name.clone(), shown(&allele.columns()).replace('\t', " "));
                Err(MergeError::Rows { name, allele, rows, models: self.models }.into())
            }
        }
    }

    /// Whether all of it was taken.
    pub(super) fn is_at_end(&self) -> bool {
        self.next.is_empty()
    }

    /// The strand and model of the next row.
    fn place(&self) -> (Vec<u8>, Vec<u8>) {
        let column = |index| {
            let column = self.next.split(|&byte| byte == b'\t').nth(index);
            column.unwrap_or_default().to_vec()
        };
        (column(STRAND), if self.is_long { column(MODEL) } else { Vec::new() })
    }

    fn other_row(&self, allele: &Allele<'_>) -> MergeError {
        let line = if self.is_at_end() { "its end".to_owned() } else { shown(&self.next) };
        MergeError::OtherRow {
            name: self.name.clone(),
            line,
            allele: shown(&allele.columns()).replace('\t', " "),
        }
    }

    fn advance(&mut self) -> Result<(), InputError> {
        self.next.clear();
        let read = self.bytes.read_until(b'\n', &mut self.next);
        read.map(|_| ()).map_err(|source| InputError::Read { name: self.name.clone(), line: 0, source })
    }
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().chars().take(60).collect()
}
