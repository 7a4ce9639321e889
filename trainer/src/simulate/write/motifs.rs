//! What was planted and where: motifs as matrices, and a table of their copies.

use std::io::{self, Write};

use super::super::motifs::RBPS;
use super::super::world::World;
use crate::meme::{Motif, meme_text};
use crate::position_matrix::{PositionMatrix, letter_index};

/// Each protein's planted units as a matrix, laid over each other by their first full copies of the motif.
pub(super) fn meme() -> String {
    let motifs: Vec<Motif> = RBPS
        .iter()
        .map(|rbp| {
            let mut counts = vec![[0.0; 4]; rbp.consensus.len()];
            for unit in rbp.units {
                let copy = rbp.copies(unit.as_bytes()).first().and_then(|&(start, end)| unit.get(start..end));
                for (column, base) in counts.iter_mut().zip(copy.unwrap_or_default().bytes()) {
                    if let Some(count) = letter_index(base).and_then(|letter| column.get_mut(letter)) {
                        *count += 1.0;
                    }
                }
            }
            let (id, name) = (rbp.name.to_owned(), Some(rbp.consensus.replace('T', "U")));
            let matrix = PositionMatrix::from_counts(&counts, 0.0);
            Motif { id, name, sites: Some(rbp.units.len()), matrix }
        })
        .collect();
    meme_text(&motifs, [0.25; 4])
}

/// A line for each full copy at a site, in the order of the genome. Cell lines are those in which the site is bound; `.`
/// if it was found in none.
pub(super) fn sites(world: &World, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "contig\tstart0\tend0\tstrand\trbp\tcell_lines")?;
    let mut copies: Vec<_> =
        world.sites.iter().flat_map(|site| site.copies.iter().map(move |copy| (site, *copy))).collect();
    copies.sort_by_key(|(site, copy)| (site.contig, *copy));
    for (site, (start0, end0)) in copies {
        let contig = world.contigs.get(site.contig).map_or("", |contig| contig.name.as_str());
        let rbp = RBPS.get(site.rbp).map_or("", |rbp| rbp.name);
        let lines = if site.cell_lines.is_empty() { ".".to_owned() } else { site.cell_lines.join(",") };
        writeln!(out, "{contig}\t{start0}\t{end0}\t{}\t{rbp}\t{lines}", site.strand)?;
    }
    Ok(())
}
