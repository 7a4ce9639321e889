//! What is explained: a stretch of one strand, or an allele on one strand.

use std::sync::Arc;

use polaris_genomics::{Strand, Window};
use polaris_proto::v1::LocalizeWindow;

/// A stretch or an allele on one strand, and the windows to ask about.
pub(super) struct Target {
    /// The region's, the record's or the variant's.
    pub(super) name: Arc<str>,
    /// What is reported: a region, a record, or the window of an allele.
    pub(super) place: Window,
    /// The reference's letters of it, on its strand; N where nothing is said.
    pub(super) letters: Vec<u8>,
    /// By start on the forward strand; none if there is nothing to ask.
    pub(super) windows: Vec<TargetWindow>,
    /// The alternate's letters of the whole window, on its strand.
    pub(super) alternate: Option<Vec<u8>>,
    /// What is left out.
    pub(super) gaps: Vec<Gap>,
}

/// A window to ask about.
pub(super) struct TargetWindow {
    pub(super) window: Window,
    pub(super) message: LocalizeWindow,
}

/// What has no values, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Gap {
    pub(super) contig: String,
    pub(super) start0: u64,
    pub(super) end0: u64,
    /// None where it holds for any.
    pub(super) strand: Option<Strand>,
    pub(super) name: Arc<str>,
    pub(super) reason: String,
}

/// The stretches of a strand's letters without values: `reason_at` gives a reason for the base at an offset. Sorted
/// by start.
pub(super) fn gaps(
    name: &Arc<str>,
    place: &Window,
    reason_at: impl Fn(usize) -> Option<&'static str>,
) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    let forward: Box<dyn Iterator<Item = usize>> = match place.strand {
        Strand::Forward => Box::new(0..place.length),
        Strand::Reverse => Box::new((0..place.length).rev()),
    };
    let start0 = u64::try_from(place.start0).unwrap_or(0);
    for (position0, offset0) in (start0..).zip(forward) {
        let Some(reason) = reason_at(offset0) else { continue };
        match gaps.last_mut() {
            Some(last) if last.end0 == position0 && last.reason == reason => last.end0 += 1,
            _ => gaps.push(Gap {
                contig: place.contig.clone(),
                start0: position0,
                end0: position0 + 1,
                strand: Some(place.strand),
                name: Arc::clone(name),
                reason: reason.to_owned(),
            }),
        }
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_one_reason_are_one_gap() {
        let letters = b"NACNNG";
        let reason = |offset0: usize| match offset0 {
            3 => Some("mostly_n"),
            _ => (letters[offset0] == b'N').then_some("unknown_base"),
        };
        let found = |strand| {
            let place = Window { contig: "chr1".into(), start0: 10, length: 6, strand };
            let gaps = gaps(&"x".into(), &place, reason);
            gaps.into_iter().map(|gap| (gap.start0, gap.end0, gap.reason)).collect::<Vec<_>>()
        };
        let expected = [(10, 11, "unknown_base"), (13, 14, "mostly_n"), (14, 15, "unknown_base")];
        assert_eq!(
            found(Strand::Forward),
            expected.map(|(start0, end0, reason)| (start0, end0, reason.to_owned()))
        );
        let expected = [(11, 12, "unknown_base"), (12, 13, "mostly_n"), (15, 16, "unknown_base")];
        assert_eq!(
            found(Strand::Reverse),
            expected.map(|(start0, end0, reason)| (start0, end0, reason.to_owned()))
        );
    }
}
