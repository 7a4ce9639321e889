//! Regions of a genome as targets.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use polaris_genomics::{Strand, Window};
use polaris_proto::v1::LocalizeWindow;

use super::super::error::LocalizeError;
use super::super::target::{Gap, Target, TargetWindow, gaps};
use super::{Asked, Sink};
use crate::messages::{Covariates, CutError};
use crate::regions::StrandedRegion;
use crate::tiles::{GapReason, Tiling, cut};

/// Regions and what it takes to cut their windows.
pub(in super::super) struct Regions {
    pub(in super::super) covariates: Covariates,
    pub(in super::super) asked: Asked,
    pub(in super::super) regions: Vec<StrandedRegion>,
    /// A region of which nothing is known is an error and no gap.
    pub(in super::super) must_be_known: bool,
}

impl Regions {
    pub(in super::super) fn plan(self, sink: Sink<'_>) -> Result<(), LocalizeError> {
        for region in &self.regions {
            self.asked.check_size(&region.name, region.end0 - region.start0)?;
        }
        for region in &self.regions {
            let target = self.target(region)?;
            if self.must_be_known && target.windows.is_empty() {
                return Err(nothing_known(region, &target.gaps));
            }
            if !sink(target) {
                break;
            }
        }
        Ok(())
    }

    fn target(&self, region: &StrandedRegion) -> Result<Target, LocalizeError> {
        let bundle = self.covariates.bundle();
        let name: Arc<str> = region.name.as_str().into();
        let place = place(region);
        let letters = place.sequence(bundle.reference())?;
        let mut windows = Vec::new();
        // Why a base has no value so far; what a window covers has one.
        let mut reasons = vec![Some(GapReason::MostlyN); letters.len()];
        for window in tiling(self.asked.length, letters.len()).centered(region) {
            match cut(&window, bundle)? {
                Ok(sequence) => {
                    mark(&mut reasons, &place, &window, |_| None);
                    let (reference, _) = self.covariates.message(&window, sequence)?;
                    windows.push(TargetWindow {
                        window,
                        message: LocalizeWindow { reference: Some(reference), allele: None },
                    });
                }
                Err(reason) => mark(&mut reasons, &place, &window, |known| known.map(|_| reason)),
            }
        }
        let reason_at = |offset0: usize| match reasons.get(offset0).copied().flatten() {
            Some(GapReason::MostlyN) => Some("mostly_n"),
            Some(GapReason::NotSequenced) => Some("not_sequenced"),
            Some(GapReason::UnknownBase) => Some("unknown_base"),
            None if letters.get(offset0) == Some(&b'N') => Some("unknown_base"),
            None => None,
        };
        let gaps = gaps(&name, &place, reason_at);
        let masked = reasons.iter().zip(&letters).map(|(reason, &letter)| match reason {
            Some(_) => b'N',
            None => letter,
        });
        let letters = masked.collect();
        Ok(Target { name, place, letters, windows, alternate: None, gaps })
    }
}

/// One window for what fits into one; else windows half their length apart.
pub(super) fn tiling(length: usize, bases: usize) -> Tiling {
    match NonZeroUsize::new(length).filter(|_| bases <= length) {
        Some(stride) => Tiling::new(length, stride),
        None => Tiling::half(length),
    }
}

pub(super) fn place(region: &StrandedRegion) -> Window {
    Window {
        contig: region.contig.clone(),
        start0: i64::try_from(region.start0).unwrap_or(i64::MAX),
        length: usize::try_from(region.end0 - region.start0).unwrap_or(usize::MAX),
        strand: region.strand,
    }
}

/// Changes what is known of the bases that a window covers.
fn mark(
    reasons: &mut [Option<GapReason>],
    place: &Window,
    window: &Window,
    change: impl Fn(Option<GapReason>) -> Option<GapReason>,
) {
    let from_start = match place.strand {
        Strand::Forward => window.start0 - place.start0,
        Strand::Reverse => place.end0() - window.end0(),
    };
    let end = from_start.saturating_add(i64::try_from(window.length).unwrap_or(i64::MAX));
    let bound = |offset: i64| usize::try_from(offset).unwrap_or(0).min(reasons.len());
    let covered = bound(from_start)..bound(end);
    for reason in reasons.get_mut(covered).into_iter().flatten() {
        *reason = change(*reason);
    }
}

fn nothing_known(region: &StrandedRegion, gaps: &[Gap]) -> LocalizeError {
    let reasons: BTreeSet<&str> = gaps.iter().map(|gap| gap.reason.as_str()).collect();
    LocalizeError::NothingKnown {
        name: region.name.clone(),
        strand: region.strand,
        reason: reasons.into_iter().collect::<Vec<_>>().join(", "),
    }
}

impl From<polaris_genomics::BundleError> for LocalizeError {
    fn from(error: polaris_genomics::BundleError) -> Self {
        Self::Cut(CutError::Bundle(error))
    }
}
