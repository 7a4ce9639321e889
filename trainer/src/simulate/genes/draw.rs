//! Draws genes along the contigs, both strands, with gaps wide enough for every region class.

use polaris_genomics::Strand;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::genome::Contig;
use super::super::streams::{log_uniform, normal};
use super::{Gene, Span, Transcript};

/// No gene lies nearer than this to an end of a contig, so that windows around sites stay on it.
const CONTIG_MARGIN: u64 = 1_500;
/// Non-coding genes among all.
const NON_CODING: f64 = 0.08;

/// Exons in transcript coordinates (from the 5' end of the gene) with the coding part in the same.
struct Layout {
    exons: Vec<Span>,
    coding: Option<Span>,
}

/// Genes of all contigs in order of contig and start.
pub(in super::super) fn draw(rng: &mut ChaCha8Rng, contigs: &[Contig]) -> Vec<Gene> {
    let mut genes: Vec<Gene> = Vec::new();
    for (contig, entry) in contigs.iter().enumerate() {
        let limit = (entry.sequence.len() as u64).saturating_sub(CONTIG_MARGIN);
        let mut cursor = CONTIG_MARGIN;
        let mut previous: Option<Strand> = None;
        loop {
            let strand = if rng.random_bool(0.5) { Strand::Forward } else { Strand::Reverse };
            let gap = log_uniform(rng, 900.0, 9_000.0);
            // Genes that run towards each other sometimes share their 3' ends, as in mammals.
            let converge = previous == Some(Strand::Forward) && strand == Strand::Reverse;
            let overlap = rng.random_range(100..500);
            let start0 = if converge && rng.random_bool(0.25) { cursor - overlap } else { cursor + gap };
            let layout = Layout::draw(rng);
            if start0 + layout.length() > limit {
                break;
            }
            let gene = layout.place(rng, genes.len() + 1, contig, start0, strand);
            cursor = gene.span().1;
            previous = Some(strand);
            genes.push(gene);
        }
    }
    genes
}

impl Layout {
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let count = rng.random_range(2..=7usize);
        let five_prime = rng.random_range(80..350u64);
        let three_prime = log_uniform(rng, 900.0, 3_600.0);
        let leader_alone = count > 2 && rng.random_bool(0.25);
        let mut exons = Vec::with_capacity(count);
        let mut at = 0;
        for index in 0..count {
            // Internal exons that are a multiple of three can be skipped without a shift of the frame.
            let body =
                if rng.random_bool(0.5) { 3 * rng.random_range(34..95) } else { rng.random_range(100..280) };
            let length = match index {
                0 if leader_alone => five_prime,
                0 => five_prime + body,
                _ if index + 1 == count => body + three_prime,
                _ => body,
            };
            exons.push((at, at + length));
            let intron = (6.65 + 0.65 * normal(rng)).exp().clamp(220.0, 4_000.0);
            at += length + intron.round() as u64;
        }
        let messenger: u64 = exons.iter().map(|exon| exon.1 - exon.0).sum();
        let coding_start = five_prime + if leader_alone { 15 } else { 0 };
        let coding_length = (messenger - three_prime - coding_start) / 3 * 3;
        let coding = (!rng.random_bool(NON_CODING)).then(|| {
            let last = offset_of(&exons, coding_start + coding_length - 1);
            (offset_of(&exons, coding_start), last + 1)
        });
        Self { exons, coding }
    }

    fn length(&self) -> u64 {
        self.exons.last().map_or(0, |exon| exon.1)
    }

    /// The primary layout and up to two alternative ones, each with an earlier 3' end: alternative
    /// polyadenylation, half of them with an internal exon skipped as well.
    fn alternatives(&self, rng: &mut ChaCha8Rng) -> Vec<Vec<Span>> {
        let mut all = vec![self.exons.clone()];
        for _ in 0..[0, 0, 1, 1, 2][rng.random_range(0..5)] {
            let mut exons = self.exons.clone();
            if let Some(last) = exons.last_mut() {
                last.1 -= rng.random_range(60..500);
            }
            let skip = rng.random_range(1..exons.len().max(2));
            let internal = skip + 1 < exons.len();
            let within = |exon: Span| {
                self.coding.is_none_or(|(start, end)| {
                    exon.0 > start && exon.1 < end && (exon.1 - exon.0).is_multiple_of(3)
                })
            };
            if internal && within(exons[skip]) && rng.random_bool(0.7) {
                exons.remove(skip);
            }
            all.push(exons);
        }
        all
    }

    fn place(&self, rng: &mut ChaCha8Rng, number: usize, contig: usize, start0: u64, strand: Strand) -> Gene {
        let end0 = start0 + self.length();
        let onto_genome = |(start, end): Span| match strand {
            Strand::Forward => (start0 + start, start0 + end),
            Strand::Reverse => (end0 - end, end0 - start),
        };
        let transcript = |(index, exons): (usize, Vec<Span>)| {
            let mut exons: Vec<Span> = exons.into_iter().map(onto_genome).collect();
            exons.sort_unstable();
            Transcript {
                id: format!("SIMT{number:06}.{}", index + 1),
                exons,
                coding: self.coding.map(onto_genome),
            }
        };
        Gene {
            id: format!("SIMG{number:06}"),
            name: format!("SIM{number}"),
            contig,
            strand,
            transcripts: self.alternatives(rng).into_iter().enumerate().map(transcript).collect(),
        }
    }
}

/// Where on the unspliced transcript base `messenger_offset` of the spliced one lies.
fn offset_of(exons: &[Span], messenger_offset: u64) -> u64 {
    let mut left = messenger_offset;
    for exon in exons {
        let length = exon.1 - exon.0;
        if left < length {
            return exon.0 + left;
        }
        left -= length;
    }
    exons.last().map_or(0, |exon| exon.1)
}

#[cfg(test)]
mod tests {
    use super::super::super::genome::background;
    use super::super::super::streams::{Part, stream};
    use super::*;

    fn genes() -> (Vec<Contig>, Vec<Gene>) {
        let contigs = background(&mut stream(3, Part::Background), 1_000_000, 4);
        let genes = draw(&mut stream(3, Part::Genes), &contigs);
        (contigs, genes)
    }

    #[test]
    fn transcripts_are_well_formed() {
        let (contigs, genes) = genes();
        assert!(genes.len() > 60, "{}", genes.len());
        for gene in &genes {
            let (start0, end0) = gene.span();
            assert!(start0 >= CONTIG_MARGIN);
            assert!(end0 + CONTIG_MARGIN <= contigs[gene.contig].sequence.len() as u64);
            assert!((1..=3).contains(&gene.transcripts.len()));
            for transcript in &gene.transcripts {
                assert!(transcript.exons.iter().all(|exon| exon.0 < exon.1));
                assert!(transcript.introns().iter().all(|intron| intron.1 - intron.0 >= 220));
                let coding: u64 = transcript.coding_parts().iter().map(|part| part.1 - part.0).sum();
                assert_eq!(coding % 3, 0, "{}", transcript.id);
                let (five, three) = transcript.untranslated(gene.strand);
                assert_eq!(transcript.coding.is_some(), !five.is_empty() && !three.is_empty());
                let length = |span: Span| span.1 - span.0;
                assert!(length(transcript.span()) <= length(gene.span()));
            }
        }
    }

    #[test]
    fn there_are_both_strands_splice_variants_non_coding_genes_gaps_and_overlaps() {
        let (_, genes) = genes();
        let reverse = genes.iter().filter(|gene| gene.strand == Strand::Reverse).count();
        assert!(3 * reverse > genes.len() && 3 * reverse < 2 * genes.len());
        let coding = |gene: &Gene| gene.transcripts[0].coding.is_some();
        assert!(genes.iter().any(|gene| !coding(gene)));
        let exons = |gene: &Gene, index: usize| gene.transcripts.get(index).map(|t| t.exons.len());
        assert!(genes.iter().any(|gene| exons(gene, 1).is_some_and(|count| Some(count) < exons(gene, 0))));
        let gaps: Vec<i64> = genes
            .windows(2)
            .filter(|pair| pair[0].contig == pair[1].contig)
            .map(|pair| pair[1].span().0 as i64 - pair[0].span().1 as i64)
            .collect();
        assert!(gaps.iter().any(|&gap| gap < 0) && gaps.iter().any(|&gap| gap > 6_000));
    }

    #[test]
    fn offsets_skip_introns() {
        let exons = [(0, 10), (30, 40)];
        assert_eq!(offset_of(&exons, 9), 9);
        assert_eq!(offset_of(&exons, 10), 30);
    }
}
