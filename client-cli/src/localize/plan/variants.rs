//! Alleles of a VCF as targets: the windows that `score` cuts.

use std::sync::Arc;

use polaris_genomics::{AlleleWindow, AlternateWindow, NO_GRID};
use polaris_proto::v1::LocalizeWindow;

use super::super::error::LocalizeError;
use super::super::target::{Gap, Target, TargetWindow};
use super::{Asked, Sink};
use crate::messages::{Covariates, allele};
use crate::vcf::{Reader, Record, SkipReason, WindowLayout, allele_windows};

/// Records that are read at once.
const CHUNK_RECORDS: usize = 64;
/// Bases of an allele that its name shows.
const SHOWN_BASES: usize = 20;

/// A VCF after its header, and what it takes to cut windows.
pub(in super::super) struct Variants {
    pub(in super::super) covariates: Covariates,
    pub(in super::super) asked: Asked,
    pub(in super::super) reader: Reader,
}

impl Variants {
    pub(in super::super) fn plan(mut self, sink: Sink<'_>) -> Result<(), LocalizeError> {
        loop {
            let records = self.reader.next_records(CHUNK_RECORDS)?;
            if records.is_empty() {
                return Ok(());
            }
            for record in &records {
                for alternate in record.alternates() {
                    for target in self.targets(record, alternate)? {
                        if !sink(target) {
                            return Ok(());
                        }
                    }
                }
            }
        }
    }

    fn targets(&self, record: &Record, alternate: &[u8]) -> Result<Vec<Target>, LocalizeError> {
        let name: Arc<str> = name(record, alternate).into();
        let layout = WindowLayout { length: self.asked.length, grid: NO_GRID, left_aligned: true };
        let cut = allele_windows(record, alternate, layout, self.covariates.bundle())?;
        let windows = match cut {
            Ok(cut) => cut.windows,
            Err(reason) => return Ok(vec![skipped(name, record, reason)]),
        };
        windows.into_iter().map(|cut| target(Arc::clone(&name), cut, &self.covariates)).collect()
    }
}

/// An allele on the strand of its window.
pub(in super::super) fn target(
    name: Arc<str>,
    cut: AlleleWindow,
    covariates: &Covariates,
) -> Result<Target, LocalizeError> {
    let AlleleWindow { window, reference, alternate } = cut;
    let (message, _) = covariates.message(&window, reference.clone())?;
    let whole = whole(&reference, &alternate);
    let message = LocalizeWindow { reference: Some(message), allele: Some(allele(alternate)) };
    Ok(Target {
        name,
        place: window.clone(),
        letters: reference,
        windows: vec![TargetWindow { window, message }],
        alternate: Some(whole),
        gaps: Vec::new(),
    })
}

/// The alternate's bases as far as the reference's window reaches.
fn whole(reference: &[u8], alternate: &AlternateWindow) -> Vec<u8> {
    let part = |from: usize, to: usize| reference.get(from..to).unwrap_or_default();
    let end = reference.len();
    match alternate {
        AlternateWindow::Substituted { offset0, bases } => {
            [part(0, *offset0), bases, part(offset0 + bases.len(), end)].concat()
        }
        AlternateWindow::Resized { left_anchored, offset0, removed, added, .. } => {
            let bases = left_anchored.get(*offset0..offset0 + added).unwrap_or_default();
            [part(0, *offset0), bases, part(offset0 + removed, end)].concat()
        }
    }
}

/// `rs1_A>C`, or `chr1:7_A>C` for a record without an identifier.
pub(in super::super) fn name(record: &Record, alternate: &[u8]) -> String {
    let id = match record.id() {
        b"." | b"" => format!("{}:{}", String::from_utf8_lossy(record.contig()), record.position1()),
        id => String::from_utf8_lossy(id).into_owned(),
    };
    format!("{id}_{}>{}", shown(record.reference()), shown(alternate))
}

fn shown(bases: &[u8]) -> String {
    match bases.get(..SHOWN_BASES).filter(|_| bases.len() > SHOWN_BASES) {
        Some(head) => format!("{}...({})", String::from_utf8_lossy(head), bases.len()),
        None => String::from_utf8_lossy(bases).into_owned(),
    }
}

fn skipped(name: Arc<str>, record: &Record, reason: SkipReason) -> Target {
    let start0 = record.position1().saturating_sub(1);
    let gap = Gap {
        contig: String::from_utf8_lossy(record.contig()).into_owned(),
        start0,
        end0: start0.saturating_add(u64::try_from(record.reference().len()).unwrap_or(u64::MAX)),
        strand: None,
        name: Arc::clone(&name),
        reason: reason.code().to_owned(),
    };
    let place = polaris_genomics::Window {
        contig: gap.contig.clone(),
        start0: 0,
        length: 0,
        strand: polaris_genomics::Strand::Forward,
    };
    Target { name, place, letters: Vec::new(), windows: Vec::new(), alternate: None, gaps: vec![gap] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vcf::Line;

    #[test]
    fn names_of_alleles() {
        let named = |line: &str, alternate: &[u8]| {
            name(&Record::parse(Line::new(line.as_bytes().to_vec(), 1), "in.vcf").unwrap(), alternate)
        };
        assert_eq!(named("chr1\t7\trs1\tA\tC,<DEL>\t.\t.\t.", b"<DEL>"), "rs1_A><DEL>");
        assert_eq!(named("chr1\t7\t.\tA\tC\t.\t.\t.", b"C"), "chr1:7_A>C");
        let long = "ACGT".repeat(10);
        let name = named(&format!("chr1\t7\t.\t{long}\tA\t.\t.\t."), b"A");
        assert_eq!(name, "chr1:7_ACGTACGTACGTACGTACGT...(40)>A");
    }

    #[test]
    fn the_alternate_reaches_as_far_as_the_reference() {
        let substituted = AlternateWindow::Substituted { offset0: 2, bases: b"TT".to_vec() };
        assert_eq!(whole(b"AACCGG", &substituted), b"AATTGG");
        let resized = |left: &[u8], removed, added| AlternateWindow::Resized {
            left_anchored: left.to_vec(),
            right_anchored: Vec::new(),
            offset0: 2,
            removed,
            added,
        };
        assert_eq!(whole(b"AACCGG", &resized(b"AATTCC", 0, 2)), b"AATTCCGG");
        assert_eq!(whole(b"AACCGG", &resized(b"AAGGTT", 2, 0)), b"AAGG");
        assert_eq!(whole(b"AACCGG", &resized(b"AATCGG", 1, 1)), b"AATCGG");
    }
}
