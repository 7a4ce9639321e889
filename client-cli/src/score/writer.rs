//! Writes scored records: the scored file, the table, and the list of what was skipped; and notes how far it has come.

use std::path::PathBuf;

use tokio::sync::mpsc;

use super::form::Form;
use super::header::{Provenance, with_ours};
use super::info::{Annotation, Fields, encoded};
use super::journal::{Checkpoint, Journal, JournalError};
use super::largest::{hit, largest, push_models};
use super::plan::{AllelePlan, Placement, RecordPlan};
use super::reply::Scored;
use super::summary::Counts;
use super::table::{ALLELE_COLUMNS, Allele, StrandScores, Table, TableOptions};
use super::top::Top;
use super::whole::Whole;
use crate::console::Progress;
use crate::number;
use crate::output_file::{Destination, OutputError, OutputFile};
use crate::vcf::{BcfEncoder, BcfError, Header, SkipReason};

/// Why records cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// From the system.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The checkpoint.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A record that BCF has no form for.
    #[error("cannot write BCF: line {line}: {error}")]
    Bcf {
        /// Of the input, from 1; 0 for the header.
        line: u64,
        /// What is wrong.
        error: BcfError,
    },
}

/// What is written where.
#[derive(Clone, Debug)]
pub(super) struct Outputs {
    pub(super) scored: Destination,
    pub(super) form: Form,
    pub(super) table: Option<TableOptions>,
    /// The list of skipped alleles.
    pub(super) skipped: Option<Destination>,
    /// Records between two checkpoints. The blocks of compressed outputs end there too, so that outputs do not depend on
    /// whether a run was interrupted.
    pub(super) checkpoint_records: u64,
}

impl Outputs {
    /// In the order of the lengths in a checkpoint.
    pub(super) fn destinations(&self) -> impl Iterator<Item = &Destination> {
        let table = self.table.iter().map(|table| &table.destination);
        std::iter::once(&self.scored).chain(table).chain(&self.skipped)
    }
}

/// The outputs of a run and what has gone into them. Dropped without `finish`, it leaves no file, unless the run is to be
/// gone on with.
pub(super) struct Writer {
    scored: Option<OutputFile>,
    encoder: Option<BcfEncoder>,
    table: Option<Table>,
    skipped: Option<OutputFile>,
    annotation: Annotation,
    counts: Counts,
    top: Top,
    journal: Option<Journal>,
    checkpoint_records: u64,
    /// Bytes that are not yet with their outputs.
    lines: Vec<u8>,
    skipped_rows: Vec<u8>,
}

/// How a run ends that is not to end yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Interrupted {
    /// The outputs so far and the checkpoint stay.
    Keep,
    /// Nothing stays.
    Remove,
}

impl Writer {
    /// Opens the outputs, going on behind a checkpoint if there is one.
    pub(super) fn open(
        outputs: &Outputs,
        mut journal: Option<Journal>,
        checkpoint: Option<Checkpoint>,
        interrupted: Interrupted,
    ) -> Result<Self, OutputError> {
        let keep = interrupted == Interrupted::Keep;
        let open = |destination: &Destination, compressed| OutputFile::open(destination, compressed, keep);
        let scored = Some(open(&outputs.scored, outputs.form.is_compressed())?);
        let table = outputs.table.as_ref().map(|options| Table::open(options, keep)).transpose()?;
        let skipped = match &outputs.skipped {
            Some(destination) => Some(open(destination, destination.is_compressed())?),
            None => None,
        };
        // No other run has the outputs. What is there of an earlier one goes only when nothing says any longer that it is.
        if let Some(journal) = &mut journal {
            journal.own(keep);
            if checkpoint.is_none() {
                journal.forget();
            }
        }
        let lengths = checkpoint.as_ref().map(|checkpoint| checkpoint.lengths.clone()).unwrap_or_default();
        let (counts, top) =
            checkpoint.map(|checkpoint| (checkpoint.counts, checkpoint.top)).unwrap_or_default();
        let mut writer = Self {
            scored,
            encoder: None,
            table,
            skipped,
            annotation: Annotation::default(),
            counts,
            top,
            journal: None,
            checkpoint_records: outputs.checkpoint_records.max(1),
            lines: Vec::new(),
            skipped_rows: Vec::new(),
        };
        let lengths = lengths.into_iter().chain(std::iter::repeat(0));
        writer.sinks().zip(lengths).try_for_each(|(sink, length)| sink.go_on_from(length))?;
        let resumable = outputs.table.as_ref().is_none_or(TableOptions::is_resumable);
        if resumable && writer.sinks().all(|sink| sink.is_resumable()) {
            writer.journal = journal;
        }
        Ok(writer)
    }

    /// Writes the headers, or takes them as written if there is a part of the outputs already.
    pub(super) fn begin(
        &mut self,
        header: &Header,
        provenance: &Provenance,
        fields: Fields,
        form: Form,
        models: &[String],
    ) -> Result<(), WriteError> {
        let is_new = self.counts.records == 0;
        if let Some(table) = &mut self.table {
            table.begin(models, is_new);
        }
        let mut text = with_ours(header, provenance, &fields);
        self.annotation = Annotation::new(fields);
        if form.is_bcf() {
            let (encoder, bytes) =
                BcfEncoder::new(&text).map_err(|error| WriteError::Bcf { line: 0, error })?;
            self.encoder = Some(encoder);
            text = bytes;
        }
        if !is_new {
            return Ok(());
        }
        self.lines = text;
        self.skipped_rows = format!("{ALLELE_COLUMNS}\treason\n").into_bytes();
        // As after each checkpoint, so that records start a block.
        self.pass_on()?;
        Ok(self.sinks().try_for_each(OutputFile::end_block)?)
    }

    /// Writes what arrives until there is no more. Ends early when nobody reads the output any longer.
    pub(super) fn drain(
        mut self,
        mut scored: mpsc::Receiver<Scored>,
        progress: &Progress,
    ) -> Result<Self, WriteError> {
        while let Some(chunk) = scored.blocking_recv() {
            self.write(&chunk)?;
            progress.add(u64::try_from(chunk.records.len()).unwrap_or(u64::MAX));
            if self.is_closed() {
                break;
            }
        }
        Ok(self)
    }

    /// What is written so far.
    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The largest changes so far.
    pub(super) fn top(&self) -> &Top {
        &self.top
    }

    /// Nobody reads the output any longer.
    pub(super) fn is_closed(&self) -> bool {
        self.scored.is_none() && self.table.is_none() && self.skipped.is_none()
    }

    /// Makes the files whole and durable, and notes that they are. They have no names yet.
    pub(super) fn finish(self) -> Result<Whole, WriteError> {
        let Self { scored, table, skipped, journal, counts, top, .. } = self;
        let (mut unnamed, mut lengths) = (Vec::new(), Vec::new());
        let finished = scored.map(OutputFile::finish).into_iter().chain(table.map(Table::finish));
        for finished in finished.chain(skipped.map(OutputFile::finish)) {
            match finished {
                Ok((finished, length)) => {
                    unnamed.push(finished);
                    lengths.push(length);
                }
                // Whoever read standard output needs no more of it.
                Err(OutputError::Closed) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(journal) = &journal {
            journal.write(true, lengths, &counts, &top)?;
        }
        // The scored file has its name last: what stands beside it is there when it is.
        unnamed.reverse();
        Ok(Whole { unnamed, counts, top, journal })
    }

    fn sinks(&mut self) -> impl Iterator<Item = &mut OutputFile> {
        let table = self.table.iter_mut().filter_map(Table::output);
        self.scored.iter_mut().chain(table).chain(&mut self.skipped)
    }

    fn write(&mut self, chunk: &Scored) -> Result<(), WriteError> {
        let (mut info, mut line) = (Vec::new(), Vec::new());
        for plan in &chunk.records {
            self.annotate(plan, chunk);
            info.clear();
            self.annotation.write(plan.record.info(), &mut info);
            match &mut self.encoder {
                None => plan.record.write(&info, &mut self.lines),
                Some(encoder) => {
                    line.clear();
                    plan.record.write(&info, &mut line);
                    let wrong = |error| WriteError::Bcf { line: plan.record.line(), error };
                    encoder.encode(without_ending(&line), &mut self.lines).map_err(wrong)?;
                }
            }
            self.counts.records += 1;
            if self.counts.records.is_multiple_of(self.checkpoint_records) {
                self.checkpoint()?;
            }
        }
        Ok(self.pass_on()?)
    }

    fn annotate(&mut self, plan: &RecordPlan, chunk: &Scored) {
        self.annotation.clear();
        for ((allele, alternate), index1) in plan.alleles.iter().zip(plan.record.alternates()).zip(1..) {
            let named = Allele { record: &plan.record, alternate, index1 };
            match allele {
                AllelePlan::Skipped(reason) => self.skip(*reason, &named),
                AllelePlan::Scored(placements) => self.score(placements, chunk, &named),
            }
            self.annotation.end_allele();
        }
    }

    fn skip(&mut self, reason: SkipReason, allele: &Allele<'_>) {
        self.counts.allele(Some(reason));
        for value in ["", "", "", "", "", "", reason.code()] {
            self.annotation.push(value.as_bytes());
        }
        if let Some(table) = &mut self.table {
            table.push_skipped(allele, reason);
        }
        if self.skipped.is_some() {
            allele.push_skipped(reason, &mut self.skipped_rows);
        }
    }

    fn score(&mut self, placements: &[Placement], chunk: &Scored, allele: &Allele<'_>) {
        self.counts.allele(None);
        let mut strands = Vec::with_capacity(placements.len());
        for placement in placements {
            let Some((region, scores)) = chunk.scores(placement) else { continue };
            strands.push(StrandScores { placement, region, scores: scores.collect() });
        }
        let Some((strand, largest)) = largest(&strands) else { return };
        let [delta, reference, alternate] =
            [largest.delta, largest.reference, largest.alternate].map(number::text);
        let quantile = largest.quantile.map(number::text).unwrap_or_default();
        let sign = largest.strand.to_string();
        let model = encoded(largest.model);
        let values: [&[u8]; 7] = [
            delta.as_bytes(),
            &model,
            reference.as_bytes(),
            alternate.as_bytes(),
            sign.as_bytes(),
            quantile.as_bytes(),
            b"",
        ];
        values.into_iter().for_each(|value| self.annotation.push(value));
        push_models(&mut self.annotation, &strands);
        if self.top.takes(largest.delta) {
            self.top.add(hit(allele, strand.placement, &largest));
        }
        if let Some(table) = &mut self.table {
            table.push_scored(allele, &strands);
        }
    }

    /// Hands everything to the outputs, makes it durable, and notes how far that is.
    fn checkpoint(&mut self) -> Result<(), WriteError> {
        self.pass_on()?;
        if self.journal.is_none() {
            // Blocks end all the same, so that outputs do not depend on whether there are checkpoints.
            return Ok(self.sinks().try_for_each(|sink| match sink.end_block() {
                // What is written next finds out, and goes on without it.
                Err(OutputError::Closed) => Ok(()),
                ended => ended,
            })?);
        }
        let lengths = self.sinks().map(OutputFile::checkpoint).collect::<Result<Vec<_>, _>>()?;
        match &self.journal {
            Some(journal) => Ok(journal.write(false, lengths, &self.counts, &self.top)?),
            None => Ok(()),
        }
    }

    /// Hands bytes to the outputs. Where the reader of standard output has gone, a table is still worth the work.
    fn pass_on(&mut self) -> Result<(), OutputError> {
        if let Some(table) = &mut self.table {
            table.pass_on()?;
        }
        if let Some(skipped) = &mut self.skipped {
            skipped.write_all(&self.skipped_rows)?;
        }
        let written = self.scored.as_mut().map(|scored| scored.write_all(&self.lines));
        for bytes in [&mut self.skipped_rows, &mut self.lines] {
            bytes.clear();
        }
        match written {
            Some(Err(OutputError::Closed)) => {
                self.scored = None;
                Ok(())
            }
            Some(result) => result,
            None => Ok(()),
        }
    }
}

/// A line without its ending.
fn without_ending(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Where the scored file is, if it is one.
pub(super) fn file_of(destination: &Destination) -> Option<PathBuf> {
    match destination {
        Destination::Stdout => None,
        Destination::File(path) => Some(path.clone()),
    }
}
