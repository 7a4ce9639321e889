//! Writes scored records: the VCF, and the table beside it.

use tokio::sync::mpsc;

use super::header::{Provenance, with_ours};
use super::info::{Annotation, encoded};
use super::plan::{AllelePlan, Placement, RecordPlan};
use super::reply::{ModelScore, Scored};
use super::summary::Counts;
use super::table;
use crate::console::Progress;
use crate::number;
use crate::output_file::{Destination, OutputError, OutputFile};
use crate::vcf::{Header, SkipReason};

/// The outputs of a run and what has gone into them. Dropped without `commit`, it leaves no file.
pub(super) struct Writer {
    vcf: Option<OutputFile>,
    table: Option<OutputFile>,
    annotation: Annotation,
    counts: Counts,
}

impl Writer {
    /// Opens the outputs, so that a folder that is missing is found before the work.
    pub(super) fn create(vcf: &Destination, table: Option<&Destination>) -> Result<Self, OutputError> {
        Ok(Self {
            vcf: Some(OutputFile::create(vcf)?),
            table: table.map(OutputFile::create).transpose()?,
            annotation: Annotation::default(),
            counts: Counts::default(),
        })
    }

    /// Writes the headers.
    pub(super) fn begin(&mut self, header: &Header, provenance: &Provenance) -> Result<(), OutputError> {
        self.write_vcf(&with_ours(header, provenance))?;
        match &mut self.table {
            Some(table) => table.write_all(table::HEADER.as_bytes()),
            None => Ok(()),
        }
    }

    /// Writes what arrives until there is no more. Ends early when nobody reads the output any longer.
    pub(super) fn drain(
        mut self,
        mut scored: mpsc::Receiver<Scored>,
        progress: &Progress,
    ) -> Result<Self, OutputError> {
        while let Some(chunk) = scored.blocking_recv() {
            self.write(&chunk)?;
            progress.add(u64::try_from(chunk.records.len()).unwrap_or(u64::MAX));
            if self.is_closed() {
                break;
            }
        }
        Ok(self)
    }

    /// Nobody reads the output any longer.
    pub(super) fn is_closed(&self) -> bool {
        self.vcf.is_none() && self.table.is_none()
    }

    /// Gives the files their names.
    pub(super) fn commit(self) -> Result<Counts, OutputError> {
        if let Some(table) = self.table {
            table.commit()?;
        }
        match self.vcf.map(OutputFile::commit) {
            None | Some(Ok(()) | Err(OutputError::Closed)) => Ok(self.counts),
            Some(Err(error)) => Err(error),
        }
    }

    fn write(&mut self, chunk: &Scored) -> Result<(), OutputError> {
        let (mut lines, mut rows, mut info) = (Vec::new(), Vec::new(), Vec::new());
        for plan in &chunk.records {
            self.annotate(plan, chunk, &mut rows);
            info.clear();
            self.annotation.write(plan.record.info(), &mut info);
            plan.record.write(&info, &mut lines);
            self.counts.records += 1;
        }
        if let Some(table) = &mut self.table {
            table.write_all(&rows)?;
        }
        self.write_vcf(&lines)
    }

    fn annotate(&mut self, plan: &RecordPlan, chunk: &Scored, rows: &mut Vec<u8>) {
        self.annotation.clear();
        for ((allele, alternate), index1) in plan.alleles.iter().zip(plan.record.alternates()).zip(1..) {
            let columns = match self.table {
                Some(_) => table::allele_columns(&plan.record, alternate, index1),
                None => Vec::new(),
            };
            match allele {
                AllelePlan::Skipped(reason) => self.skip(*reason, &columns, rows),
                AllelePlan::Scored(placements) => self.score(placements, chunk, &columns, rows),
            }
        }
    }

    fn skip(&mut self, reason: SkipReason, columns: &[u8], rows: &mut Vec<u8>) {
        self.counts.allele(Some(reason));
        self.annotation.push([b"", b"", b"", b"", b"", b"", reason.code().as_bytes()]);
        if self.table.is_some() {
            table::push_skipped(columns, reason, rows);
        }
    }

    fn score(&mut self, placements: &[Placement], chunk: &Scored, columns: &[u8], rows: &mut Vec<u8>) {
        let mut largest: Option<ModelScore<'_>> = None;
        for placement in placements {
            let Some((region, scores)) = chunk.scores(placement) else { continue };
            for score in scores {
                if largest.is_none_or(|largest| score.delta.abs() > largest.delta.abs()) {
                    largest = Some(score);
                }
                if self.table.is_some() {
                    table::push_score(columns, placement, region, &score, rows);
                }
            }
        }
        self.counts.allele(None);
        let Some(largest) = largest else { return self.annotation.push([b""; 7]) };
        let [delta, reference, alternate] =
            [largest.delta, largest.reference, largest.alternate].map(number::text);
        let quantile = largest.quantile.map(number::text).unwrap_or_default();
        self.annotation.push([
            delta.as_bytes(),
            &encoded(largest.model),
            reference.as_bytes(),
            alternate.as_bytes(),
            largest.strand.to_string().as_bytes(),
            quantile.as_bytes(),
            b"",
        ]);
    }

    /// Where the reader of standard output has gone, a table is still worth the work.
    fn write_vcf(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        match self.vcf.as_mut().map(|vcf| vcf.write_all(bytes)) {
            Some(Err(OutputError::Closed)) => {
                self.vcf = None;
                Ok(())
            }
            Some(result) => result,
            None => Ok(()),
        }
    }
}
