//! Names of the genes over a stretch of the genome, for people to read.

use std::collections::HashMap;

use polaris_genomics::{Gene, Strand, contig_key};

/// Genes by contig and strand, found by position.
pub(super) struct GeneNames {
    contigs: HashMap<String, [Vec<Named>; 2]>,
}

struct Named {
    start0: u64,
    end0: u64,
    /// Largest end of this gene and those before it.
    reach0: u64,
    name: String,
}

impl GeneNames {
    /// Sorts genes by position.
    pub(super) fn new(genes: &[Gene]) -> Self {
        let mut contigs: HashMap<String, [Vec<Named>; 2]> = HashMap::new();
        for gene in genes {
            let [forward, reverse] = contigs.entry(contig_key(&gene.contig).to_owned()).or_default();
            let strand = if gene.strand == Strand::Forward { forward } else { reverse };
            strand.push(Named { start0: gene.start0, end0: gene.end0, reach0: 0, name: gene.name.clone() });
        }
        for strand in contigs.values_mut().flatten() {
            strand.sort_by_key(|gene| gene.start0);
            let mut reach0 = 0;
            for gene in strand {
                reach0 = gene.end0.max(reach0);
                gene.reach0 = reach0;
            }
        }
        Self { contigs }
    }

    /// Names of the genes of a strand that overlap `[start0, end0)`, by start.
    pub(super) fn overlapping(&self, contig: &str, start0: u64, end0: u64, strand: Strand) -> Vec<&str> {
        let Some([forward, reverse]) = self.contigs.get(contig_key(contig)) else { return Vec::new() };
        let genes = if strand == Strand::Forward { forward } else { reverse };
        let before_end = genes.get(..genes.partition_point(|gene| gene.start0 < end0)).unwrap_or_default();
        let reaching = before_end.iter().rev().take_while(|gene| gene.reach0 > start0);
        let mut names: Vec<&str> =
            reaching.filter(|gene| gene.end0 > start0).map(|gene| gene.name.as_str()).collect();
        names.reverse();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn genes_over_a_stretch() {
        let gene = |name: &str, strand, start0, end0| Gene {
            id: name.into(),
            name: name.into(),
            contig: "chr1".into(),
            strand,
            start0,
            end0,
            transcripts: vec![],
        };
        let names = GeneNames::new(&[
            gene("late", Strand::Forward, 50, 60),
            gene("long", Strand::Forward, 0, 100),
            gene("short", Strand::Forward, 10, 20),
            gene("other", Strand::Reverse, 10, 20),
        ]);
        assert_eq!(names.overlapping("1", 55, 56, Strand::Forward), ["long", "late"]);
        assert_eq!(names.overlapping("chr1", 19, 20, Strand::Forward), ["long", "short"]);
        assert_eq!(names.overlapping("chr1", 20, 50, Strand::Forward), ["long"]);
        assert_eq!(names.overlapping("chr1", 19, 20, Strand::Reverse), ["other"]);
        assert!(names.overlapping("chr1", 100, 101, Strand::Forward).is_empty());
        assert!(names.overlapping("chr2", 0, 9, Strand::Forward).is_empty());
    }
}
