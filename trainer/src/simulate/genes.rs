//! Gene models: transcripts, exons, coding parts and untranslated regions.

mod draw;
mod signals;

pub(super) use draw::draw;
pub(super) use signals::{imprint, write};

use polaris_genomics::Strand;

/// A half-open stretch of a contig, 0-based.
pub(super) type Span = (u64, u64);

/// A transcript; coordinates are genomic.
#[derive(Clone, Debug)]
pub(super) struct Transcript {
    pub(super) id: String,
    /// Ascending.
    pub(super) exons: Vec<Span>,
    /// From the first to the last coding base (stop codon included); `None` for a non-coding one.
    pub(super) coding: Option<Span>,
}

/// A gene with one to three transcripts, of which the first is the longest and spans the gene.
#[derive(Clone, Debug)]
pub(super) struct Gene {
    pub(super) id: String,
    pub(super) name: String,
    /// Index of the contig.
    pub(super) contig: usize,
    pub(super) strand: Strand,
    pub(super) transcripts: Vec<Transcript>,
}

impl Transcript {
    pub(super) fn span(&self) -> Span {
        let start0 = self.exons.first().map_or(0, |exon| exon.0);
        (start0, self.exons.last().map_or(start0, |exon| exon.1))
    }

    pub(super) fn introns(&self) -> Vec<Span> {
        self.exons.windows(2).map(|pair| (pair[0].1, pair[1].0)).collect()
    }

    /// Coding parts of the exons, ascending.
    pub(super) fn coding_parts(&self) -> Vec<Span> {
        self.coding.map_or_else(Vec::new, |coding| self.clip(coding))
    }

    /// Untranslated parts of the exons before (5') and after (3') the coding ones, each ascending.
    pub(super) fn untranslated(&self, strand: Strand) -> (Vec<Span>, Vec<Span>) {
        let Some((coding_start0, coding_end0)) = self.coding else { return (Vec::new(), Vec::new()) };
        let (start0, end0) = self.span();
        let (left, right) = (self.clip((start0, coding_start0)), self.clip((coding_end0, end0)));
        match strand {
            Strand::Forward => (left, right),
            Strand::Reverse => (right, left),
        }
    }

    fn clip(&self, (start0, end0): Span) -> Vec<Span> {
        let clipped = self.exons.iter().map(|exon| (exon.0.max(start0), exon.1.min(end0)));
        clipped.filter(|(start0, end0)| start0 < end0).collect()
    }
}

impl Gene {
    /// The longest transcript, which decides the region class.
    pub(super) fn primary(&self) -> Option<&Transcript> {
        self.transcripts.first()
    }

    pub(super) fn span(&self) -> Span {
        self.primary().map_or((0, 0), Transcript::span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_transcript_by_strand() {
        let transcript =
            Transcript { id: "t".into(), exons: vec![(10, 20), (40, 60), (80, 100)], coding: Some((15, 85)) };
        assert_eq!(transcript.introns(), [(20, 40), (60, 80)]);
        assert_eq!(transcript.coding_parts(), [(15, 20), (40, 60), (80, 85)]);
        assert_eq!(transcript.untranslated(Strand::Forward), (vec![(10, 15)], vec![(85, 100)]));
        assert_eq!(transcript.untranslated(Strand::Reverse), (vec![(85, 100)], vec![(10, 15)]));
    }
}
