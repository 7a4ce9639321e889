//! eCLIP-like peaks: sites with jitter and varying strength, and peaks without a motif.

use polaris_genomics::Strand;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::expression::Expression;
use super::genes::{Gene, Span};
use super::motifs::{Model, RBPS};
use super::sites::Site;
use super::streams::{Part, normal, pick, stream};

/// A peak as a narrowPeak line holds it.
#[derive(Clone, Debug)]
pub(super) struct Peak {
    pub(super) contig: usize,
    pub(super) span: Span,
    pub(super) strand: Strand,
    /// log2 fold enrichment over the size-matched input.
    pub(super) fold_enrichment_log2: f64,
    /// -log10 of the p value.
    pub(super) p_value_neg_log10: f64,
}

/// Peaks that are no noise reach this log2 fold change and -log10 p, as ENCODE's reproducible ones do.
const REPRODUCIBLE: f64 = 3.0;
/// Convincing peaks without a motif, relative to the sites.
const WITHOUT_MOTIF: f64 = 0.05;
/// Peaks without a motif that a filter on p <= 0.01 removes, relative to the sites.
const INSIGNIFICANT: f64 = 0.04;
/// Sites whose peak is as weak as those.
const FAINT_SITES: f64 = 0.015;

/// The peaks of every model, sorted by contig and start.
pub(super) fn draw(
    seed: u64,
    models: &[Model],
    sites: &[Site],
    genes: &[Gene],
    expression: &Expression,
) -> Vec<Vec<Peak>> {
    let of_model = |(index, model): (usize, &Model)| {
        let mut rng = stream(seed, Part::Peaks(index));
        let mut peaks = Vec::new();
        let bound = |site: &&Site| site.rbp == model.rbp && site.cell_lines.contains(&model.cell_line);
        for site in sites.iter().filter(bound) {
            peaks.push(at_site(&mut rng, site, genes));
        }
        let expressed: Vec<&Gene> = genes
            .iter()
            .enumerate()
            .filter(|(gene, _)| expression.is_expressed(model.cell_line, *gene))
            .map(|(_, gene)| gene)
            .collect();
        let own: Vec<&Site> = sites.iter().filter(|site| site.rbp == model.rbp).collect();
        let count = peaks.len() as f64;
        for (share, significant) in [(WITHOUT_MOTIF, true), (INSIGNIFICANT, false)] {
            for _ in 0..(count * share).round() as usize {
                peaks.extend(without_motif(&mut rng, &expressed, &own, significant));
            }
        }
        peaks.sort_by_key(|peak| (peak.contig, peak.span));
        peaks
    };
    models.iter().enumerate().map(of_model).collect()
}

fn at_site(rng: &mut ChaCha8Rng, site: &Site, genes: &[Gene]) -> Peak {
    let jitter = (14.0 * normal(rng)).clamp(-45.0, 45.0).round() as i64;
    let center0 = site.center0().saturating_add_signed(jitter);
    let bounds = genes.get(site.gene).map_or((0, u64::MAX), Gene::span);
    let strength = 0.35 * site.copies.len() as f64 + (0.5 * normal(rng)).abs();
    let faint = rng.random_bool(FAINT_SITES);
    Peak {
        contig: site.contig,
        span: around(rng, center0, bounds),
        strand: site.strand,
        fold_enrichment_log2: if faint { strength } else { REPRODUCIBLE + strength },
        p_value_neg_log10: p_value(rng, !faint),
    }
}

fn without_motif(rng: &mut ChaCha8Rng, genes: &[&Gene], own: &[&Site], significant: bool) -> Option<Peak> {
    for _ in 0..100 {
        let gene = *pick(rng, genes)?;
        let (start0, end0) = gene.span();
        let center0 = rng.random_range(start0 + 80..end0 - 80);
        let far = |site: &&Site| site.contig != gene.contig || site.center0().abs_diff(center0) > 600;
        if own.iter().all(far) {
            let weakest = if significant { REPRODUCIBLE } else { 0.3 };
            return Some(Peak {
                contig: gene.contig,
                span: around(rng, center0, (start0, end0)),
                strand: gene.strand,
                fold_enrichment_log2: weakest + (0.5 * normal(rng)).abs(),
                p_value_neg_log10: p_value(rng, significant),
            });
        }
    }
    None
}

/// 30 to 150 bases around the center, more often few, clipped to the gene.
fn around(rng: &mut ChaCha8Rng, center0: u64, (start0, end0): Span) -> Span {
    let half = (15.0 + 60.0 * rng.random::<f64>().powf(1.5)).round() as u64;
    (center0.saturating_sub(half).max(start0), (center0 + half).min(end0))
}

fn p_value(rng: &mut ChaCha8Rng, significant: bool) -> f64 {
    if significant {
        REPRODUCIBLE + (1.9 + 0.8 * normal(rng)).exp().min(300.0)
    } else {
        rng.random_range(0.5..1.95)
    }
}

impl Peak {
    /// The narrowPeak line without a line end.
    pub(super) fn line(&self, contig: &str, model: &Model, number: usize) -> String {
        let rbp = RBPS.get(model.rbp).map_or("", |rbp| rbp.name);
        let (start0, end0) = self.span;
        format!(
            "{contig}\t{start0}\t{end0}\t{rbp}_{}_{number}\t1000\t{}\t{:.4}\t{:.4}\t-1\t-1",
            model.cell_line, self.strand, self.fold_enrichment_log2, self.p_value_neg_log10
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_within_bounds_and_widths_vary() {
        let mut rng = stream(1, Part::Peaks(0));
        let widths: Vec<u64> = (0..500)
            .map(|_| around(&mut rng, 1_000, (0, 5_000)))
            .map(|(start0, end0)| end0 - start0)
            .collect();
        assert!(widths.iter().all(|width| (30..=150).contains(width)));
        assert!(widths.iter().any(|&width| width > 120) && widths.iter().any(|&width| width < 40));
        assert_eq!(around(&mut rng, 10, (5, 12)), (5, 12));
    }

    #[test]
    fn significance_is_on_the_side_asked_for() {
        let mut rng = stream(1, Part::Peaks(0));
        assert!((0..500).all(|_| p_value(&mut rng, true) > 2.0 && p_value(&mut rng, false) < 2.0));
    }

    #[test]
    fn a_line_has_ten_columns() {
        let peak = Peak {
            contig: 0,
            span: (5, 65),
            strand: Strand::Reverse,
            fold_enrichment_log2: 2.5,
            p_value_neg_log10: 7.0,
        };
        let line = peak.line("chr1", &Model { rbp: 0, cell_line: "K562" }, 3);
        assert_eq!(line, "chr1\t5\t65\tQKI_K562_3\t1000\t-\t2.5000\t7.0000\t-1\t-1");
    }
}
