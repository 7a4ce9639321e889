//! Turns records into a plan: the windows to ask about, or the reason why not, for each alternate allele.

use std::collections::HashMap;
use std::sync::Arc;

use polaris_genomics::{AlleleWindow, ReferenceBundle, Strand, Variant, Window};

use super::gene_names::GeneNames;
use super::plan::{AllelePlan, Placement, Plan, PlannedWindow, RecordPlan};
use crate::messages::{Covariates, CutError, allele};
use crate::vcf::{AlleleWindows, Record, WindowLayout, allele_windows, span};

/// What it takes to cut windows. Cheap to clone, one for each thread.
#[derive(Clone)]
pub(super) struct Cutter {
    covariates: Covariates,
    layout: WindowLayout,
    genes: Option<Arc<GeneNames>>,
}

/// Windows of one chunk by contig, start and strand, so that alleles at one place share a reference window.
type Shared = HashMap<(String, i64, Strand), usize>;

impl Cutter {
    /// `cell_lines` are those whose expression the models read. Genes are named if `with_genes`.
    pub(super) fn new(
        bundle: Arc<ReferenceBundle>,
        layout: WindowLayout,
        cell_lines: Vec<String>,
        with_genes: bool,
    ) -> Self {
        let genes = with_genes.then(|| Arc::new(GeneNames::new(bundle.genes().genes())));
        Self { covariates: Covariates::new(bundle, cell_lines), layout, genes }
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
        let cut = allele_windows(record, alternate, self.layout, self.covariates.bundle())?;
        let AlleleWindows { variant, transcribed, windows: cut } = match cut {
            Ok(cut) => cut,
            Err(reason) => return Ok(AllelePlan::Skipped(reason)),
        };
        let mut scored = Vec::with_capacity(cut.len());
        for cut in cut {
            let strand = cut.window.strand;
            let genes = self.gene_names(&variant, strand, transcribed);
            let (window, allele) = self.add(cut, windows, shared)?;
            scored.push(Placement { window, allele, strand, transcribed, genes });
        }
        Ok(AllelePlan::Scored(scored))
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
                alleles.push(allele(alternate));
                alleles.len() - 1
            }),
        ))
    }

    fn planned(&self, window: &Window, sequence: Vec<u8>) -> Result<PlannedWindow, CutError> {
        let (reference, region) = self.covariates.message(window, sequence)?;
        Ok(PlannedWindow { reference, region, alleles: Vec::new() })
    }

    /// What a REF allele is and what it should be.
    pub(super) fn mismatch(&self, record: &Record) -> String {
        let shown = |bases: &[u8]| -> String { String::from_utf8_lossy(bases).chars().take(40).collect() };
        let contig = String::from_utf8_lossy(record.contig());
        let start0 = i64::try_from(record.position1()).unwrap_or(i64::MAX).saturating_sub(1);
        let end0 = start0.saturating_add(i64::try_from(record.reference().len()).unwrap_or(i64::MAX));
        let expected = self.covariates.bundle().reference().fetch(&contig, start0, end0).unwrap_or_default();
        format!(
            "line {}: {contig}:{}: REF is {}, the reference has {}",
            record.line(),
            record.position1(),
            shown(record.reference()),
            shown(&expected)
        )
    }

    fn gene_names(&self, variant: &Variant, strand: Strand, transcribed: bool) -> String {
        let (start0, end0) = span(variant);
        match &self.genes {
            None => String::new(),
            Some(genes) if transcribed => genes.overlapping(&variant.contig, start0, end0, strand).join(","),
            Some(_) => {
                let middle0 = start0 + (end0 - start0) / 2;
                let nearest = self.covariates.bundle().genes().nearest_gene(&variant.contig, middle0);
                nearest.map(|gene| gene.name.clone()).unwrap_or_default()
            }
        }
    }
}
