//! What is to be asked for a run of records: windows with alleles, and where each allele of each record is in them.

use crate::vcf::{Record, SkipReason};
use polaris_genomics::{RegionClass, Strand};
use polaris_proto::v1;

/// A reference window and the alleles to score in it.
pub(super) struct PlannedWindow {
    pub(super) reference: v1::Window,
    pub(super) region: Option<RegionClass>,
    pub(super) alleles: Vec<v1::Allele>,
}

/// An allele on one strand: allele `allele` of window `window` of the plan.
pub(super) struct Placement {
    pub(super) window: usize,
    pub(super) allele: usize,
    pub(super) strand: Strand,
    /// A transcript of that strand overlaps; else the strand is the nearest gene's.
    pub(super) transcribed: bool,
    /// Names of the overlapping genes of that strand, or of the nearest gene; separated by commas.
    pub(super) genes: String,
}

/// What is done for an alternate allele.
pub(super) enum AllelePlan {
    Skipped(SkipReason),
    /// One or two strands.
    Scored(Vec<Placement>),
}

/// A record with a plan for each of its alternate alleles, in their order.
pub(super) struct RecordPlan {
    pub(super) record: Record,
    pub(super) alleles: Vec<AllelePlan>,
}

/// Records in their order, and the windows that they need.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) records: Vec<RecordPlan>,
    pub(super) windows: Vec<PlannedWindow>,
}
