//! Everything that a simulation holds before it is written.

use super::expression::{self, Expression};
use super::genes::{self, Gene};
use super::genome::{self, Contig};
use super::motifs::{Model, models};
use super::occupancy::Occupancy;
use super::peaks::{self, Peak};
use super::sites::{self, Ground, Site};
use super::streams::{Part, stream};
use super::variants::{self, Record, Stage};

/// What is to be simulated.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    /// Length of the genome.
    pub(super) bases: u64,
    pub(super) contigs: usize,
    pub(super) sites_per_rbp: usize,
    /// Alternate alleles in the VCF.
    pub(super) variants: usize,
}

/// A simulated genome and what was measured on it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) contigs: Vec<Contig>,
    pub(super) genes: Vec<Gene>,
    pub(super) expression: Expression,
    pub(super) sites: Vec<Site>,
    pub(super) models: Vec<Model>,
    /// In the order of `models`.
    pub(super) peaks: Vec<Vec<Peak>>,
    pub(super) records: Vec<Record>,
}

/// Draws a world; the same plan gives the same one.
///
/// # Errors
/// If the genome is too small for the sites.
pub(super) fn draw(plan: &Plan) -> anyhow::Result<World> {
    let seed = plan.seed;
    let mut contigs = genome::background(&mut stream(seed, Part::Background), plan.bases, plan.contigs);
    let genes = genes::draw(&mut stream(seed, Part::Genes), &contigs);
    genes::imprint(&mut stream(seed, Part::Signals), &mut contigs, &genes);
    let expression = expression::draw(&mut stream(seed, Part::Expression), genes.len());
    let mut occupancy = Occupancy::new(contigs.iter().map(|contig| contig.sequence.len()));
    let ground = Ground { genes: &genes, expression: &expression };
    let sites = sites::plant(seed, &mut contigs, &ground, &mut occupancy, plan.sites_per_rbp)?;
    let models = models();
    let peaks = peaks::draw(seed, &models, &sites, &genes, &expression);
    let stage = Stage { contigs: &contigs, genes: &genes, sites: &sites, occupancy: &occupancy };
    let records = variants::draw(seed, &stage, plan.variants);
    Ok(World { contigs, genes, expression, sites, models, peaks, records })
}
