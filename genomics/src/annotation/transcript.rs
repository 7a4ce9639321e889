//! From the parts a file lists to a transcript.

use super::Transcript;
use crate::{interval::merge, strand::Strand};

/// What a line says of a transcript.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub(super) enum PartKind {
    Exon,
    /// Coding sequence with its stop codon.
    Coding,
    FivePrimeUtr,
    ThreePrimeUtr,
    /// Untranslated, the side not said.
    Utr,
}

impl PartKind {
    /// The part a feature type stands for, in the spellings of Ensembl, GENCODE, RefSeq and UCSC.
    pub(super) fn from_feature(kind: &[u8]) -> Option<Self> {
        const SPELLINGS: [(&[u8], PartKind); 9] = [
            (b"exon", PartKind::Exon),
            (b"CDS", PartKind::Coding),
            // GTF leaves the stop codon out of the CDS; without it here its bases would look untranslated.
            (b"stop_codon", PartKind::Coding),
            (b"five_prime_utr", PartKind::FivePrimeUtr),
            (b"three_prime_utr", PartKind::ThreePrimeUtr),
            (b"UTR", PartKind::Utr),
            (b"5UTR", PartKind::FivePrimeUtr),
            (b"3UTR", PartKind::ThreePrimeUtr),
            (b"pseudogenic_exon", PartKind::Exon),
        ];
        SPELLINGS.iter().find(|(spelling, _)| kind.eq_ignore_ascii_case(spelling)).map(|&(_, part)| part)
    }
}

/// A part and where it lies, 0-based and half-open.
#[derive(Copy, Clone, Debug)]
pub(super) struct Part {
    pub(super) kind: PartKind,
    pub(super) start0: u32,
    pub(super) end0: u32,
}

/// Puts a transcript together; `span` is that of its own line, if it has one. `None` if there is nothing to it.
///
/// A transcript without parts is one exon, unless `file_has_parts`: then its exons are missing here (a file cut out of
/// a larger one keeps the lines that overlap), and what is known of it lies between them.
pub(super) fn assemble(
    id: &str,
    strand: Strand,
    span: Option<(u32, u32)>,
    parts: &[Part],
    file_has_parts: bool,
) -> Option<Transcript> {
    let all = || parts.iter().map(|part| (part.start0, part.end0)).chain(span);
    let start0 = u64::from(all().map(|(start0, _)| start0).min()?);
    let end0 = u64::from(all().map(|(_, end0)| end0).max()?);
    let of_kind = |kind: PartKind| parts.iter().filter(move |part| part.kind == kind).map(bases);
    let merged = |intervals: &mut dyn Iterator<Item = (u64, u64)>| {
        let mut merged = intervals.collect();
        merge(&mut merged);
        merged
    };
    let mut exons: Vec<_> = merged(&mut of_kind(PartKind::Exon));
    if exons.is_empty() {
        exons = merged(&mut parts.iter().map(bases));
    }
    if exons.is_empty() && !file_has_parts {
        exons.push((start0, end0));
    }
    let coding: Vec<_> = merged(&mut of_kind(PartKind::Coding));
    let mut five = merged(&mut of_kind(PartKind::FivePrimeUtr));
    let mut three = merged(&mut of_kind(PartKind::ThreePrimeUtr));
    if let (true, true, Some(&(coding_start0, _)), Some(&(_, coding_end0))) =
        (five.is_empty(), three.is_empty(), coding.first(), coding.last())
    {
        let mut unsided: Vec<_> = merged(&mut of_kind(PartKind::Utr));
        if unsided.is_empty() {
            unsided.clone_from(&exons);
        }
        let before = clipped(&unsided, 0, coding_start0);
        let after = clipped(&unsided, coding_end0, u64::MAX);
        (five, three) = match strand {
            Strand::Forward => (before, after),
            Strand::Reverse => (after, before),
        };
    }
    Some(Transcript {
        id: id.to_owned(),
        strand,
        start0,
        end0,
        exons,
        five_prime_utr: five,
        three_prime_utr: three,
    })
}

fn bases(part: &Part) -> (u64, u64) {
    (u64::from(part.start0), u64::from(part.end0))
}

fn clipped(intervals: &[(u64, u64)], start0: u64, end0: u64) -> Vec<(u64, u64)> {
    let clipped = intervals.iter().map(|&(start, end)| (start.max(start0), end.min(end0)));
    clipped.filter(|(start, end)| start < end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(parts: &[(PartKind, u32, u32)]) -> Vec<Part> {
        parts.iter().map(|&(kind, start0, end0)| Part { kind, start0, end0 }).collect()
    }

    #[test]
    fn untranslated_regions_are_what_exons_have_beside_the_coding_sequence() {
        use PartKind::{Coding, Exon};
        let parts =
            parts(&[(Exon, 10, 30), (Exon, 50, 90), (Coding, 20, 30), (Coding, 50, 60), (Coding, 60, 63)]);
        let forward = assemble("t", Strand::Forward, Some((10, 90)), &parts, true).unwrap();
        assert_eq!(forward.five_prime_utr, [(10, 20)]);
        assert_eq!(forward.three_prime_utr, [(63, 90)]);
        let reverse = assemble("t", Strand::Reverse, None, &parts, true).unwrap();
        assert_eq!(reverse.five_prime_utr, [(63, 90)]);
        assert_eq!(reverse.three_prime_utr, [(10, 20)]);
        assert_eq!((reverse.start0, reverse.end0), (10, 90));
    }

    #[test]
    fn unsided_untranslated_regions_are_split_by_the_coding_sequence() {
        use PartKind::{Coding, Exon, Utr};
        let parts = parts(&[(Exon, 0, 100), (Utr, 0, 5), (Utr, 95, 100), (Coding, 5, 92)]);
        let reverse = assemble("t", Strand::Reverse, None, &parts, true).unwrap();
        assert_eq!(reverse.five_prime_utr, [(95, 100)]);
        assert_eq!(reverse.three_prime_utr, [(0, 5)]);
    }

    #[test]
    fn a_transcript_without_parts_is_one_exon_where_none_has_parts() {
        let whole = assemble("t", Strand::Forward, Some((3, 9)), &[], false).unwrap();
        assert_eq!(whole.exons, [(3, 9)]);
        assert!(whole.five_prime_utr.is_empty() && whole.three_prime_utr.is_empty());
        let cut = assemble("t", Strand::Forward, Some((3, 9)), &[], true).unwrap();
        assert_eq!((cut.start0, cut.end0, cut.exons), (3, 9, vec![]));
        assert_eq!(assemble("t", Strand::Forward, None, &[], false), None);
    }

    #[test]
    fn spellings_of_feature_types() {
        for (spelling, kind) in [
            (&b"five_prime_UTR"[..], Some(PartKind::FivePrimeUtr)),
            (b"three_prime_utr", Some(PartKind::ThreePrimeUtr)),
            (b"5UTR", Some(PartKind::FivePrimeUtr)),
            (b"cds", Some(PartKind::Coding)),
            (b"start_codon", None),
            (b"gene", None),
        ] {
            assert_eq!(PartKind::from_feature(spelling), kind);
        }
    }
}
