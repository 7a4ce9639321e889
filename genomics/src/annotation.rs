//! Gene models of an assembly.

mod columns;
mod draft;
mod gff3;
mod gtf;
mod index;
mod names;
mod nearest;
mod store;
mod transcript;

use std::path::Path;

pub(crate) use self::nearest::NearestGenes;
use self::{columns::Fault, draft::Draft, index::TranscriptIndex};
use crate::{
    interval::{Interval, IntervalSet},
    region_class::RegionClass,
    strand::Strand,
    text::{Lines, open_text},
    text_file_error::TextFileError,
};

/// The lines that make a gene.
const GENE_LINES: &str = "gene, transcript or exon lines with gene_id and transcript_id in a GTF, gene lines and lines \
    whose Parent leads to them in a GFF3";

/// One way a gene is spliced. Positions are 0-based and half-open; lists are merged and sorted by position.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transcript {
    /// The file's identifier.
    pub id: String,
    /// The strand it is read from.
    pub strand: Strand,
    /// First base on the forward strand.
    pub start0: u64,
    /// The base after the last.
    pub end0: u64,
    /// Exons. The whole transcript if the file lists none for any; none if it lists those of others alone.
    pub exons: Vec<(u64, u64)>,
    /// 5' untranslated regions: the file's, or the exons' bases before the coding sequence.
    pub five_prime_utr: Vec<(u64, u64)>,
    /// 3' untranslated regions: the file's, or the exons' bases after the coding sequence.
    pub three_prime_utr: Vec<(u64, u64)>,
}

/// A gene with its transcripts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Gene {
    /// The file's identifier, such as `ENSG00000141510.19`.
    pub id: String,
    /// Its symbol, or the identifier where the file has none.
    pub name: String,
    /// The contig as the file names it.
    pub contig: String,
    /// The strand it is read from.
    pub strand: Strand,
    /// First base on the forward strand.
    pub start0: u64,
    /// The base after the last.
    pub end0: u64,
    /// Its transcripts, by start, end and identifier.
    pub transcripts: Vec<Transcript>,
}

/// The strands a stretch is to be scored on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScoringStrands {
    /// Each strand once, forward first; empty where the contig has no gene.
    pub strands: Vec<Strand>,
    /// Whether transcripts overlap the stretch; otherwise the strand is the nearest gene's.
    pub transcribed: bool,
}

/// The genes of an assembly, found by position. Contigs are found by any of their aliases.
pub struct GeneIndex {
    genes: Vec<Gene>,
    unstranded: usize,
    nearest: NearestGenes,
    transcripts: TranscriptIndex,
}

impl GeneIndex {
    /// Reads GTF or GFF3, whichever the content is, plain, gzip or bgzip.
    ///
    /// Untranslated regions are those the file lists (`five_prime_UTR`, `three_prime_UTR`, or `UTR`, told apart by the
    /// side of the coding sequence), or else what exons have beside the coding sequence. Features without a strand
    /// are left out and counted.
    ///
    /// What has been read from a large file is stored beside it, in `.NAME.polaris-genes`, and read from there as long as
    /// the file has the same size and time of change.
    ///
    /// # Errors
    ///
    /// [`TextFileError`] if the file cannot be read, has no gene, or has a malformed line.
    pub fn open(path: &Path) -> Result<Self, TextFileError> {
        let stamp = store::Stamp::of(path);
        if let Some((genes, unstranded)) = stamp.and_then(|stamp| store::read(path, stamp)) {
            return Ok(Self::from_genes(genes, unstranded));
        }
        let (genes, unstranded) = Self::parse(path)?;
        if let Some(stamp) = stamp {
            store::write(path, stamp, &genes, unstranded);
        }
        Ok(Self::from_genes(genes, unstranded))
    }

    /// The genes of a file, and how many lines have no strand.
    fn parse(path: &Path) -> Result<(Vec<Gene>, usize), TextFileError> {
        let read = TextFileError::read(path);
        let malformed = |fault: Fault| fault.into_error(path);
        let mut lines = Lines::new(open_text(path).map_err(read)?);
        let mut draft = Draft::default();
        let mut parser: Option<Parser> = None;
        while let Some((number, line)) = lines.next_line().map_err(read)? {
            if line == b"##FASTA" {
                break;
            }
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let columns = columns::parse(number, line).map_err(malformed)?;
            if parser.is_none() {
                parser = Parser::for_attributes(columns.attributes);
            }
            // A line before the first attribute is of no gene: chromosomes and the like come first.
            if let Some(parser) = &mut parser {
                parser.feature(&mut draft, &columns).map_err(malformed)?;
            }
        }
        if let Some(Parser::Gff3(parser)) = parser {
            parser.finish(&mut draft).map_err(malformed)?;
        }
        let unstranded = draft.unstranded;
        let genes = draft.into_genes();
        if genes.is_empty() {
            return Err(TextFileError::NoGenes { path: path.to_owned(), expected: GENE_LINES });
        }
        Ok((genes, unstranded))
    }

    fn from_genes(genes: Vec<Gene>, unstranded: usize) -> Self {
        let nearest = NearestGenes::new(&genes, |_| true);
        let transcripts = TranscriptIndex::new(&genes);
        Self { genes, unstranded, nearest, transcripts }
    }

    /// All genes, by contig in the file's order, then by start, end and identifier.
    pub fn genes(&self) -> &[Gene] {
        &self.genes
    }

    /// How many lines were left out because they say no strand.
    pub fn unstranded(&self) -> usize {
        self.unstranded
    }

    /// The union of all genes.
    pub fn transcribed(&self) -> IntervalSet {
        IntervalSet::from_intervals(self.genes.iter().map(Gene::interval))
    }

    /// The union of the genes of one strand.
    pub fn transcribed_on(&self, strand: Strand) -> IntervalSet {
        let genes = self.genes.iter().filter(|gene| gene.strand == strand);
        IntervalSet::from_intervals(genes.map(Gene::interval))
    }

    /// Strands of the transcripts that overlap `[start0, end0)`, each once, forward first. An empty stretch counts as
    /// the base at `start0`.
    pub fn transcribed_strands(&self, contig: &str, start0: u64, end0: u64) -> Vec<Strand> {
        let end0 = end0.max(start0.saturating_add(1));
        let overlaps = |strand: &Strand| self.transcripts.is_transcribed(contig, *strand, start0, end0);
        Strand::ALL.into_iter().filter(overlaps).collect()
    }

    /// The strands to score `[start0, end0)` on: those transcribed there, or else that of the gene nearest to its
    /// midpoint.
    pub fn scoring_strands(&self, contig: &str, start0: u64, end0: u64) -> ScoringStrands {
        let strands = self.transcribed_strands(contig, start0, end0);
        if !strands.is_empty() {
            return ScoringStrands { strands, transcribed: true };
        }
        let midpoint0 = start0 + end0.saturating_sub(start0) / 2;
        let nearest = self.nearest_gene(contig, midpoint0);
        ScoringStrands { strands: nearest.map(|gene| gene.strand).into_iter().collect(), transcribed: false }
    }

    /// The gene nearest to a base, on either strand: one over it before any beside it; of several at the same
    /// distance the one whose midpoint is nearest, then the one whose identifier comes first.
    pub fn nearest_gene(&self, contig: &str, position0: u64) -> Option<&Gene> {
        self.genes.get(self.nearest.nearest(contig, position0)?)
    }

    /// Where in a gene a base lies, on either strand: in the longest transcript over it 5'UTR, 3'UTR, exon or intron
    /// (of several as long, the one whose identifier comes first); else at most 1 kb, else at most 5 kb upstream of
    /// any transcription start; else `None`.
    pub fn region_class(&self, contig: &str, position0: u64) -> Option<RegionClass> {
        self.transcripts.region_class(&self.genes, contig, position0)
    }
}

impl Gene {
    fn interval(&self) -> Interval {
        Interval { contig: self.contig.clone(), start0: self.start0, end0: self.end0 }
    }
}

enum Parser {
    Gtf,
    Gff3(gff3::Parser),
}

impl Parser {
    /// GFF3 writes `key=value`, GTF `key "value"`; `None` where there is no attribute to tell by.
    fn for_attributes(attributes: &[u8]) -> Option<Self> {
        match attributes.iter().find(|byte| matches!(byte, b'=' | b' ' | b'"')) {
            Some(b'=') => Some(Self::Gff3(gff3::Parser::default())),
            _ if attributes.is_empty() => None,
            _ => Some(Self::Gtf),
        }
    }

    fn feature(&mut self, draft: &mut Draft, columns: &columns::Columns<'_>) -> Result<(), Fault> {
        match self {
            Self::Gtf => gtf::feature(draft, columns),
            Self::Gff3(parser) => parser.feature(draft, columns),
        }
    }
}

#[cfg(test)]
mod tests;
