//! `report`: one page with the paper's figures, redrawn from the user's own runs.

mod escape;
mod figures;
mod inputs;
mod model;
mod numbers;
mod page;
mod plot;
mod section;
mod table;

use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::files::write_whole;
use crate::terminal;

use figures::CellLines;
use inputs::Inputs;

const EXAMPLES: &str = "Examples:
  polaris-trainer report results --out report.html
  polaris-trainer report training/standard/metrics.json results motifs/ diffusion.tsv --out report.html

It takes files, and folders with all that is in them: metrics.json of `train` (or the summary.tsv of an older run), the JSON \
files of `assess`, `cross-cell`, `ablation`, `learning-curve` and `compare`, and the tables of `motifs` and `diffusion`. \
Other files are passed over. What is missing leaves its figure out, and the page says which command makes it.

The page is one file: it needs no network, and without scripts lacks only its filters and sorting. Beside it goes a CSV of \
the same name with every number of every figure.";

/// Options of `report`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Files and folders of results.
    #[arg(required = true, value_name = "RESULTS")]
    results: Vec<PathBuf>,
    /// Page to write; the CSV goes beside it.
    #[arg(long, value_name = "HTML")]
    out: PathBuf,
    /// Title of the page.
    #[arg(long, default_value = "POLARIS models")]
    title: String,
}

/// Reads the results and writes page and CSV.
///
/// # Errors
/// If a file cannot be read or written, or there is nothing to show.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.out.extension().is_some_and(|extension| extension == "csv") {
        bail!("--out {}: the page's name; the CSV goes beside it", arguments.out.display());
    }
    let inputs = Inputs::gather(&arguments.results)?;
    if inputs.files.is_empty() {
        let places: Vec<String> = arguments.results.iter().map(|place| place.display().to_string()).collect();
        bail!("{}: no results of any command", places.join(", "));
    }
    let lines = CellLines::of(&inputs.models());
    let sections = figures::all(&inputs, &lines);
    let csv = arguments.out.with_extension("csv");
    let page = page::html(&arguments.title, &inputs, &lines, &sections);
    for (path, content) in [(&csv, section::csv(&sections)), (&arguments.out, page)] {
        write_whole(path, content.as_bytes()).with_context(|| path.display().to_string())?;
    }
    let drawn = sections.iter().filter(|section| section.content.is_some()).count();
    let missing: Vec<&str> =
        sections.iter().filter(|section| section.content.is_none()).map(|section| section.id).collect();
    terminal::say(format_args!("{drawn} of {} figures from {} files", sections.len(), inputs.files.len()));
    if !missing.is_empty() {
        terminal::say(format_args!("without data: {}", missing.join(", ")));
    }
    Ok(terminal::print(arguments.out.display())?)
}
