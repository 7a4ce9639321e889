//! `simulate`: a small genome with genes, expression, eCLIP-like peaks and variants whose effect is known.

mod alleles;
mod destination;
mod expression;
mod genes;
mod genome;
mod motifs;
mod occupancy;
mod peaks;
mod sites;
mod streams;
mod summary;
mod variants;
mod world;
mod write;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use self::destination::Destination;
pub(crate) use self::motifs::full_copies;
use self::summary::Summary;
use self::world::Plan;

const EXAMPLE: &str = "Example:
  polaris-trainer simulate --out simulated --seed 1

It writes
  reference/       a reference bundle: genome, gene models, expression of K562 and HepG2
  peaks/           eCLIP-like peaks (narrowPeak); peaks.tsv lists them
  variants.vcf.gz  variants that break a motif, make one or do neither; truth.tsv says which
  motifs.meme      the motifs that were planted; sites.tsv says where

The same options give the same bytes.";

/// Options of `simulate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// Directory to create.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Seed of all random draws.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Size of the genome in megabases, 2 to 4.
    #[arg(long, default_value_t = 3.0, value_parser = megabases)]
    megabases: f64,

    /// Contigs, 5 to 40: folds by contig need at least five.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(5..=40))]
    contigs: u8,

    /// Binding sites to plant for each RNA-binding protein, 20 to 600.
    #[arg(long, default_value_t = 450, value_parser = clap::value_parser!(u16).range(20..=600))]
    sites_per_rbp: u16,

    /// Alternate alleles in the VCF, 12 to 1000.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(12..=1000))]
    variants: u16,

    /// Replace an earlier simulation in the directory.
    #[arg(long)]
    force: bool,
}

fn megabases(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    if (2.0..=4.0).contains(&value) { Ok(value) } else { Err(format!("{value} is not between 2 and 4")) }
}

/// Simulates, writes and says what was written.
///
/// # Errors
/// If the directory is taken or cannot be written, or the genome has no room for the sites.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let destination = Destination::open(&arguments.out, arguments.force)?;
    let plan = Plan {
        seed: arguments.seed,
        bases: (arguments.megabases * 1e6).round() as u64,
        contigs: usize::from(arguments.contigs),
        sites_per_rbp: usize::from(arguments.sites_per_rbp),
        variants: usize::from(arguments.variants),
    };
    let world = world::draw(&plan)?;
    write::write(&plan, &world, &destination.directory())?;
    destination.publish()?;
    Ok(crate::terminal::print(Summary(&world))?)
}
