//! Binding sites, near misses and decoys: planted in the genome, their places kept as the truth.

mod cluster;
mod regions;
mod spacing;

use polaris_genomics::Strand;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use self::cluster::{Cluster, Piece};
use self::regions::Region;
use self::spacing::Spacing;
use super::expression::Expression;
use super::genes::{Gene, Span};
use super::genome::Contig;
use super::motifs::{RBPS, Rbp};
use super::occupancy::Occupancy;
use super::streams::{Part, pick, stream};

/// A motif copy that lacks a base or two of being one.
#[derive(Clone, Debug)]
pub(super) struct NearMiss {
    pub(super) span: Span,
    /// What would have to stand there, on the gene's strand.
    pub(super) full: Vec<u8>,
}

/// A cluster of motif copies that its protein binds in the cell lines that express the gene.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// Index into [`RBPS`].
    pub(super) rbp: usize,
    /// Index of the gene.
    pub(super) gene: usize,
    pub(super) contig: usize,
    pub(super) strand: Strand,
    pub(super) span: Span,
    /// Full copies as planted.
    pub(super) copies: Vec<Span>,
    pub(super) near_misses: Vec<NearMiss>,
    /// Cell lines in which it is bound.
    pub(super) cell_lines: Vec<&'static str>,
}

impl Site {
    pub(super) fn center0(&self) -> u64 {
        self.span.0.midpoint(self.span.1)
    }
}

/// Sites with another one of the same protein nearby: peaks that do not stand alone.
const ACCOMPANIED: f64 = 0.25;
/// Clusters in genes that are silent wherever the protein was assayed, relative to the sites.
const DECOYS_SILENT: f64 = 0.15;
/// Clusters in expressed genes outside the preferred regions, relative to the sites.
const DECOYS_ELSEWHERE: f64 = 0.08;
/// Sites with a near miss beside their copies.
const NEAR_MISSES: f64 = 0.25;
/// A site whose gene is expressed in a cell line is found there with this probability.
const DETECTED: f64 = 0.96;

/// What the sites are placed on.
pub(super) struct Ground<'a> {
    pub(super) genes: &'a [Gene],
    pub(super) expression: &'a Expression,
}

/// Plants `count` sites of every protein, and decoys, into the genome.
///
/// # Errors
/// If the genome has no room for that many sites of a protein.
pub(super) fn plant(
    seed: u64,
    contigs: &mut [Contig],
    ground: &Ground<'_>,
    occupancy: &mut Occupancy,
    count: usize,
) -> anyhow::Result<Vec<Site>> {
    let mut sites = Vec::new();
    for (index, rbp) in RBPS.iter().enumerate() {
        let mut planter = Planter {
            rng: stream(seed, Part::Sites(index)),
            index,
            rbp,
            spacing: Spacing::new(contigs.len()),
            contigs,
            ground,
            occupancy,
        };
        let planted = planter.sites(count);
        anyhow::ensure!(
            planted.len() == count,
            "the genome has room for {} of the {count} sites asked for of {}: give --megabases more or \
             --sites-per-rbp less",
            planted.len(),
            rbp.name
        );
        sites.extend(planted);
        planter.decoys(count);
    }
    Ok(sites)
}

/// Plants the clusters of one protein.
struct Planter<'a> {
    rng: ChaCha8Rng,
    index: usize,
    rbp: &'static Rbp,
    spacing: Spacing,
    contigs: &'a mut [Contig],
    ground: &'a Ground<'a>,
    occupancy: &'a mut Occupancy,
}

impl Planter<'_> {
    fn sites(&mut self, count: usize) -> Vec<Site> {
        let regions = self.regions(|planter, gene| planter.lines_expressing(gene).next().is_some(), true);
        let mut sites = Vec::with_capacity(count);
        // Windows of 1 kb should not overlap; where the genome is short of room they may, a little at first.
        for distance in [1_000, 850, 700, 550, 400, 250] {
            for _ in 0..60 * count {
                if sites.len() == count {
                    return sites;
                }
                let Some(site) = self.site(&regions, None, distance) else { continue };
                let wanted = sites.len() + 1 < count && self.rng.random_bool(ACCOMPANIED);
                let companion = if wanted { self.companion(&regions, &site, distance) } else { None };
                sites.push(site);
                sites.extend(companion);
            }
        }
        sites
    }

    /// A site near the given one in the same gene, if there is room.
    fn companion(&mut self, regions: &[Region], host: &Site, distance: u64) -> Option<Site> {
        let same: Vec<Region> = regions.iter().filter(|region| region.gene == host.gene).cloned().collect();
        (0..200).find_map(|_| self.site(&same, Some(host), distance))
    }

    /// A site in one of the regions: near the given one if there is one, else at least `distance` from all others.
    fn site(&mut self, regions: &[Region], near: Option<&Site>, distance: u64) -> Option<Site> {
        let copies = self.copies();
        let near_misses = usize::from(copies <= 3 && self.rng.random_bool(NEAR_MISSES));
        let cluster = Cluster::draw(&mut self.rng, self.rbp, copies, near_misses);
        let region = pick(&mut self.rng, regions)?;
        let start0 = region.place(&mut self.rng, cluster.length())?;
        let center0 = start0 + cluster.length() / 2;
        let contig = region.contig;
        let free = match near {
            None => self.spacing.is_free(contig, center0, distance),
            Some(site) => self.spacing.may_accompany(contig, center0, site.center0(), distance),
        };
        let span = (start0, start0 + cluster.length());
        if !free || !self.occupancy.is_free(contig, span) {
            return None;
        }
        let mut site = self.write(&cluster, region, start0);
        let lines: Vec<&'static str> = self.lines_expressing(region.gene).collect();
        site.cell_lines = lines.into_iter().filter(|_| self.rng.random_bool(DETECTED)).collect();
        self.spacing.take(contig, center0);
        Some(site)
    }

    /// Clusters that nobody binds: in silent genes, and in expressed ones outside the preferred regions.
    fn decoys(&mut self, sites: usize) {
        let silent = self.regions(|planter, gene| planter.lines_expressing(gene).next().is_none(), true);
        let elsewhere = self.regions(|planter, gene| planter.lines_expressing(gene).next().is_some(), false);
        for (regions, share) in [(silent, DECOYS_SILENT), (elsewhere, DECOYS_ELSEWHERE)] {
            for _ in 0..(sites as f64 * share) as usize {
                let copies = self.copies();
                let cluster = Cluster::draw(&mut self.rng, self.rbp, copies, 0);
                let Some(region) = pick(&mut self.rng, &regions) else { break };
                let Some(start0) = region.place(&mut self.rng, cluster.length()) else { continue };
                if self.occupancy.is_free(region.contig, (start0, start0 + cluster.length())) {
                    self.write(&cluster, region, start0);
                }
            }
        }
    }

    /// Regions of the genes that `wanted` names, the protein's preferred ones or all others.
    fn regions(&self, wanted: impl Fn(&Self, usize) -> bool, preferred: bool) -> Vec<Region> {
        let of_gene = |gene: usize| regions::of_gene(self.ground.genes, gene, self.rbp.preference, preferred);
        (0..self.ground.genes.len()).filter(|&gene| wanted(self, gene)).flat_map(of_gene).collect()
    }

    fn lines_expressing(&self, gene: usize) -> impl Iterator<Item = &'static str> {
        let expression = self.ground.expression;
        self.rbp.cell_lines.iter().copied().filter(move |line| expression.is_expressed(line, gene))
    }

    fn copies(&mut self) -> usize {
        match self.rng.random_range(0..100) {
            0..12 => 1,
            12..42 => 2,
            42..72 => 3,
            72..90 => 4,
            _ => 5,
        }
    }

    /// Writes the cluster's pieces into the genome at `start0`.
    fn write(&mut self, cluster: &Cluster, region: &Region, start0: u64) -> Site {
        let span = (start0, start0 + cluster.length());
        let gene = &self.ground.genes[region.gene];
        let mut site = Site {
            rbp: self.index,
            gene: region.gene,
            contig: region.contig,
            strand: gene.strand,
            span,
            copies: Vec::new(),
            near_misses: Vec::new(),
            cell_lines: Vec::new(),
        };
        for Piece { offset, bases, full } in &cluster.pieces {
            let length = bases.len() as u64;
            let piece0 = match gene.strand {
                Strand::Forward => span.0 + offset,
                Strand::Reverse => span.1 - offset - length,
            };
            super::genes::write(&mut self.contigs[region.contig].sequence, piece0, bases, gene.strand);
            let piece = (piece0, piece0 + length);
            match full {
                None => site.copies.push(piece),
                Some(full) => site.near_misses.push(NearMiss { span: piece, full: full.clone() }),
            }
        }
        self.occupancy.take(region.contig, span);
        site
    }
}
