//! Writes a world as a reference bundle, peaks, variants and their truth.

mod annotation;
mod fasta;
mod motifs;
mod variants;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use flate2::{Compression, GzBuilder, write::GzEncoder};

use super::motifs::RBPS;
use super::world::{Plan, World};

/// Name of the simulated assembly.
pub(super) const ASSEMBLY: &str = "simulated-1";

/// Writes all files into `directory`, which exists and is empty.
///
/// # Errors
/// If a file cannot be written; the error names it.
pub(super) fn write(plan: &Plan, world: &World, directory: &Path) -> anyhow::Result<()> {
    for folder in ["reference/expression", "peaks"] {
        let path = directory.join(folder);
        fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
    }
    let reference = directory.join("reference");
    file(&reference.join("reference.toml"), |out| bundle(world, out))?;
    file(&reference.join("genome.fa"), |out| fasta::sequence(&world.contigs, out))?;
    file(&reference.join("genome.fa.fai"), |out| fasta::index(&world.contigs, out))?;
    gzip_file(&reference.join("annotation.gtf.gz"), |out| annotation::gtf(world, out))?;
    for (line, values) in world.expression.tables() {
        gzip_file(&reference.join(format!("expression/{line}.tsv.gz")), |out| {
            writeln!(out, "gene_id\tgene_name\tTPM")?;
            world
                .genes
                .iter()
                .zip(values)
                .try_for_each(|(gene, tpm)| writeln!(out, "{}\t{}\t{tpm}", gene.id, gene.name))
        })?;
    }
    peaks(world, directory)?;
    file(&directory.join("variants.vcf.gz"), |out| variants::vcf(plan, world, out))?;
    file(&directory.join("truth.tsv"), |out| variants::truth(world, out))?;
    file(&directory.join("sites.tsv"), |out| motifs::sites(world, out))?;
    file(&directory.join("motifs.meme"), |out| out.write_all(motifs::meme().as_bytes()))
}

fn bundle(world: &World, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "format = 1")?;
    writeln!(out, "assembly = \"{ASSEMBLY}\"")?;
    writeln!(out, "fasta = \"genome.fa\"")?;
    writeln!(out, "annotation = \"annotation.gtf.gz\"")?;
    writeln!(out, "\n[expression]")?;
    let mut tables = world.expression.tables().iter();
    tables.try_for_each(|(line, _)| writeln!(out, "{line} = \"expression/{line}.tsv.gz\""))
}

fn peaks(world: &World, directory: &Path) -> anyhow::Result<()> {
    let mut index = String::from("rbp\tcell_line\tpath\n");
    for (model, peaks) in world.models.iter().zip(&world.peaks) {
        let rbp = RBPS.get(model.rbp).map_or("", |rbp| rbp.name);
        let path = format!("peaks/{rbp}.{}.bed.gz", model.cell_line);
        gzip_file(&directory.join(&path), |out| {
            for (number, peak) in peaks.iter().enumerate() {
                let contig = world.contigs.get(peak.contig).map_or("", |contig| contig.name.as_str());
                writeln!(out, "{}", peak.line(contig, model, number + 1))?;
            }
            Ok(())
        })?;
        index.push_str(&format!("{rbp}\t{}\t{path}\n", model.cell_line));
    }
    file(&directory.join("peaks.tsv"), |out| out.write_all(index.as_bytes()))
}

type Fill<'a> = &'a mut dyn FnMut(&mut dyn Write) -> io::Result<()>;

fn file(path: &Path, mut fill: impl FnMut(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
    create(path, &mut |out| fill(out)).with_context(|| format!("cannot write {}", path.display()))
}

/// Without a name or a time in the header: the same content gives the same bytes.
fn gzip_file(path: &Path, mut fill: impl FnMut(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
    file(path, |out| {
        let mut encoder: GzEncoder<&mut dyn Write> =
            GzBuilder::new().mtime(0).write(out, Compression::default());
        fill(&mut encoder)?;
        encoder.finish().map(drop)
    })
}

fn create(path: &Path, fill: Fill<'_>) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    fill(&mut out)?;
    out.flush()
}
