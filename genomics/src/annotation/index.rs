//! Transcripts by position: region classes and transcribed strands.

use std::{cmp::Reverse, collections::HashMap};

use coitrees::{COITree, GenericInterval, Interval as TreeInterval, IntervalTree};

use super::{Gene, Transcript, nearest::tree_position};
use crate::{
    contig::contig_key,
    interval::{contains, merge, overlap_bases},
    region_class::RegionClass,
    strand::Strand,
};

const PROMOTER_BASES: u64 = 1_000;
const UPSTREAM_BASES: u64 = 5_000;

/// Place of a transcript: its gene's index, and its own in the gene.
type Place = (u32, u32);

pub(super) struct TranscriptIndex(HashMap<String, ContigTranscripts>);

#[derive(Default)]
struct Collected {
    nodes: Vec<TreeInterval<Place>>,
    by_strand: [Vec<(u64, u64)>; 2],
    promoters: Vec<(u64, u64)>,
    upstream: Vec<(u64, u64)>,
}

struct ContigTranscripts {
    over: COITree<Place, u32>,
    by_strand: [Vec<(u64, u64)>; 2],
    promoters: Vec<(u64, u64)>,
    upstream: Vec<(u64, u64)>,
}

impl TranscriptIndex {
    pub(super) fn new(genes: &[Gene]) -> Self {
        let mut by_contig = HashMap::<&str, Collected>::new();
        for (gene_index, gene) in (0_u32..).zip(genes) {
            let collected = by_contig.entry(contig_key(&gene.contig)).or_default();
            for (index, transcript) in (0_u32..).zip(&gene.transcripts) {
                collected.add(transcript, (gene_index, index));
            }
        }
        Self(by_contig.into_iter().map(|(key, collected)| (key.to_owned(), collected.finish())).collect())
    }

    pub(super) fn is_transcribed(&self, contig: &str, strand: Strand, start0: u64, end0: u64) -> bool {
        let contig = self.0.get(contig_key(contig));
        contig.is_some_and(|contig| overlap_bases(&contig.by_strand[strand.index()], start0, end0) > 0)
    }

    pub(super) fn region_class(&self, genes: &[Gene], contig: &str, position0: u64) -> Option<RegionClass> {
        let contig = self.0.get(contig_key(contig))?;
        if let Some(transcript) = contig.longest_over(genes, position0) {
            return Some(class_in(transcript, position0));
        }
        if contains(&contig.promoters, position0) {
            return Some(RegionClass::Promoter);
        }
        contains(&contig.upstream, position0).then_some(RegionClass::OneToFiveKb)
    }
}

impl Collected {
    fn add(&mut self, transcript: &Transcript, place: Place) {
        let &Transcript { strand, start0, end0, .. } = transcript;
        self.nodes.push(TreeInterval::new(tree_position(start0), tree_position(end0) - 1, place));
        self.by_strand[strand.index()].push((start0, end0));
        let upstream = |bases: u64| match strand {
            Strand::Forward => (start0.saturating_sub(bases), start0),
            Strand::Reverse => (end0, end0 + bases),
        };
        self.promoters.push(upstream(PROMOTER_BASES));
        self.upstream.push(upstream(UPSTREAM_BASES));
    }

    fn finish(mut self) -> ContigTranscripts {
        self.by_strand.iter_mut().for_each(merge);
        merge(&mut self.promoters);
        merge(&mut self.upstream);
        ContigTranscripts {
            over: COITree::new(&self.nodes),
            by_strand: self.by_strand,
            promoters: self.promoters,
            upstream: self.upstream,
        }
    }
}

impl ContigTranscripts {
    fn longest_over<'a>(&self, genes: &'a [Gene], position0: u64) -> Option<&'a Transcript> {
        let at = tree_position(position0);
        let mut longest: Option<&Transcript> = None;
        self.over.query(at, at, |node| {
            let &(gene, index) = node.metadata();
            let gene = usize::try_from(gene).ok().and_then(|gene| genes.get(gene));
            let index = usize::try_from(index).ok();
            let transcript = gene.zip(index).and_then(|(gene, index)| gene.transcripts.get(index));
            longest = longest.into_iter().chain(transcript).min_by_key(|transcript| {
                (Reverse(transcript.end0 - transcript.start0), transcript.id.as_str(), transcript.start0)
            });
        });
        longest
    }
}

fn class_in(transcript: &Transcript, position0: u64) -> RegionClass {
    if contains(&transcript.five_prime_utr, position0) {
        RegionClass::FivePrimeUtr
    } else if contains(&transcript.three_prime_utr, position0) {
        RegionClass::ThreePrimeUtr
    } else if contains(&transcript.exons, position0) {
        RegionClass::Exon
    } else {
        RegionClass::Intron
    }
}
