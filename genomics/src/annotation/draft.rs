//! Genes and transcripts while a file is read, in whatever order its lines come.

use std::collections::HashMap;

use super::{
    Gene, Transcript,
    names::{Contigs, Locus, LocusMap},
    transcript::{Part, assemble},
};

/// How a gene is named; `key` is what its transcripts name it by.
#[derive(Clone, Debug)]
pub(super) struct GeneNames {
    pub(super) key: String,
    pub(super) id: String,
    pub(super) name: Option<String>,
}

struct GeneDraft {
    locus: Locus,
    names: GeneNames,
    start0: u64,
    end0: u64,
    transcripts: Vec<Transcript>,
}

/// All lines that name one transcript on one strand of a contig. Files that repeat an identifier give several spans.
struct TranscriptDraft {
    locus: Locus,
    id: String,
    gene: GeneNames,
    spans: Vec<(u32, u32)>,
    parts: Vec<Part>,
}

#[derive(Default)]
pub(super) struct Draft {
    pub(super) contigs: Contigs,
    /// Lines left out because they say no strand.
    pub(super) unstranded: usize,
    genes: Vec<GeneDraft>,
    transcripts: Vec<TranscriptDraft>,
    transcript_by_id: LocusMap,
}

impl Draft {
    pub(super) fn gene(&mut self, locus: Locus, names: GeneNames, start0: u32, end0: u32) {
        let (start0, end0) = (u64::from(start0), u64::from(end0));
        self.genes.push(GeneDraft { locus, names, start0, end0, transcripts: Vec::new() });
    }

    /// The handle of a transcript, which is made with `gene` at its first mention.
    pub(super) fn transcript(&mut self, locus: Locus, id: &str, gene: impl FnOnce() -> GeneNames) -> usize {
        if let Some(index) = self.transcript_by_id.get(locus, id) {
            return index;
        }
        let index = self.transcripts.len();
        self.transcript_by_id.insert(locus, id, index);
        let (id, gene) = (id.to_owned(), gene());
        self.transcripts.push(TranscriptDraft { locus, id, gene, spans: Vec::new(), parts: Vec::new() });
        index
    }

    pub(super) fn span(&mut self, transcript: usize, start0: u32, end0: u32) {
        if let Some(draft) = self.transcripts.get_mut(transcript) {
            draft.spans.push((start0, end0));
        }
    }

    pub(super) fn part(&mut self, transcript: usize, part: Part) {
        if let Some(draft) = self.transcripts.get_mut(transcript) {
            draft.parts.push(part);
        }
    }

    /// Genes by contig, start, end and identifier, each with the transcripts that name it.
    pub(super) fn into_genes(self) -> Vec<Gene> {
        let Self { contigs, mut genes, transcripts, .. } = self;
        let mut by_key = HashMap::<(Locus, String), Vec<usize>>::new();
        for (index, gene) in genes.iter().enumerate() {
            by_key.entry((gene.locus, gene.names.key.clone())).or_default().push(index);
        }
        let file_has_parts = transcripts.iter().any(|transcript| !transcript.parts.is_empty());
        let mut assembled: Vec<_> =
            transcripts.into_iter().flat_map(|transcript| transcript.assemble(file_has_parts)).collect();
        // By position, so that transcripts of a gene without a line of its own join from left to right.
        assembled.sort_by(|(left, left_gene, left_locus), (right, right_gene, right_locus)| {
            let key = |transcript: &Transcript| (transcript.start0, transcript.end0);
            (left_locus, key(left), &left.id, &left_gene.key).cmp(&(
                right_locus,
                key(right),
                &right.id,
                &right_gene.key,
            ))
        });
        for (transcript, names, locus) in assembled {
            let candidates = by_key.entry((locus, names.key.clone())).or_default();
            let chosen = match home(&genes, candidates, &transcript) {
                Some(index) => index,
                None => {
                    let (start0, end0) = (transcript.start0, transcript.end0);
                    genes.push(GeneDraft { locus, names, start0, end0, transcripts: Vec::new() });
                    candidates.push(genes.len() - 1);
                    genes.len() - 1
                }
            };
            if let Some(gene) = genes.get_mut(chosen) {
                gene.start0 = gene.start0.min(transcript.start0);
                gene.end0 = gene.end0.max(transcript.end0);
                gene.transcripts.push(transcript);
            }
        }
        genes.sort_by(|left, right| {
            let key = |gene: &GeneDraft| (gene.locus.contig, gene.start0, gene.end0);
            key(left).cmp(&key(right)).then_with(|| left.names.id.cmp(&right.names.id))
        });
        genes.into_iter().map(|gene| gene.finish(&contigs)).collect()
    }
}

/// The smallest of a transcript's possible genes that contains it, or else one that overlaps it.
fn home(genes: &[GeneDraft], candidates: &[usize], transcript: &Transcript) -> Option<usize> {
    let of_index = |&index: &usize| genes.get(index).map(|gene| (index, gene));
    let contains = |gene: &GeneDraft| gene.start0 <= transcript.start0 && transcript.end0 <= gene.end0;
    let overlaps = |gene: &GeneDraft| gene.start0 < transcript.end0 && transcript.start0 < gene.end0;
    let containing = candidates.iter().filter_map(of_index).filter(|(_, gene)| contains(gene));
    containing
        .min_by_key(|(_, gene)| gene.end0 - gene.start0)
        .or_else(|| candidates.iter().filter_map(of_index).find(|(_, gene)| overlaps(gene)))
        .map(|(index, _)| index)
}

impl TranscriptDraft {
    fn assemble(self, file_has_parts: bool) -> Vec<(Transcript, GeneNames, Locus)> {
        let Self { locus, id, gene, mut spans, parts } = self;
        spans.sort_unstable();
        spans.dedup();
        let assembled: Vec<Transcript> = if spans.len() <= 1 {
            assemble(&id, locus.strand, spans.first().copied(), &parts, file_has_parts).into_iter().collect()
        } else {
            let within = |part: &Part, span: (u32, u32)| span.0 <= part.start0 && part.end0 <= span.1;
            let spans = spans.into_iter().filter_map(|span| {
                let own: Vec<Part> = parts.iter().filter(|part| within(part, span)).copied().collect();
                assemble(&id, locus.strand, Some(span), &own, file_has_parts)
            });
            spans.collect()
        };
        assembled.into_iter().map(|transcript| (transcript, gene.clone(), locus)).collect()
    }
}

impl GeneDraft {
    fn finish(self, contigs: &Contigs) -> Gene {
        let Self { locus, names, start0, end0, transcripts } = self;
        let contig = contigs.name(locus.contig).to_owned();
        let name = names.name.unwrap_or_else(|| names.id.clone());
        Gene { id: names.id, name, contig, strand: locus.strand, start0, end0, transcripts }
    }
}
