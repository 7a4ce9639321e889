//! VCF records: alleles of one place spelled together, some with bases to spare.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::alleles::Allele;
use super::super::genes::Span;
use super::super::genome::Contig;
use super::KnownAllele;

/// Records whose alleles share more bases than they must.
const PADDED: f64 = 0.1;
/// Variants keep this far from each other, in bases.
const APART: u64 = 20;

/// Alleles that will share a record.
pub(super) struct Draft {
    pub(super) alleles: Vec<KnownAllele>,
}

/// A VCF record.
#[derive(Clone, Debug)]
pub(in super::super) struct Record {
    pub(in super::super) id: String,
    pub(in super::super) contig: usize,
    /// First base of `reference`.
    pub(in super::super) position0: u64,
    pub(in super::super) reference: Vec<u8>,
    /// Alternate alleles as spelled, with what is known of each.
    pub(in super::super) alternates: Vec<(Vec<u8>, KnownAllele)>,
}

impl Draft {
    /// Whether the allele lies near one of the draft's.
    pub(super) fn is_near(&self, allele: &Allele) -> bool {
        self.alleles.iter().any(|KnownAllele { allele: own, .. }| {
            own.contig == allele.contig
                && own.span.0 < allele.span.1 + APART
                && allele.span.0 < own.span.1 + APART
        })
    }
}

/// Records sorted by contig and position, named in that order.
pub(super) fn spell(rng: &mut ChaCha8Rng, contigs: &[Contig], drafts: Vec<Draft>) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let padding =
            if rng.random_bool(PADDED) { (rng.random_range(0..4), rng.random_range(1..4)) } else { (0, 0) };
        records.extend(record(contigs, draft, padding));
    }
    records.sort_by_key(|record| (record.contig, record.position0));
    for (index, record) in records.iter_mut().enumerate() {
        record.id = format!("sim{:04}", index + 1);
    }
    records
}

fn record(contigs: &[Contig], draft: Draft, padding: (u64, u64)) -> Option<Record> {
    let contig = draft.alleles.first()?.allele.contig;
    let sequence = &contigs.get(contig)?.sequence;
    let start0 = draft.alleles.iter().map(|known| known.allele.span.0).min()?;
    let end0 = draft.alleles.iter().map(|known| known.allele.span.1).max()?;
    let spelled = |allele: &Allele, (start0, end0): Span| -> Option<Vec<u8>> {
        let left = sequence.get(start0 as usize..allele.span.0 as usize)?;
        let right = sequence.get(allele.span.1 as usize..end0 as usize)?;
        Some([left, &allele.alternate, right].concat())
    };
    // VCF has no empty alleles: the base before stands in front of all.
    let is_empty =
        |known: &KnownAllele| spelled(&known.allele, (start0, end0)).is_none_or(|bases| bases.is_empty());
    let anchor = u64::from(start0 == end0 || draft.alleles.iter().any(is_empty));
    let span = (start0.checked_sub(anchor + padding.0)?, end0 + padding.1);
    let reference = sequence.get(span.0 as usize..span.1 as usize)?.to_vec();
    let mut alternates = Vec::with_capacity(draft.alleles.len());
    for known in draft.alleles {
        alternates.push((spelled(&known.allele, span)?, known));
    }
    Some(Record { id: String::new(), contig, position0: span.0, reference, alternates })
}

#[cfg(test)]
mod tests {
    use super::super::super::alleles::Effect;
    use super::*;

    fn spelled(alleles: &[(Span, &[u8])], padding: (u64, u64)) -> (u64, String, Vec<String>) {
        let contigs = [Contig { name: "c".into(), sequence: b"ACGTACGTAC".to_vec() }];
        let known = |&(span, alternate): &(Span, &[u8])| KnownAllele {
            allele: Allele { contig: 0, span, alternate: alternate.to_vec() },
            effect: Effect::Neutral,
            models: Vec::new(),
            gene: 0,
        };
        let draft = Draft { alleles: alleles.iter().map(known).collect() };
        let record = record(&contigs, draft, padding).unwrap();
        let text = |bases: &[u8]| String::from_utf8(bases.to_vec()).unwrap();
        let alternates = record.alternates.iter().map(|(bases, _)| text(bases)).collect();
        (record.position0, text(&record.reference), alternates)
    }

    #[test]
    fn alleles_are_anchored_joined_and_padded() {
        assert_eq!(spelled(&[((3, 4), b"A")], (0, 0)), (3, "T".into(), vec!["A".into()]));
        assert_eq!(spelled(&[((3, 3), b"GG")], (0, 0)), (2, "G".into(), vec!["GGG".into()]));
        assert_eq!(spelled(&[((3, 5), b"")], (0, 0)), (2, "GTA".into(), vec!["G".into()]));
        assert_eq!(spelled(&[((3, 4), b"A")], (2, 1)), (1, "CGTA".into(), vec!["CGAA".into()]));
        let both = spelled(&[((3, 4), b"A"), ((3, 4), b"")], (0, 0));
        assert_eq!(both, (2, "GT".into(), vec!["GA".into(), "G".into()]));
    }
}
