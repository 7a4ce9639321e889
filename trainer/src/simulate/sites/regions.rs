//! Parts of genes in which a protein may be placed.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::genes::{Gene, Span, Transcript};
use super::super::motifs::Preference;

/// Clusters keep this far from the ends of a region: splice sites and their signals stay as they are.
const MARGIN: u64 = 26;
/// Reach of [`Preference::IntronNearExon`] from the splice site, in bases.
const NEAR_EXON: u64 = 250;

/// A stretch of one gene's transcript that overlaps no other gene.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub(super) gene: usize,
    pub(super) contig: usize,
    pub(super) span: Span,
}

impl Region {
    /// A start for a cluster of `length` within the region, clear of its ends.
    pub(super) fn place(&self, rng: &mut ChaCha8Rng, length: u64) -> Option<u64> {
        let first = self.span.0 + MARGIN.min((self.span.1 - self.span.0).saturating_sub(length) / 2);
        let last = (self.span.1 - (first - self.span.0)).checked_sub(length)?;
        (first <= last).then(|| rng.random_range(first..=last))
    }
}

/// Regions of one gene: those that a protein with that preference binds, or (`preferred` false) those of another
/// kind. Stretches shared with another gene are left out: there, expression and strand would be in doubt.
pub(super) fn of_gene(genes: &[Gene], index: usize, preference: Preference, preferred: bool) -> Vec<Region> {
    let Some(gene) = genes.get(index) else { return Vec::new() };
    let Some(transcript) = gene.primary() else { return Vec::new() };
    let spans =
        if preferred { bound(gene, transcript, preference) } else { unbound(gene, transcript, preference) };
    let others =
        || genes.iter().enumerate().filter(|(other, entry)| *other != index && entry.contig == gene.contig);
    let alone = |span: &Span| others().all(|(_, other)| other.span().1 <= span.0 || span.1 <= other.span().0);
    let region = |span| Region { gene: index, contig: gene.contig, span };
    spans.into_iter().filter(alone).map(region).collect()
}

fn bound(gene: &Gene, transcript: &Transcript, preference: Preference) -> Vec<Span> {
    match preference {
        Preference::Intron => transcript.introns(),
        Preference::IntronNearExon => transcript.introns().into_iter().flat_map(flanks).collect(),
        Preference::CodingExon => transcript.coding_parts(),
        // Long ones hold several sites, as long introns do: pieces make a uniform choice of regions fair.
        Preference::ThreePrimeUtr => {
            transcript.untranslated(gene.strand).1.into_iter().flat_map(pieces).collect()
        }
    }
}

fn unbound(gene: &Gene, transcript: &Transcript, preference: Preference) -> Vec<Span> {
    match preference {
        Preference::Intron | Preference::IntronNearExon => {
            let (_, three_prime) = transcript.untranslated(gene.strand);
            transcript.coding_parts().into_iter().chain(three_prime).collect()
        }
        Preference::CodingExon | Preference::ThreePrimeUtr => transcript.introns(),
    }
}

/// The ends of an intron that lie near an exon.
fn flanks((start0, end0): Span) -> Vec<Span> {
    if end0 - start0 <= 2 * NEAR_EXON {
        return vec![(start0, end0)];
    }
    vec![(start0, start0 + NEAR_EXON), (end0 - NEAR_EXON, end0)]
}

fn pieces((start0, end0): Span) -> Vec<Span> {
    let count = ((end0 - start0) / 600).max(1);
    let edge = |piece: u64| start0 + (end0 - start0) * piece / count;
    (0..count).map(|piece| (edge(piece), edge(piece + 1))).collect()
}

#[cfg(test)]
mod tests {
    use polaris_genomics::Strand;

    use super::super::super::streams::{Part, stream};
    use super::*;

    fn gene(exons: Vec<Span>, coding: Span) -> Gene {
        let transcript = Transcript { id: "t".into(), exons, coding: Some(coding) };
        Gene {
            id: "g".into(),
            name: "g".into(),
            contig: 0,
            strand: Strand::Forward,
            transcripts: vec![transcript],
        }
    }

    #[test]
    fn preferences_choose_their_parts() {
        let genes = [gene(vec![(1_000, 1_200), (3_000, 5_000)], (1_100, 3_200))];
        let spans = |preference, preferred| -> Vec<Span> {
            of_gene(&genes, 0, preference, preferred).into_iter().map(|region| region.span).collect()
        };
        assert_eq!(spans(Preference::Intron, true), [(1_200, 3_000)]);
        assert_eq!(spans(Preference::IntronNearExon, true), [(1_200, 1_450), (2_750, 3_000)]);
        assert_eq!(spans(Preference::CodingExon, true), [(1_100, 1_200), (3_000, 3_200)]);
        assert_eq!(spans(Preference::ThreePrimeUtr, true), [(3_200, 3_800), (3_800, 4_400), (4_400, 5_000)]);
        assert_eq!(spans(Preference::ThreePrimeUtr, false), [(1_200, 3_000)]);
    }

    #[test]
    fn what_another_gene_overlaps_is_left_out() {
        let genes =
            [gene(vec![(0, 100), (400, 600)], (50, 450)), gene(vec![(350, 380), (800, 900)], (360, 850))];
        assert!(of_gene(&genes, 0, Preference::Intron, true).is_empty());
        assert_eq!(of_gene(&genes, 0, Preference::CodingExon, true).len(), 1);
    }

    #[test]
    fn a_place_keeps_clear_of_the_ends_where_there_is_room() {
        let mut rng = stream(1, Part::Sites(0));
        let region = |span| Region { gene: 0, contig: 0, span };
        for _ in 0..200 {
            let start0 = region((100, 300)).place(&mut rng, 60).unwrap();
            assert!((126..=214).contains(&start0));
            assert!((100..=110).contains(&region((100, 170)).place(&mut rng, 60).unwrap()));
        }
        assert_eq!(region((100, 150)).place(&mut rng, 60), None);
    }
}
