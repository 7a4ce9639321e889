//! The tables that are written and shown.

use std::fmt::Write;

use polaris_model::ModelId;

use super::comparison::Match;
use super::search::Found;
use crate::meme::Motif;
use crate::position_matrix::Column;

/// Matches that are written for each model.
const MATCHES: usize = 10;

/// A model, its motif, and all known ones, best first.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) id: ModelId,
    /// `None` if no motif was found.
    pub(super) found: Option<Found>,
    pub(super) matches: Vec<Match<'a>>,
}

/// What a known motif is called.
pub(super) fn known_name(motif: &Motif) -> String {
    match &motif.name {
        Some(name) if *name != motif.id => format!("{} {name}", motif.id),
        _ => motif.id.clone(),
    }
}

/// Mean over the models of the frequencies of bases elsewhere in their windows.
pub(super) fn mean_background(rows: &[Row<'_>]) -> Column {
    let found: Vec<&Found> = rows.iter().filter_map(|row| row.found.as_ref()).collect();
    let mean = |base: usize| {
        let sum: f64 = found.iter().map(|found| found.background[base]).sum();
        if found.is_empty() { 0.25 } else { sum / found.len() as f64 }
    };
    [0, 1, 2, 3].map(mean)
}

/// `motifs.tsv`: a line for each model; NA where there is no motif or no known one.
pub(super) fn motifs(rows: &[Row<'_>]) -> String {
    let mut text = String::from("model\tconsensus\twidth\tsites\tseqlets\tbits\tmatch\tsimilarity\tp\tq\n");
    for row in rows {
        let _ = write!(text, "{}", row.id);
        match &row.found {
            Some(Found { motif, sites, seqlets, .. }) => {
                let (matrix, consensus) = (&motif.matrix, motif.matrix.consensus());
                let _ = write!(
                    text,
                    "\t{consensus}\t{}\t{sites}\t{seqlets}\t{:.3}",
                    matrix.width(),
                    matrix.bits()
                );
            }
            None => text.push_str("\tNA\tNA\t0\tNA\tNA"),
        }
        match row.matches.first() {
            Some(best) => {
                let name = known_name(best.known);
                let _ = writeln!(
                    text,
                    "\t{name}\t{:.4}\t{:.3e}\t{:.3e}",
                    best.alignment.similarity, best.p, best.q
                );
            }
            None => text.push_str("\tNA\tNA\tNA\tNA\n"),
        }
    }
    text
}

/// `matches.tsv`: the best matches of each model.
pub(super) fn matches(rows: &[Row<'_>]) -> String {
    let mut text = String::from("model\trank\tid\tname\tconsensus\tsimilarity\toverlap\toffset\tp\tq\n");
    for row in rows {
        for (rank, found) in row.matches.iter().take(MATCHES).enumerate() {
            let Motif { id, name, matrix, .. } = found.known;
            let (name, consensus) = (name.as_deref().unwrap_or("."), matrix.consensus());
            let alignment = found.alignment;
            let _ = writeln!(
                text,
                "{}\t{}\t{id}\t{name}\t{consensus}\t{:.4}\t{}\t{}\t{:.3e}\t{:.3e}",
                row.id,
                rank + 1,
                alignment.similarity,
                alignment.overlap,
                alignment.offset,
                found.p,
                found.q
            );
        }
    }
    text
}

/// The same in short.
pub(super) fn screen(rows: &[Row<'_>]) -> String {
    let mut text = format!("{:24} {:12} {:>9} {:>5}  best match", "model", "motif", "sites", "bits");
    for row in rows {
        let _ = write!(text, "\n{:24}", row.id.to_string());
        let Some(Found { motif, sites, seqlets, .. }) = &row.found else {
            text.push_str(" none found");
            continue;
        };
        let sites = format!("{sites}/{seqlets}");
        let _ = write!(text, " {:12} {sites:>9} {:>5.1}", motif.matrix.consensus(), motif.matrix.bits());
        match row.matches.first() {
            Some(best) => {
                let (name, similarity) = (known_name(best.known), best.alignment.similarity);
                let _ =
                    write!(text, "  {name} (similarity {similarity:.2}, p {:.2e}, q {:.2e})", best.p, best.q);
            }
            None => text.push_str("  -"),
        }
    }
    text
}
