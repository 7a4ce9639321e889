//! `evaluate-maps`: where models look in simulated windows against where their motifs stand.

mod report;
mod sites;

use std::path::PathBuf;

use anyhow::Context;
use polaris_model::ModelId;
use polaris_model::localization::MapOptions;

use crate::held_out::{self, Examined, Method, Progress};
use crate::simulate::full_copies;
use crate::terminal;

use report::{Place, Row};
use sites::Sites;

/// Windows predicted above this are looked at: a map says why a window is bound.
const LEAST_PROBABILITY: f32 = 0.5;

/// Options of `evaluate-maps`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    polaris-trainer evaluate-maps --registry registry --prepared prepared --reference simulation/reference \\\n      \
    --sites simulation/sites.tsv\n\n\
    It counts, over the bound windows that a model was not trained on and predicts above 0.5, those whose highest map \
    position lies near a copy of the motif: one that was planted at a site, or any full copy. A map that is nowhere above 0 \
    (`empty`) and a window without a copy (a few peaks have no motif) do not count as near; the last column is what a \
    random position would reach.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: held_out::Arguments,
    /// Table of planted copies that `simulate` wrote.
    #[arg(long, value_name = "TSV")]
    sites: PathBuf,
    /// How the maps are calculated, comma-separated.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Method::GradCam, Method::Mutagenesis])]
    methods: Vec<Method>,
    /// Bases between the highest position and the nearest base of a copy that still count as near.
    #[arg(long, value_name = "BASES", default_value_t = 10)]
    within: usize,
}

/// Maps the windows of every model and prints the counts.
///
/// # Errors
/// If models, windows or sites cannot be read or do not belong together.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let sites = Sites::read(&arguments.sites)?;
    let held_out = arguments.source.open()?;
    let progress = Progress::new();
    let mut rows = Vec::new();
    for id in held_out.ids() {
        let subject = held_out.subject(id)?;
        let windows = subject.strongest(LEAST_PROBABILITY, usize::MAX);
        for &method in &arguments.methods {
            let options = MapOptions { method: method.into(), ..MapOptions::default() };
            let maps = subject.maps(&windows, &options, &progress).with_context(|| id.to_string())?;
            let places = windows.iter().zip(&maps).map(|(window, map)| place(id, window, map, &sites));
            let places = places.collect();
            rows.push(Row { id: id.clone(), method, places });
        }
    }
    progress.close();
    Ok(terminal::print(report::text(&rows, arguments.within))?)
}

fn place(id: &ModelId, window: &Examined, map: &[f32], sites: &Sites) -> Place {
    let higher = |best: usize, next: usize| if map.get(next) > map.get(best) { next } else { best };
    let summit = Some((0..map.len()).fold(0, higher)).filter(|base| map.get(*base) > Some(&0.0));
    let planted = sites.in_window(id.rbp(), &window.row.window);
    let mut copies = full_copies(id.rbp(), &window.input.sequence);
    copies.extend(&planted);
    Place { summit, planted, copies, length: map.len() }
}
