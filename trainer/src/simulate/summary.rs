//! A short account of a world for the terminal.

use std::fmt;

use super::motifs::RBPS;
use super::world::World;

/// Contigs, genes, peaks by model, variants by effect.
#[derive(Debug)]
pub(super) struct Summary<'a>(pub(super) &'a World);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let world = self.0;
        let bases: usize = world.contigs.iter().map(|contig| contig.sequence.len()).sum();
        let transcripts: usize = world.genes.iter().map(|gene| gene.transcripts.len()).sum();
        writeln!(f, "contigs      {} ({:.2} Mb)", world.contigs.len(), bases as f64 / 1e6)?;
        writeln!(f, "genes        {} ({transcripts} transcripts)", world.genes.len())?;
        for (line, _) in world.expression.tables() {
            let expressed =
                (0..world.genes.len()).filter(|&gene| world.expression.is_expressed(line, gene)).count();
            writeln!(f, "expressed    {expressed:<6} {line}")?;
        }
        writeln!(f, "sites        {} of {} proteins", world.sites.len(), RBPS.len())?;
        for (model, peaks) in world.models.iter().zip(&world.peaks) {
            let rbp = RBPS.get(model.rbp).map_or("", |rbp| rbp.name);
            writeln!(f, "peaks        {:<6} {rbp}.{}", peaks.len(), model.cell_line)?;
        }
        let alleles = || world.records.iter().flat_map(|record| &record.alternates);
        for effect in ["break", "make", "neutral"] {
            let count = alleles().filter(|(_, known)| known.effect.name() == effect).count();
            writeln!(f, "variants     {count:<6} {effect}")?;
        }
        let multiple = world.records.iter().filter(|record| record.alternates.len() > 1).count();
        write!(f, "records      {} ({multiple} with several alternate alleles)", world.records.len())
    }
}
