//! The gene nearest to a base.

use std::collections::HashMap;

use coitrees::{COITree, GenericInterval, Interval as TreeInterval, IntervalTree};

use super::Gene;
use crate::contig::contig_key;

/// A choice of genes, by contig, that answers which is nearest.
pub(crate) struct NearestGenes(HashMap<String, ContigGenes>);

#[derive(Copy, Clone)]
struct Entry {
    start0: u64,
    end0: u64,
    gene: usize,
    /// Place of the gene's identifier among all identifiers.
    rank: usize,
}

struct ContigGenes {
    over: COITree<u32, u32>,
    /// By start, end and rank: the first that starts after a base is the nearest after it.
    by_start: Vec<Entry>,
    /// By end, start and falling rank: the last that ends before a base is the nearest before it.
    by_end: Vec<Entry>,
}

/// The largest position the tree can hold; files with larger ones are refused when read.
pub(super) fn tree_position(position0: u64) -> i32 {
    i32::try_from(position0).unwrap_or(i32::MAX)
}

impl NearestGenes {
    /// Of the genes whose index is chosen.
    pub(crate) fn new(genes: &[Gene], chosen: impl Fn(usize) -> bool) -> Self {
        let mut order: Vec<usize> = (0..genes.len()).collect();
        order.sort_by_key(|&index| &genes[index].id);
        let mut by_contig = HashMap::<String, Vec<Entry>>::new();
        for (rank, &gene) in order.iter().enumerate().filter(|(_, gene)| chosen(**gene)) {
            let Gene { contig, start0, end0, .. } = &genes[gene];
            let entries = by_contig.entry(contig_key(contig).to_owned()).or_default();
            entries.push(Entry { start0: *start0, end0: *end0, gene, rank });
        }
        Self(by_contig.into_iter().map(|(key, entries)| (key, ContigGenes::new(entries))).collect())
    }

    /// Index of the gene nearest to a base; ties as [`super::GeneIndex::nearest_gene`] says.
    pub(crate) fn nearest(&self, contig: &str, position0: u64) -> Option<usize> {
        self.0.get(contig_key(contig))?.nearest(position0).map(|entry| entry.gene)
    }

    /// Whether no gene is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl ContigGenes {
    fn new(mut by_start: Vec<Entry>) -> Self {
        by_start.sort_unstable_by_key(|entry| (entry.start0, entry.end0, entry.rank));
        let mut by_end = by_start.clone();
        by_end.sort_unstable_by_key(|entry| (entry.end0, entry.start0, std::cmp::Reverse(entry.rank)));
        let nodes: Vec<TreeInterval<u32>> = (0_u32..)
            .zip(&by_start)
            .map(|(index, entry)| {
                TreeInterval::new(tree_position(entry.start0), tree_position(entry.end0) - 1, index)
            })
            .collect();
        Self { over: COITree::new(&nodes), by_start, by_end }
    }

    fn nearest(&self, position0: u64) -> Option<Entry> {
        let mut best = None;
        let at = tree_position(position0);
        self.over.query(at, at, |node| {
            let index = usize::try_from(*node.metadata()).unwrap_or(usize::MAX);
            let candidate = self.by_start.get(index).copied();
            best = nearer(best, candidate, position0);
        });
        if best.is_some() {
            return best;
        }
        let after = self.by_start.partition_point(|entry| entry.start0 <= position0);
        let before = self.by_end.partition_point(|entry| entry.end0 <= position0);
        let before = before.checked_sub(1).and_then(|index| self.by_end.get(index));
        nearer(before.copied(), self.by_start.get(after).copied(), position0)
    }
}

fn nearer(left: Option<Entry>, right: Option<Entry>, position0: u64) -> Option<Entry> {
    let key = |entry: &Entry| {
        let last0 = entry.end0 - 1;
        let distance = entry.start0.saturating_sub(position0) + position0.saturating_sub(last0);
        let to_midpoint = (entry.start0 + last0).abs_diff(position0.saturating_mul(2));
        (distance, to_midpoint, entry.rank)
    };
    [left, right].into_iter().flatten().min_by_key(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::strand::Strand;

    fn genes(spans: &[(u64, u64)]) -> Vec<Gene> {
        let gene = |(index, &(start0, length)): (usize, &(u64, u64))| Gene {
            id: format!("G{}", (index * 7) % 10),
            name: String::new(),
            contig: "chr1".to_owned(),
            strand: Strand::Forward,
            start0,
            end0: start0 + length,
            transcripts: Vec::new(),
        };
        spans.iter().enumerate().map(gene).collect()
    }

    fn slow(genes: &[Gene], position0: i64) -> Option<&Gene> {
        genes.iter().min_by_key(|gene| {
            let (start0, last0) = (gene.start0.cast_signed(), gene.end0.cast_signed() - 1);
            let distance = (start0 - position0).max(position0 - last0).max(0);
            (distance, (start0 + last0 - 2 * position0).abs(), gene.id.clone())
        })
    }

    #[test]
    fn ties_go_to_the_nearest_midpoint_then_to_the_identifier() {
        let genes = genes(&[(0, 20), (8, 20), (40, 5), (40, 5)]);
        let nearest = NearestGenes::new(&genes, |_| true);
        assert_eq!(nearest.nearest("1", 10), Some(0));
        assert_eq!(nearest.nearest("1", 16), Some(1));
        assert_eq!(genes[3].id, "G1");
        assert_eq!(nearest.nearest("chr1", 50), Some(3));
        assert_eq!(nearest.nearest("chr2", 50), None);
        assert_eq!(nearest.nearest("chr1", u64::MAX), Some(3));
    }

    #[test]
    fn only_the_chosen_are_found() {
        let genes = genes(&[(0, 20), (8, 20)]);
        assert_eq!(NearestGenes::new(&genes, |index| index == 1).nearest("chr1", 0), Some(1));
        assert!(NearestGenes::new(&genes, |_| false).is_empty());
    }

    proptest! {
        #[test]
        fn the_nearest_is_that_of_a_search_through_all(
            spans in proptest::collection::vec((0_u64..60, 1_u64..15), 0..10),
            position0 in 0_u64..90,
        ) {
            let genes = genes(&spans);
            let found = NearestGenes::new(&genes, |_| true).nearest("chr1", position0);
            let expected = slow(&genes, position0.cast_signed());
            prop_assert_eq!(found.map(|index| &genes[index]), expected);
        }
    }
}
