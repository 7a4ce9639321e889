//! A motif against a collection of known ones, with what chance would do.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::similarity::{Alignment, Standardized, align};
use crate::meme::Motif;
use crate::position_matrix::PositionMatrix;

/// Known motifs, and shuffled ones by their width.
pub(super) struct Collection<'a> {
    known: Vec<(&'a Motif, Standardized)>,
    shuffled: BTreeMap<usize, Vec<Standardized>>,
}

/// A known motif and how like it another is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match<'a> {
    pub(super) known: &'a Motif,
    pub(super) alignment: Alignment,
    /// (1 + shuffled motifs that are at least as alike) / (1 + shuffled motifs), over shuffles of the known motifs of the
    /// same width.
    pub(super) p: f64,
    /// The least false discovery rate at which it is among the discoveries (Benjamini and Hochberg 1995).
    pub(super) q: f64,
}

impl<'a> Collection<'a> {
    /// Shuffles each motif so many times: its columns change places, and the probabilities of each column change letters.
    /// So each shuffled motif is as wide and as informative; letters change for each column on its own, because poly-U
    /// whose columns all change alike stays a homopolymer, and one time in four poly-U.
    pub(super) fn new(motifs: &'a [Motif], shuffles: usize, seed: u64) -> Self {
        let mut collection = Self { known: Vec::new(), shuffled: BTreeMap::new() };
        for (index, motif) in motifs.iter().enumerate() {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(index as u64);
            let standardized = Standardized::new(&motif.matrix);
            let of_width = collection.shuffled.entry(motif.matrix.width()).or_default();
            of_width.extend((0..shuffles).map(|_| shuffled(&standardized, &mut rng)));
            collection.known.push((motif, standardized));
        }
        collection
    }

    /// All known motifs: least p first, of equal ones the one with more alike columns.
    pub(super) fn matches(&self, matrix: &PositionMatrix) -> Vec<Match<'a>> {
        let motif = Standardized::new(matrix);
        let by_chance: BTreeMap<usize, Vec<f64>> =
            self.shuffled.iter().map(|(width, shuffled)| (*width, similarities(&motif, shuffled))).collect();
        let compare = |(known, standardized): &(&'a Motif, Standardized)| {
            let alignment = align(&motif, standardized);
            let by_chance = by_chance.get(&known.matrix.width()).map_or(&[][..], Vec::as_slice);
            let p = share_reaching(by_chance, alignment.similarity);
            Match { known, alignment, p, q: p }
        };
        let mut matches: Vec<Match<'a>> = self.known.iter().map(compare).collect();
        let alike = |found: &Match<'_>| {
            found.alignment.similarity * found.known.matrix.width().min(matrix.width()) as f64
        };
        matches.sort_by(|a, b| a.p.total_cmp(&b.p).then(alike(b).total_cmp(&alike(a))));
        let count = matches.len() as f64;
        let mut least = 1.0_f64;
        for (index, found) in matches.iter_mut().enumerate().rev() {
            least = least.min(found.p * count / (index + 1) as f64);
            found.q = least;
        }
        matches
    }
}

/// Ascending.
fn similarities(motif: &Standardized, shuffled: &[Standardized]) -> Vec<f64> {
    let mut similarities: Vec<f64> = shuffled.iter().map(|other| align(motif, other).similarity).collect();
    similarities.sort_by(f64::total_cmp);
    similarities
}

/// p of a similarity among ascending ones that came about by chance.
fn share_reaching(by_chance: &[f64], similarity: f64) -> f64 {
    // Sums in another order differ in the last bits; a shuffled motif that is the same one must count.
    let below = by_chance.partition_point(|other| *other < similarity - 1e-9);
    (1 + by_chance.len() - below) as f64 / (1 + by_chance.len()) as f64
}

fn shuffled(motif: &Standardized, rng: &mut ChaCha8Rng) -> Standardized {
    let mut columns = motif.columns().to_vec();
    columns.shuffle(rng);
    for column in &mut columns {
        column.shuffle(rng);
    }
    Standardized::of_columns(columns)
}

#[cfg(test)]
mod tests {
    use super::super::similarity::tests::motif;
    use super::*;

    fn known(letters: &str) -> Motif {
        Motif { id: letters.to_owned(), name: None, sites: None, matrix: motif(letters) }
    }

    #[test]
    fn the_known_motif_comes_first_and_chance_does_not_reach_it() {
        let motifs = ["UGCAUG", "UUUUU", "ACUAAC", "NNNNN"].map(known);
        let collection = Collection::new(&motifs, 99, 1);
        let matches = collection.matches(&motif("UACUAAC"));
        let ids: Vec<&str> = matches.iter().map(|found| found.known.id.as_str()).collect();
        assert_eq!((ids[0], ids[3]), ("ACUAAC", "NNNNN"));
        // 6 sure columns are alike by chance once in 4096 placements or so.
        assert!(matches[0].p <= 0.02, "{}", matches[0].p);
        assert!(matches[1].p > 0.1);
        // A motif without information is like nothing, and most shuffled ones are at least as alike.
        assert_eq!(matches[3].alignment.similarity, 0.0);
        assert!(matches[3].p > 0.9 && matches[3].q == matches[3].p, "{:?}", matches[3]);
        assert!((matches[0].q - 4.0 * matches[0].p).abs() < 1e-12);
        let poly = collection.matches(&motif("UUUUU"));
        assert_eq!(poly[0].known.id, "UUUUU");
        assert!(poly[0].p <= 0.03, "{}", poly[0].p);
    }

    #[test]
    fn p_counts_what_is_as_alike_by_chance() {
        assert_eq!(share_reaching(&[0.1, 0.5, 0.5, 0.9], 0.5), 4.0 / 5.0);
        assert_eq!(share_reaching(&[0.1, 0.5, 0.5, 0.9], 0.95), 1.0 / 5.0);
        assert_eq!(share_reaching(&[], 0.95), 1.0);
        // One shuffle of eight columns is never the motif; those of another width do not count.
        let motifs = [known("ACGUACGU"), known("NNNN")];
        let matches = Collection::new(&motifs, 1, 7).matches(&motif("ACGUACGU"));
        assert_eq!(
            matches.iter().map(|found| (found.p, found.q)).collect::<Vec<_>>(),
            [(0.5, 1.0), (1.0, 1.0)]
        );
    }

    #[test]
    fn false_discovery_rates_do_not_fall() {
        let motifs = ["UGCAUG", "UGCAUA", "ACUAAC", "GGAGGA", "CCCCC"].map(known);
        let matches = Collection::new(&motifs, 200, 1).matches(&motif("UGCAUG"));
        assert!(matches.windows(2).all(|pair| pair[0].p <= pair[1].p && pair[0].q <= pair[1].q));
        assert!(matches.iter().all(|found| found.q >= found.p && found.q <= 1.0));
        // Two good ones share the bound of the second.
        assert!((matches[1].q - matches[1].p * 2.5).abs() < 1e-12 || matches[1].q < matches[1].p * 2.5);
    }

    #[test]
    fn the_seed_decides() {
        let motifs = ["UGUANAUA"].map(known);
        let p = |seed| Collection::new(&motifs, 500, seed).matches(&motif("UGUA"))[0].p;
        assert_eq!(p(1), p(1));
    }
}
