//! Why an allele has no score.

/// Reason codes. The texts are stable: pipelines filter by them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SkipReason {
    /// `<DEL>`, `<NON_REF>`, `<*>`.
    Symbolic,
    /// `*`.
    SpanningDeletion,
    /// `.`.
    Missing,
    /// `G]17:198982]`, `.A`.
    Breakend,
    /// Letters other than A, C, G, T, N in either allele.
    NonAcgt,
    /// The alternate is the reference.
    NoChange,
    /// The reference bundle has no such contig.
    ContigUnknown,
    /// Outside the contig, in part at least.
    OffContig,
    /// REF is not what the reference has there.
    RefMismatch,
    /// Longer than half the window.
    TooLong,
    /// No gene on the contig, so that no strand is known.
    NoTranscript,
    /// More than half of the window is N.
    Unsequenced,
}

impl SkipReason {
    /// All, in the order of the summary.
    pub(crate) const ALL: [Self; 12] = [
        Self::Symbolic,
        Self::SpanningDeletion,
        Self::Missing,
        Self::Breakend,
        Self::NonAcgt,
        Self::NoChange,
        Self::ContigUnknown,
        Self::OffContig,
        Self::RefMismatch,
        Self::TooLong,
        Self::NoTranscript,
        Self::Unsequenced,
    ];

    /// As written in POLARIS_SKIPPED.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Symbolic => "symbolic",
            Self::SpanningDeletion => "spanning_deletion",
            Self::Missing => "missing",
            Self::Breakend => "breakend",
            Self::NonAcgt => "non_acgt",
            Self::NoChange => "no_change",
            Self::ContigUnknown => "contig_unknown",
            Self::OffContig => "off_contig",
            Self::RefMismatch => "ref_mismatch",
            Self::TooLong => "too_long",
            Self::NoTranscript => "no_transcript",
            Self::Unsequenced => "unsequenced",
        }
    }

    /// The reason with this code.
    pub(crate) fn of_code(code: &[u8]) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code().as_bytes() == code)
    }

    /// The reason that shows in the spelling of the alleles alone, or none if both are bases.
    pub(crate) fn of_spelling(reference: &[u8], alternate: &[u8]) -> Option<Self> {
        match alternate {
            b"*" => Some(Self::SpanningDeletion),
            b"." | b"" => Some(Self::Missing),
            _ if alternate.iter().any(|byte| b"[]".contains(byte)) => Some(Self::Breakend),
            [b'.', ..] | [.., b'.'] => Some(Self::Breakend),
            _ if alternate.contains(&b'<') => Some(Self::Symbolic),
            // A reference of N says what the genome says; an alternate of N says nothing that could be scored.
            _ if !consists_of(alternate, b"ACGTacgt") || !consists_of(reference, b"ACGTNacgtn") => {
                Some(Self::NonAcgt)
            }
            _ => None,
        }
    }
}

fn consists_of(allele: &[u8], letters: &[u8]) -> bool {
    !allele.is_empty() && allele.iter().all(|byte| letters.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        use SkipReason::*;
        let cases: [(&str, &str, Option<SkipReason>); 20] = [
            ("A", "C", None),
            ("a", "cgt", None),
            ("AN", "A", None),
            ("A", "AN", Some(NonAcgt)),
            ("A", "*", Some(SpanningDeletion)),
            ("A", ".", Some(Missing)),
            ("A", "", Some(Missing)),
            ("A", "<DEL>", Some(Symbolic)),
            ("A", "<NON_REF>", Some(Symbolic)),
            ("A", "<*>", Some(Symbolic)),
            ("C", "C<ctg1>", Some(Symbolic)),
            ("G", "G]17:198982]", Some(Breakend)),
            ("G", "[<ctg1>:7[G", Some(Breakend)),
            ("G", ".A", Some(Breakend)),
            ("G", "A.", Some(Breakend)),
            ("A", "R", Some(NonAcgt)),
            ("A", "U", Some(NonAcgt)),
            ("R", "A", Some(NonAcgt)),
            (".", "A", Some(NonAcgt)),
            ("", "A", Some(NonAcgt)),
        ];
        for (reference, alternate, expected) in cases {
            let found = SkipReason::of_spelling(reference.as_bytes(), alternate.as_bytes());
            assert_eq!(found, expected, "{reference}>{alternate}");
        }
    }

    #[test]
    fn codes_are_distinct() {
        for (index, reason) in SkipReason::ALL.iter().enumerate() {
            assert!(SkipReason::ALL[..index].iter().all(|earlier| earlier.code() != reason.code()));
            assert_eq!(SkipReason::of_code(reason.code().as_bytes()), Some(*reason));
        }
    }
}
