//! Random substitutions in transcribed windows: the background against which a delta is judged.

use std::collections::BTreeMap;

use polaris_genomics::{AlternateWindow, NO_GRID, ReferenceBundle, Strand, Variant, allele_window};
use polaris_model::training::{Example, predict};
use polaris_model::{Device, Weights};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::dataset::Dataset;

/// Draws for one substitution before giving up: most of a genome may be unsequenced.
const DRAWS_PER_SUBSTITUTION: usize = 1000;

/// Reference and alternate windows of random substitutions, for each cell line and input length.
#[derive(Debug, Default)]
pub(super) struct Background {
    pairs: BTreeMap<(String, usize), Vec<[Example; 2]>>,
}

/// Draws substitutions uniformly over sequenced bases of genes, on the gene's strand, placed in the window as
/// variants are when they are scored.
pub(super) fn sample(
    bundle: &ReferenceBundle,
    datasets: &[Dataset],
    substitutions: usize,
    seed: u64,
) -> anyhow::Result<Background> {
    let mut background = Background::default();
    // Whether models of a cell line and length read expression.
    let kinds: BTreeMap<(&str, usize), bool> = datasets
        .iter()
        .map(|dataset| {
            let architecture = dataset.architecture;
            ((dataset.id.cell_line(), architecture.input_length()), architecture.expression())
        })
        .collect();
    let genes = drawable_genes(bundle);
    let total: u64 = genes.iter().map(|gene| gene.bases).sum();
    if substitutions == 0 || total == 0 {
        return Ok(background);
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn = 0;
    for _ in 0..substitutions.saturating_mul(DRAWS_PER_SUBSTITUTION) {
        if drawn == substitutions {
            break;
        }
        let mut offset = random.random_range(0..total);
        let Some(gene) = genes.iter().find(|gene| {
            let inside = offset < gene.bases;
            if !inside {
                offset -= gene.bases;
            }
            inside
        }) else {
            continue;
        };
        let position0 = gene.start0 + offset;
        let base = bundle.reference().fetch(gene.contig, position0 as i64, position0 as i64 + 1)?;
        let others: Vec<u8> = b"ACGT".iter().copied().filter(|other| !base.contains(other)).collect();
        // Three others where the base is known, four where it is N.
        if others.len() != 3 {
            continue;
        }
        let alternate = others[random.random_range(0..others.len())];
        let variant = Variant::new(gene.contig, position0, &base, &[alternate])?;
        for (&(cell_line, length), &needs_expression) in &kinds {
            let alleles = allele_window(&variant, gene.strand, length, NO_GRID, bundle.reference())?;
            let AlternateWindow::Substituted { offset0, bases } = alleles.alternate else { continue };
            let mut changed = alleles.reference.clone();
            changed.splice(offset0..offset0 + bases.len(), bases);
            let midpoint0 = alleles.window.midpoint0();
            let region = bundle.genes().region_class(gene.contig, midpoint0);
            let expression =
                if needs_expression { bundle.expression(cell_line, gene.contig, midpoint0)? } else { 0.0 };
            let example =
                |sequence| Example { sequence, flank_bases: 0, expression, region, positive: false };
            let pairs = background.pairs.entry((cell_line.to_owned(), length)).or_default();
            pairs.push([example(alleles.reference), example(changed)]);
        }
        drawn += 1;
    }
    Ok(background)
}

struct DrawableGene<'a> {
    contig: &'a str,
    strand: Strand,
    start0: u64,
    bases: u64,
}

/// Genes on contigs of the reference that have sequence, if the bundle says where that is.
fn drawable_genes(bundle: &ReferenceBundle) -> Vec<DrawableGene<'_>> {
    bundle
        .genes()
        .genes()
        .iter()
        .filter(|gene| {
            bundle.reference().contig(&gene.contig).is_some_and(|contig| gene.end0 <= contig.length)
        })
        .filter(|gene| {
            bundle
                .sequenced()
                .is_none_or(|sequenced| sequenced.overlap_bases(&gene.contig, gene.start0, gene.end0) > 0)
        })
        .map(|gene| DrawableGene {
            contig: &gene.contig,
            strand: gene.strand,
            start0: gene.start0,
            bases: gene.end0 - gene.start0,
        })
        .collect()
}

impl Background {
    /// |delta| of every substitution by one network.
    pub(super) fn deltas(
        &self,
        weights: &Weights,
        cell_line: &str,
        device: Device,
    ) -> anyhow::Result<Vec<f32>> {
        let kind = (cell_line.to_owned(), weights.architecture().input_length());
        let Some(pairs) = self.pairs.get(&kind) else { return Ok(Vec::new()) };
        let probabilities = predict(weights, pairs.as_flattened(), device)?;
        Ok(probabilities
            .as_chunks::<2>()
            .0
            .iter()
            .map(|[reference, alternate]| (alternate - reference).abs())
            .collect())
    }
}
