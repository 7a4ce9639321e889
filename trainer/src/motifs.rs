//! `motifs`: what the models look for, as position weight matrices, and whose known motif that is.

mod background;
mod comparison;
mod discovery;
mod expectation_maximization;
mod figure;
mod search;
mod seeds;
mod seqlets;
mod similarity;
mod tables;
mod widths;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::Context;

use crate::files::write_whole;
use crate::held_out::{self, Method, Progress};
use crate::meme::{Motif, meme_text, read_motifs};
use crate::terminal;

use comparison::Collection;
use search::Search;
use tables::Row;
use widths::Widths;

const EXAMPLES: &str = "Examples:
  polaris-trainer motifs --registry registry --prepared prepared --reference reference --out motifs
  polaris-trainer motifs --registry registry --prepared prepared --reference reference --out motifs \\
      --known Ray2013_rbp_RNA.meme --only QKI.K562 --method grad-cam

It maps each model's strongest bound windows that it was not trained on, cuts the sequence around the strongest clusters \
of each map, and finds the motif that these share. It writes
  motifs.meme   the motifs (MEME 4, ACGU)
  motifs.tsv    consensus, width, sites and information of each; with --known its best match
  matches.tsv   with --known: the ten best matches of each
  MODEL.svg     the logo; with --known above that of the best match

Information is 2 bits less the entropy of a column, with one site added to each column, evenly. Similarity is the sum of \
the Pearson correlations of the columns that stand over each other, at the best offset of at least 4, over the width of \
the narrower motif; p compares it with shuffles of the known motif, q is p corrected for their number (Benjamini and \
Hochberg).";

/// Options of `motifs`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: held_out::Arguments,
    /// Folder to write to; made if it is missing.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Known motifs to compare with: a MEME file of RNA or DNA.
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// How it is found where a model looks.
    #[arg(long, value_enum, default_value_t = Method::Mutagenesis)]
    method: Method,
    /// Windows of each model, those predicted strongest, of those predicted above 0.5.
    #[arg(long, value_name = "N", default_value = "200")]
    windows: NonZeroUsize,
    /// Width of the motifs: auto (4 to 12), a width, or the first and the last, such as 5..8; the one with the best
    /// Bayesian information criterion is taken.
    #[arg(long, value_name = "WIDTHS", default_value = "auto")]
    width: Widths,
    /// Shuffles of each known motif, for p.
    #[arg(long, value_name = "N", default_value = "1000")]
    shuffles: NonZeroUsize,
    /// Seed of the shuffles.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Finds, compares, draws and writes the motif of each model.
///
/// # Errors
/// If models, windows or known motifs cannot be read or do not belong together, or a file cannot be written.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let known = arguments.known.as_deref().map(read_motifs).transpose()?.unwrap_or_default();
    let collection = Collection::new(&known, arguments.shuffles.get(), arguments.seed);
    let held_out = arguments.source.open()?;
    let search = Search {
        method: arguments.method,
        windows: arguments.windows.get(),
        widths: arguments.width.0.clone(),
    };
    let progress = Progress::new();
    let mut rows = Vec::new();
    for id in held_out.ids() {
        let subject = held_out.subject(id)?;
        let found = search.run(id, &subject, &progress).with_context(|| id.to_string())?;
        let matches = found.as_ref().map(|found| collection.matches(&found.motif.matrix)).unwrap_or_default();
        rows.push(Row { id: id.clone(), found, matches });
    }
    progress.close();
    write(arguments, &rows)?;
    Ok(terminal::print(tables::screen(&rows))?)
}

fn write(arguments: &Arguments, rows: &[Row<'_>]) -> anyhow::Result<()> {
    let save = |name: &str, text: &str| {
        let path = arguments.out.join(name);
        write_whole(&path, text.as_bytes()).with_context(|| path.display().to_string())
    };
    for row in rows {
        if let Some(svg) = figure::svg(row)? {
            save(&format!("{}.svg", row.id), &svg)?;
        }
    }
    let motifs: Vec<Motif> = rows.iter().filter_map(|row| Some(row.found.as_ref()?.motif.clone())).collect();
    save("motifs.meme", &meme_text(&motifs, tables::mean_background(rows)))?;
    save("motifs.tsv", &tables::motifs(rows))?;
    if arguments.known.is_some() {
        save("matches.tsv", &tables::matches(rows))?;
    }
    Ok(())
}
