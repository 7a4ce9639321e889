//! Pictures of motifs.

use anyhow::Context;
use polaris_figures::{Alphabet, Logo, LogoComparison};

use super::comparison::Match;
use super::tables::{Row, known_name};
use crate::meme::Motif;

/// The logo of a model's motif, above that of the best match if there is one; `None` without a motif.
///
/// # Errors
/// If it cannot be drawn.
pub(super) fn svg(row: &Row<'_>) -> anyhow::Result<Option<String>> {
    let Some(found) = &row.found else { return Ok(None) };
    let caption = format!("{} sites in {} seqlets", found.sites, found.seqlets);
    let own = logo(&found.motif, row.id.to_string(), caption);
    let drawn = match row.matches.first() {
        None => own.to_svg(),
        Some(best) => comparison(own, best).to_svg(),
    };
    drawn.map(Some).with_context(|| format!("drawing the motif of {}", row.id))
}

fn comparison(upper: Logo, best: &Match<'_>) -> LogoComparison {
    let lower = logo(best.known, known_name(best.known), String::new());
    let caption = format!("similarity {:.2}, p {:.2e}, q {:.2e}", best.alignment.similarity, best.p, best.q);
    LogoComparison { title: String::new(), caption, upper, lower, offset: best.alignment.offset }
}

fn logo(motif: &Motif, title: String, caption: String) -> Logo {
    Logo { title, caption, alphabet: Alphabet::Rna, weights: motif.matrix.columns().to_vec() }
}
