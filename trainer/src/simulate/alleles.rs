//! Alternate alleles and what they do to motifs.

use polaris_genomics::{Strand, reverse_complement};

use super::genes::Span;
use super::motifs::Rbp;

/// What an allele does to the motif copies of a protein.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Effect {
    Break,
    Make,
    Neutral,
}

impl Effect {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Break => "break",
            Self::Make => "make",
            Self::Neutral => "neutral",
        }
    }
}

/// Bases `span` of a contig become `alternate`. No base is shared at both ends of the two: an insertion has an
/// empty span, a deletion an empty alternate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Allele {
    pub(super) contig: usize,
    pub(super) span: Span,
    pub(super) alternate: Vec<u8>,
}

/// More than any motif is long.
const FLANK: u64 = 16;

/// Sequence around an allele before and after it, and the changed part in each.
struct Scene {
    reference: Vec<u8>,
    alternate: Vec<u8>,
    changed_reference: (usize, usize),
    changed_alternate: (usize, usize),
}

impl Allele {
    /// The allele that turns `span` into `replacement` (both on the contig's forward strand), trimmed of what they
    /// share. `None` if nothing changes or the span leaves the contig.
    pub(super) fn trimmed(contig: usize, sequence: &[u8], span: Span, replacement: &[u8]) -> Option<Self> {
        let (mut start0, mut end0) = span;
        let reference = sequence.get(start0 as usize..end0 as usize)?;
        let suffix = reference.iter().rev().zip(replacement.iter().rev()).take_while(|(a, b)| a == b).count();
        let (reference, replacement) =
            (&reference[..reference.len() - suffix], &replacement[..replacement.len() - suffix]);
        let prefix = reference.iter().zip(replacement).take_while(|(a, b)| a == b).count();
        end0 -= suffix as u64;
        start0 += prefix as u64;
        let alternate = replacement[prefix..].to_vec();
        (start0 < end0 || !alternate.is_empty()).then_some(Self { contig, span: (start0, end0), alternate })
    }

    /// Kind as the truth table names it.
    pub(super) fn kind(&self) -> &'static str {
        let removed = (self.span.1 - self.span.0) as usize;
        match self.alternate.len() {
            1 if removed == 1 => "snv",
            added if added == removed => "mnv",
            added if added > removed => "insertion",
            _ => "deletion",
        }
    }

    fn scene(&self, sequence: &[u8], strand: Strand) -> Option<Scene> {
        let start = self.span.0.checked_sub(FLANK)? as usize;
        let reference = sequence.get(start..(self.span.1 + FLANK) as usize)?;
        let flank = FLANK as usize;
        let right = &reference[reference.len() - flank..];
        let alternate = [&reference[..flank], &self.alternate, right].concat();
        let changed = |length: usize| (flank, length - flank);
        let orient = |bases: &[u8]| match strand {
            Strand::Forward => bases.to_vec(),
            Strand::Reverse => reverse_complement(bases),
        };
        Some(Scene {
            changed_reference: changed(reference.len()),
            changed_alternate: changed(alternate.len()),
            reference: orient(reference),
            alternate: orient(&alternate),
        })
    }

    /// By the number of full copies around the allele before and after it; `None` too near a contig's end.
    pub(super) fn effect(&self, sequence: &[u8], rbp: &Rbp, strand: Strand) -> Option<Effect> {
        let scene = self.scene(sequence, strand)?;
        let (before, after) = (rbp.copies(&scene.reference).len(), rbp.copies(&scene.alternate).len());
        Some(match before.cmp(&after) {
            std::cmp::Ordering::Greater => Effect::Break,
            std::cmp::Ordering::Less => Effect::Make,
            std::cmp::Ordering::Equal => Effect::Neutral,
        })
    }

    /// Whether a full copy or a weaker version of the motif covers a changed base, before or after.
    pub(super) fn touches(&self, sequence: &[u8], rbp: &Rbp, strand: Strand) -> bool {
        self.scene(sequence, strand).is_none_or(|scene| {
            scene.touched(rbp, &scene.reference, scene.changed_reference)
                || scene.touched(rbp, &scene.alternate, scene.changed_alternate)
        })
    }

    /// Whether after the change a full copy or a weaker version of the motif covers part of `copy`, in which the
    /// change lies.
    pub(super) fn leaves_trace(&self, sequence: &[u8], rbp: &Rbp, strand: Strand, copy: Span) -> bool {
        let inside = copy.0 <= self.span.0 && self.span.1 <= copy.1;
        let Some(scene) = self.scene(sequence, strand).filter(|_| inside) else { return true };
        let (left, right) = ((self.span.0 - copy.0) as usize, (copy.1 - self.span.1) as usize);
        let (before, after) = if strand == Strand::Forward { (left, right) } else { (right, left) };
        let (start, end) = scene.changed_alternate;
        scene.touched(rbp, &scene.alternate, (start.saturating_sub(before), end + after))
    }
}

impl Scene {
    /// An empty `changed` (a deletion's place) is touched by what spans it.
    fn touched(&self, rbp: &Rbp, bases: &[u8], changed: (usize, usize)) -> bool {
        rbp.copies_and_related(bases).iter().any(|&(start, end)| {
            if changed.0 == changed.1 {
                start < changed.0 && changed.0 < end
            } else {
                start < changed.1 && changed.0 < end
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::motifs::RBPS;
    use super::*;

    const GENOME: &[u8] = b"CGCGCGCGCGCGCGCGCGCGACTAACCGCGCGCGCGCGCGCGCGCGCGCG";

    fn allele(span: Span, replacement: &[u8]) -> Allele {
        Allele::trimmed(0, GENOME, span, replacement).unwrap()
    }

    #[test]
    fn trimming_keeps_only_what_changes() {
        assert_eq!(allele((20, 26), b"ACGAAC"), allele((22, 23), b"G"));
        assert_eq!(allele((20, 26), b"ACAAC").span, (22, 23));
        assert_eq!(allele((20, 21), b"AA").span, (20, 20));
        assert_eq!(Allele::trimmed(0, GENOME, (20, 21), b"A"), None);
        assert_eq!(Allele::trimmed(0, GENOME, (40, 60), b"A"), None);
    }

    #[test]
    fn kinds() {
        assert_eq!(allele((22, 23), b"G").kind(), "snv");
        assert_eq!(allele((22, 24), b"GG").kind(), "mnv");
        assert_eq!(allele((22, 22), b"G").kind(), "insertion");
        assert_eq!(allele((22, 24), b"").kind(), "deletion");
    }

    #[test]
    fn effects_count_copies_on_the_strand() {
        let quaking = &RBPS[0];
        let effect = |allele: &Allele, strand| allele.effect(GENOME, quaking, strand).unwrap();
        assert_eq!(effect(&allele((22, 23), b"G"), Strand::Forward), Effect::Break);
        assert_eq!(effect(&allele((22, 23), b"G"), Strand::Reverse), Effect::Neutral);
        assert_eq!(effect(&allele((19, 19), b"ACTAAC"), Strand::Forward), Effect::Make);
        assert_eq!(effect(&allele((28, 28), b"GTTAGT"), Strand::Reverse), Effect::Make);
        assert_eq!(effect(&allele((30, 31), b"A"), Strand::Forward), Effect::Neutral);
        assert_eq!(allele((2, 3), b"A").effect(GENOME, quaking, Strand::Forward), None);
    }

    #[test]
    fn a_weaker_version_is_a_trace() {
        let quaking = &RBPS[0];
        let trace =
            |span, bases: &[u8]| allele(span, bases).leaves_trace(GENOME, quaking, Strand::Forward, (20, 26));
        assert!(trace((25, 26), b"T"));
        assert!(trace((20, 21), b"G"));
        assert!(!trace((22, 23), b"G"));
        assert!(!trace((23, 24), b""));
        assert!(trace((28, 29), b"A"), "outside the copy");
    }

    #[test]
    fn touching_needs_a_motif_over_the_change() {
        let quaking = &RBPS[0];
        let touches = |span, bases: &[u8]| allele(span, bases).touches(GENOME, quaking, Strand::Forward);
        assert!(touches((22, 23), b"G"));
        assert!(touches((23, 23), b"G"));
        assert!(!touches((26, 26), b"A"));
        assert!(!touches((30, 31), b"A"));
        assert!(touches((30, 30), b"ACTAAC"));
    }
}
