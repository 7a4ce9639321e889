//! The windows of an alternate allele, or the reason why it has none.

use polaris_genomics::{AlleleWindow, ReferenceBundle, Variant, VariantError, allele_window};

use super::record::Record;
use super::skip::SkipReason;
use crate::messages::{CutError, is_mostly_unknown};

/// What is asked about an alternate allele.
pub(crate) struct AlleleWindows {
    /// Trimmed, and left-aligned if that was wanted.
    pub(crate) variant: Variant,
    /// Transcripts overlap it; else its strand is the nearest gene's.
    pub(crate) transcribed: bool,
    /// One for each strand, forward first.
    pub(crate) windows: Vec<AlleleWindow>,
}

/// How windows lie around an alternate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WindowLayout {
    /// Bases of a window.
    pub(crate) length: usize,
    /// What starts of windows are multiples of.
    pub(crate) grid: u32,
    /// Insertions and deletions are moved as far left as they go, so that all spellings of one are the same.
    pub(crate) left_aligned: bool,
}

/// Cuts the windows of an alternate of a record, on each strand transcribed there.
pub(crate) fn allele_windows(
    record: &Record,
    alternate: &[u8],
    layout: WindowLayout,
    bundle: &ReferenceBundle,
) -> Result<Result<AlleleWindows, SkipReason>, CutError> {
    match cut(record, alternate, layout, bundle) {
        Ok(windows) => Ok(Ok(windows)),
        Err(Refusal::Skip(reason)) => Ok(Err(reason)),
        Err(Refusal::Failure(error)) => Err(error),
    }
}

/// The bases that a variant in normal form touches; for an insertion, the one that it stands before.
pub(crate) fn span(variant: &Variant) -> (u64, u64) {
    let bases = u64::try_from(variant.reference.len()).unwrap_or(u64::MAX).max(1);
    (variant.position0, variant.position0.saturating_add(bases))
}

/// Why there are no windows.
enum Refusal {
    Skip(SkipReason),
    Failure(CutError),
}

impl From<SkipReason> for Refusal {
    fn from(reason: SkipReason) -> Self {
        Self::Skip(reason)
    }
}

impl From<VariantError> for Refusal {
    fn from(error: VariantError) -> Self {
        match error {
            VariantError::Letter { .. } => Self::Skip(SkipReason::NonAcgt),
            VariantError::NoChange { .. } => Self::Skip(SkipReason::NoChange),
            VariantError::OffContig { .. } => Self::Skip(SkipReason::OffContig),
            VariantError::ReferenceMismatch { .. } => Self::Skip(SkipReason::RefMismatch),
            VariantError::TooLong { .. } => Self::Skip(SkipReason::TooLong),
            error @ VariantError::Reference(_) => Self::Failure(CutError::Variant(error)),
        }
    }
}

fn cut(
    record: &Record,
    alternate: &[u8],
    layout: WindowLayout,
    bundle: &ReferenceBundle,
) -> Result<AlleleWindows, Refusal> {
    let variant = variant(record, alternate, layout.left_aligned, bundle)?;
    let (start0, end0) = span(&variant);
    let scoring = bundle.genes().scoring_strands(&variant.contig, start0, end0);
    if scoring.strands.is_empty() {
        return Err(SkipReason::NoTranscript.into());
    }
    let mut windows = Vec::with_capacity(scoring.strands.len());
    for strand in scoring.strands {
        let cut = allele_window(&variant, strand, layout.length, layout.grid, bundle.reference())?;
        if is_mostly_unknown(&cut.reference) {
            return Err(SkipReason::Unsequenced.into());
        }
        windows.push(cut);
    }
    Ok(AlleleWindows { variant, transcribed: scoring.transcribed, windows })
}

/// The variant, trimmed, and left-aligned if wanted.
fn variant(
    record: &Record,
    alternate: &[u8],
    left_aligned: bool,
    bundle: &ReferenceBundle,
) -> Result<Variant, Refusal> {
    if let Some(reason) = SkipReason::of_spelling(record.reference(), alternate) {
        return Err(reason.into());
    }
    let name = std::str::from_utf8(record.contig()).map_err(|_| SkipReason::ContigUnknown)?;
    let contig = bundle.reference().contig(name).ok_or(SkipReason::ContigUnknown)?;
    let position0 = record.position1().checked_sub(1).filter(|&position0| position0 < contig.length);
    let position0 = position0.ok_or(SkipReason::OffContig)?;
    let variant = Variant::new(contig.name.as_str(), position0, record.reference(), alternate)?;
    match left_aligned {
        true => Ok(variant.normalize(bundle.reference())?),
        false => Ok(variant.trim(bundle.reference())?),
    }
}
