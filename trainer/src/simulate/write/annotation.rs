//! GTF.

use std::io::{self, Write};

use polaris_genomics::Strand;

use super::super::genes::{Gene, Span, Transcript};
use super::super::world::World;

/// Gene, transcript, exon, CDS and UTR lines of every gene. A CDS includes the stop codon.
pub(super) fn gtf(world: &World, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "##description: simulated gene models\n##format: gtf")?;
    for gene in &world.genes {
        let contig = world.contigs.get(gene.contig).map_or("", |contig| contig.name.as_str());
        let coding = gene.primary().is_some_and(|transcript| transcript.coding.is_some());
        let kind = if coding { "protein_coding" } else { "lncRNA" };
        let attributes =
            format!("gene_id \"{}\"; gene_type \"{kind}\"; gene_name \"{}\";", gene.id, gene.name);
        let mut lines = Lines { out: &mut *out, contig, strand: gene.strand, attributes };
        lines.write("gene", gene.span(), ".")?;
        for transcript in &gene.transcripts {
            lines.transcript(gene, transcript)?;
        }
    }
    Ok(())
}

struct Lines<'a> {
    out: &'a mut dyn Write,
    contig: &'a str,
    strand: Strand,
    attributes: String,
}

impl Lines<'_> {
    fn transcript(&mut self, gene: &Gene, transcript: &Transcript) -> io::Result<()> {
        let gene_attributes = self.attributes.clone();
        self.attributes = format!("{gene_attributes} transcript_id \"{}\";", transcript.id);
        self.write("transcript", transcript.span(), ".")?;
        for exon in self.transcribed_order(transcript.exons.clone()) {
            self.write("exon", exon, ".")?;
        }
        let mut before = 0;
        for part in self.transcribed_order(transcript.coding_parts()) {
            let frame = (3 - before % 3) % 3;
            self.write("CDS", part, &frame.to_string())?;
            before += part.1 - part.0;
        }
        let (five_prime, three_prime) = transcript.untranslated(gene.strand);
        for part in self.transcribed_order(five_prime) {
            self.write("five_prime_UTR", part, ".")?;
        }
        for part in self.transcribed_order(three_prime) {
            self.write("three_prime_UTR", part, ".")?;
        }
        self.attributes = gene_attributes;
        Ok(())
    }

    fn transcribed_order(&self, mut spans: Vec<Span>) -> Vec<Span> {
        if self.strand == Strand::Reverse {
            spans.reverse();
        }
        spans
    }

    fn write(&mut self, feature: &str, (start0, end0): Span, frame: &str) -> io::Result<()> {
        let Self { out, contig, strand, attributes } = self;
        writeln!(
            out,
            "{contig}\tsimulated\t{feature}\t{}\t{end0}\t.\t{strand}\t{frame}\t{attributes}",
            start0 + 1
        )
    }
}
