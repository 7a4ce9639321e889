//! `polaris-trainer evaluate`: scores of simulated variants against what the simulation did.

mod report;
mod scores;
mod truth;

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::Context;
use polaris_genomics::contig_key;
use polaris_model::Registry;

/// Options of `evaluate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    polaris-client score demo/variants.vcf.gz --reference demo/reference --registry registry -o scored.vcf.gz --tsv scores.tsv\n  \
    polaris-trainer evaluate --truth demo/truth.tsv --scores scores.tsv --registry registry")]
pub(crate) struct Arguments {
    /// Truth table that `simulate` wrote.
    #[arg(long, value_name = "TSV")]
    truth: PathBuf,
    /// Table of scores that `polaris-client score --tsv` wrote.
    #[arg(long, value_name = "TSV")]
    scores: PathBuf,
    /// Registry of the models that scored: tells on which contigs a model never saw a window.
    #[arg(long, value_name = "DIR")]
    registry: PathBuf,
}

/// Prints how often the models see what the simulated variants do.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let truth = truth::read(&arguments.truth)?;
    let scores = scores::read(&arguments.scores)?;
    let registry = Registry::open(&arguments.registry)?;
    let mut held_out: HashMap<String, Vec<String>> = HashMap::new();
    for id in registry.model_ids()? {
        let contigs = registry.manifest(&id)?.training.held_out_contigs;
        held_out.insert(id.to_string(), contigs.iter().map(|contig| contig_key(contig).to_owned()).collect());
    }
    let judged: Vec<report::Judged<'_>> = truth
        .iter()
        .map(|row| report::Judged {
            truth: row,
            score: scores.get(&row.key()),
            unseen: held_out
                .get(&row.model)
                .is_some_and(|contigs| contigs.iter().any(|contig| contig == contig_key(&row.contig))),
        })
        .collect();
    let text = report::text(&judged).context("comparing truth and scores")?;
    Ok(crate::terminal::print(text.trim_end())?)
}
