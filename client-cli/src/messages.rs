//! From windows of the genome and their alleles to the messages of requests.

use std::collections::HashMap;
use std::sync::Arc;

use polaris_genomics::{
    AlternateWindow, BundleError, ReferenceBundle, ReferenceError, RegionClass, VariantError, Window,
};
use polaris_proto::v1::allele::Change;
use polaris_proto::v1::{self, Allele, Region, Resized, Substitution};

/// Why the reference could not be read: no reason of an allele's or a window's own.
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

/// Looks up what models read beside the sequence. Cheap to clone, one for each thread.
#[derive(Clone)]
pub(crate) struct Covariates {
    bundle: Arc<ReferenceBundle>,
    cell_lines: Arc<[String]>,
}

impl Covariates {
    /// `cell_lines` are those whose expression the models read.
    pub(crate) fn new(bundle: Arc<ReferenceBundle>, cell_lines: Vec<String>) -> Self {
        Self { bundle, cell_lines: cell_lines.into() }
    }

    /// The bundle that they come from.
    pub(crate) fn bundle(&self) -> &ReferenceBundle {
        &self.bundle
    }

    /// The message of a window whose sequence, on the window's strand, has been cut; with the region class at its
    /// midpoint.
    pub(crate) fn message(
        &self,
        window: &Window,
        sequence: Vec<u8>,
    ) -> Result<(v1::Window, Option<RegionClass>), CutError> {
        let midpoint0 = window.midpoint0();
        let class = self.bundle.genes().region_class(&window.contig, midpoint0);
        let mut expression = HashMap::with_capacity(self.cell_lines.len());
        for cell_line in self.cell_lines.iter() {
            let value = self.bundle.expression(cell_line, &window.contig, midpoint0)?;
            expression.insert(cell_line.clone(), value);
        }
        Ok((window_message(sequence, expression, class), class))
    }
}

/// The message of a window, with ln(TPM + 1) by cell line.
pub(crate) fn window_message(
    sequence: Vec<u8>,
    expression: HashMap<String, f32>,
    class: Option<RegionClass>,
) -> v1::Window {
    v1::Window { sequence: text(sequence), expression, region: region(class).into() }
}

/// Whether more than half of a window is N: such a window is not asked about.
pub(crate) fn is_mostly_unknown(sequence: &[u8]) -> bool {
    sequence.iter().filter(|&&base| base == b'N').count() * 2 > sequence.len()
}

/// The message of an alternate.
pub(crate) fn allele(alternate: AlternateWindow) -> Allele {
    let change = match alternate {
        AlternateWindow::Substituted { offset0, bases } => {
            Change::Substitution(Substitution { offset0: count(offset0), bases: text(bases) })
        }
        AlternateWindow::Resized { left_anchored, right_anchored, offset0, removed, added } => {
            Change::Resized(Resized {
                left_anchored: text(left_anchored),
                right_anchored: text(right_anchored),
                offset0: count(offset0),
                removed: count(removed),
                added: count(added),
            })
        }
    };
    Allele { change: Some(change) }
}

/// Offsets and lengths lie within a window.
fn count(bases: usize) -> u32 {
    u32::try_from(bases).unwrap_or(u32::MAX)
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
