//! VCF and the table of what its alleles do.

use std::io::{self, Write};

use noodles_bgzf as bgzf;

use super::super::motifs::RBPS;
use super::super::world::{Plan, World};
use super::ASSEMBLY;

/// The records as bgzip-compressed VCF without samples.
pub(super) fn vcf(plan: &Plan, world: &World, out: &mut dyn Write) -> io::Result<()> {
    let mut out = bgzf::io::Writer::new(out);
    writeln!(out, "##fileformat=VCFv4.3")?;
    writeln!(out, "##source=polaris-trainer simulate --seed {}", plan.seed)?;
    writeln!(out, "##reference=genome.fa")?;
    for contig in &world.contigs {
        writeln!(out, "##contig=<ID={},length={},assembly={ASSEMBLY}>", contig.name, contig.sequence.len())?;
    }
    writeln!(out, "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")?;
    for record in &world.records {
        let contig = world.contigs.get(record.contig).map_or("", |contig| contig.name.as_str());
        write!(out, "{contig}\t{}\t{}\t", record.position0 + 1, record.id)?;
        out.write_all(&record.reference)?;
        for (index, (alternate, _)) in record.alternates.iter().enumerate() {
            out.write_all(if index == 0 { b"\t" } else { b"," })?;
            out.write_all(alternate)?;
        }
        writeln!(out, "\t.\tPASS\t.")?;
    }
    out.finish().map(drop)
}

/// A line per alternate allele and model, alleles spelled as in the VCF.
pub(super) fn truth(world: &World, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "id\tcontig\tposition1\treference\talternate\trbp\tcell_line\teffect\tkind\tstrand")?;
    for record in &world.records {
        let contig = world.contigs.get(record.contig).map_or("", |contig| contig.name.as_str());
        for (alternate, known) in &record.alternates {
            let strand = world.genes.get(known.gene).map_or('.', |gene| gene.strand.to_string().remove(0));
            for model in &known.models {
                let rbp = RBPS.get(model.rbp).map_or("", |rbp| rbp.name);
                write!(out, "{}\t{contig}\t{}\t", record.id, record.position0 + 1)?;
                out.write_all(&record.reference)?;
                out.write_all(b"\t")?;
                out.write_all(alternate)?;
                let (effect, kind) = (known.effect.name(), known.allele.kind());
                writeln!(out, "\t{rbp}\t{}\t{effect}\t{kind}\t{strand}", model.cell_line)?;
            }
        }
    }
    Ok(())
}
