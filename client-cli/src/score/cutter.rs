//! Turns records into a plan: the windows to ask about, or the reason why not, for each alternate allele.

use std::collections::HashMap;
use std::sync::Arc;

use polaris_genomics::{
    AlleleWindow, AlternateWindow, BundleError, ReferenceBundle, ReferenceError, RegionClass, Strand,
    Variant, VariantError, allele_window,
};
use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{Allele, Region, Resized, Substitution, Window};

use super::gene_names::GeneNames;
use super::plan::{AllelePlan, Placement, Plan, PlannedWindow, RecordPlan};
use super::record::Record;
use super::skip::SkipReason;

/// Why the reference could not be read: no reason of an allele's own.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CutError {
    /// From the FASTA.
    #[error("cannot cut a window: {0}")]
    Reference(#[from] ReferenceError),
    /// From the reference through a variant.
    #[error("cannot cut a window: {0}")]
    Variant(VariantError),
    /// From the expression tables.
    #[error("cannot look expression up: {0}")]
    Bundle(#[from] BundleError),
}

/// What it takes to cut windows. Cheap to clone, one for each thread.
#[derive(Clone)]
pub(super) struct Cutter {
    bundle: Arc<ReferenceBundle>,
    input_length: usize,
    cell_lines: Arc<[String]>,
    genes: Option<Arc<GeneNames>>,
}

/// Windows of one chunk by contig, start and strand, so that alleles at one place share a reference window.
type Shared = HashMap<(String, i64, Strand), usize>;

impl Cutter {
    /// `input_length` is the models' window in bases, `cell_lines` those whose expression they read. Genes are
    /// named if `with_genes`.
    pub(super) fn new(
        bundle: Arc<ReferenceBundle>,
        input_length: usize,
        cell_lines: Vec<String>,
        with_genes: bool,
    ) -> Self {
        let genes = with_genes.then(|| Arc::new(GeneNames::new(bundle.genes().genes())));
        Self { bundle, input_length, cell_lines: cell_lines.into(), genes }
    }

    /// Plans records, in their order.
    pub(super) fn plan(&self, records: Vec<Record>) -> Result<Plan, CutError> {
        let mut plan = Plan::default();
        let mut shared = Shared::new();
        for record in records {
            let mut alleles = Vec::new();
            for alternate in record.alternates() {
                alleles.push(self.plan_allele(&record, alternate, &mut plan.windows, &mut shared)?);
            }
            plan.records.push(RecordPlan { record, alleles });
        }
        Ok(plan)
    }

    fn plan_allele(
        &self,
        record: &Record,
        alternate: &[u8],
        windows: &mut Vec<PlannedWindow>,
        shared: &mut Shared,
    ) -> Result<AllelePlan, CutError> {
        let variant = match self.variant(record, alternate) {
            Ok(variant) => variant,
            Err(reason) => return reason.map(AllelePlan::Skipped),
        };
        let (start0, end0) = span(&variant);
        let scoring = self.bundle.genes().scoring_strands(&variant.contig, start0, end0);
        if scoring.strands.is_empty() {
            return Ok(AllelePlan::Skipped(SkipReason::NoTranscript));
        }
        let mut placements = Vec::with_capacity(scoring.strands.len());
        for &strand in &scoring.strands {
            let cut = match allele_window(&variant, strand, self.input_length, self.bundle.reference()) {
                Ok(cut) => cut,
                Err(error) => return reason(error).map(AllelePlan::Skipped),
            };
            if cut.reference.iter().filter(|&&base| base == b'N').count() * 2 > cut.reference.len() {
                return Ok(AllelePlan::Skipped(SkipReason::Unsequenced));
            }
            placements.push((strand, cut));
        }
        let mut scored = Vec::with_capacity(placements.len());
        for (strand, cut) in placements {
            let genes = self.gene_names(&variant, strand, scoring.transcribed);
            let (window, allele) = self.add(cut, windows, shared)?;
            scored.push(Placement { window, allele, strand, transcribed: scoring.transcribed, genes });
        }
        Ok(AllelePlan::Scored(scored))
    }

    /// The variant in normal form, or the reason why it has none.
    fn variant(&self, record: &Record, alternate: &[u8]) -> Result<Variant, Result<SkipReason, CutError>> {
        let skip = |reason| Err(Ok(reason));
        if let Some(reason) = SkipReason::of_spelling(record.reference(), alternate) {
            return skip(reason);
        }
        let Ok(contig) = std::str::from_utf8(record.contig()) else { return skip(SkipReason::ContigUnknown) };
        let Some(contig) = self.bundle.reference().contig(contig) else {
            return skip(SkipReason::ContigUnknown);
        };
        let Some(position0) =
            record.position1().checked_sub(1).filter(|&position0| position0 < contig.length)
        else {
            return skip(SkipReason::OffContig);
        };
        Variant::new(contig.name.as_str(), position0, record.reference(), alternate)
            .and_then(|variant| variant.normalize(self.bundle.reference()))
            .map_err(reason)
    }

    /// Adds an allele to its window, and the window if it is new.
    fn add(
        &self,
        cut: AlleleWindow,
        windows: &mut Vec<PlannedWindow>,
        shared: &mut Shared,
    ) -> Result<(usize, usize), CutError> {
        let AlleleWindow { window, reference, alternate } = cut;
        let key = (window.contig.clone(), window.start0, window.strand);
        let index = match shared.get(&key) {
            Some(&index) => index,
            None => {
                windows.push(self.planned(&window, reference)?);
                shared.insert(key, windows.len() - 1);
                windows.len() - 1
            }
        };
        let alleles = windows.get_mut(index).map(|window| &mut window.alleles);
        Ok((
            index,
            alleles.map_or(0, |alleles| {
                alleles.push(change(alternate));
                alleles.len() - 1
            }),
        ))
    }

    fn planned(
        &self,
        window: &polaris_genomics::Window,
        sequence: Vec<u8>,
    ) -> Result<PlannedWindow, CutError> {
        let midpoint0 = window.midpoint0();
        let class = self.bundle.genes().region_class(&window.contig, midpoint0);
        let mut expression = HashMap::with_capacity(self.cell_lines.len());
        for cell_line in self.cell_lines.iter() {
            let value = self.bundle.expression(cell_line, &window.contig, midpoint0)?;
            expression.insert(cell_line.clone(), value);
        }
        let reference = Window { sequence: text(sequence), expression, region: region(class).into() };
        Ok(PlannedWindow { reference, region: class, alleles: Vec::new() })
    }

    fn gene_names(&self, variant: &Variant, strand: Strand, transcribed: bool) -> String {
        let (start0, end0) = span(variant);
        match &self.genes {
            None => String::new(),
            Some(genes) if transcribed => genes.overlapping(&variant.contig, start0, end0, strand).join(","),
            Some(_) => {
                let middle0 = start0 + (end0 - start0) / 2;
                let nearest = self.bundle.genes().nearest_gene(&variant.contig, middle0);
                nearest.map(|gene| gene.name.clone()).unwrap_or_default()
            }
        }
    }
}

/// The bases that a variant in normal form touches; for an insertion, the one that it stands before.
fn span(variant: &Variant) -> (u64, u64) {
    let bases = u64::try_from(variant.reference.len()).unwrap_or(u64::MAX).max(1);
    (variant.position0, variant.position0.saturating_add(bases))
}

fn reason(error: VariantError) -> Result<SkipReason, CutError> {
    match error {
        VariantError::Letter { .. } => Ok(SkipReason::NonAcgt),
        VariantError::NoChange { .. } => Ok(SkipReason::NoChange),
        VariantError::OffContig { .. } => Ok(SkipReason::OffContig),
        VariantError::ReferenceMismatch { .. } => Ok(SkipReason::RefMismatch),
        VariantError::TooLong { .. } => Ok(SkipReason::TooLong),
        error @ VariantError::Reference(_) => Err(CutError::Variant(error)),
    }
}

fn change(alternate: AlternateWindow) -> Allele {
    let change = match alternate {
        AlternateWindow::Substituted { offset0, bases } => Change::Substitution(Substitution {
            offset0: u32::try_from(offset0).unwrap_or(u32::MAX),
            bases: text(bases),
        }),
        AlternateWindow::Resized { left_anchored, right_anchored } => Change::Resized(Resized {
            left_anchored: text(left_anchored),
            right_anchored: text(right_anchored),
        }),
    };
    Allele { change: Some(change) }
}

/// Bases are ASCII.
fn text(bases: Vec<u8>) -> String {
    String::from_utf8(bases).unwrap_or_default()
}

fn region(class: Option<RegionClass>) -> Region {
    match class {
        None => Region::Unspecified,
        Some(RegionClass::Intron) => Region::Intron,
        Some(RegionClass::Exon) => Region::Exon,
        Some(RegionClass::OneToFiveKb) => Region::OneToFiveKb,
        Some(RegionClass::Promoter) => Region::Promoter,
        Some(RegionClass::ThreePrimeUtr) => Region::ThreePrimeUtr,
        Some(RegionClass::FivePrimeUtr) => Region::FivePrimeUtr,
    }
}
