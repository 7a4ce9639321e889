//! The RNA-binding proteins that are simulated and the motifs they are known for.

/// Where in a transcript a protein binds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Preference {
    /// Introns, within about 250 bases of a splice site.
    IntronNearExon,
    /// Anywhere in introns.
    Intron,
    /// Coding exons.
    CodingExon,
    /// 3' untranslated regions.
    ThreePrimeUtr,
}

/// An RNA-binding protein. Patterns are IUPAC, written on the RNA's strand with T for U.
#[derive(Debug)]
pub(super) struct Rbp {
    pub(super) name: &'static str,
    /// A full copy of the motif.
    pub(super) consensus: &'static str,
    /// Sequences that the protein is known to bind more weakly, or that keep the motif's core.
    pub(super) related: &'static [&'static str],
    /// What is planted, each with one full copy or more; drawn with equal weight.
    pub(super) units: &'static [&'static str],
    pub(super) preference: Preference,
    /// Cell lines with an eCLIP experiment.
    pub(super) cell_lines: &'static [&'static str],
}

/// All simulated proteins.
/// Motifs: QKI ACUAAY (Galarneau and Richard 2005), RBFOX2 UGCAUG (Yeo et al. 2009), PUM2 UGUANAUA
/// (Hafner et al. 2010), HNRNPC poly-U (Koenig et al. 2010), TARDBP (UG)n (Tollervey et al. 2011), SRSF1 GGA
/// repeats (Pandit et al. 2013).
pub(super) static RBPS: [Rbp; 6] = [
    Rbp {
        name: "QKI",
        consensus: "ACTAAC",
        related: &["CTAAY", "ATTAAY"],
        units: &["ACTAAC"],
        preference: Preference::IntronNearExon,
        cell_lines: &["K562", "HepG2"],
    },
    Rbp {
        name: "RBFOX2",
        consensus: "TGCATG",
        related: &["GCATG", "GCACG", "GCTTG"],
        units: &["TGCATG"],
        preference: Preference::IntronNearExon,
        cell_lines: &["K562", "HepG2"],
    },
    Rbp {
        name: "PUM2",
        consensus: "TGTANATA",
        related: &["TGTANAT", "TGTANAKA"],
        units: &["TGTAAATA", "TGTAAATA", "TGTATATA", "TGTACATA", "TGTAGATA"],
        preference: Preference::ThreePrimeUtr,
        cell_lines: &["K562"],
    },
    Rbp {
        name: "HNRNPC",
        consensus: "TTTTT",
        related: &["TTTT"],
        units: &["TTTTT", "TTTTTT", "TTTTTTT"],
        preference: Preference::Intron,
        cell_lines: &["K562"],
    },
    Rbp {
        name: "TARDBP",
        consensus: "GTGTG",
        related: &["GTGT", "TGTG"],
        units: &["GTGTG", "TGTGTG", "GTGTGTG"],
        preference: Preference::Intron,
        cell_lines: &["K562"],
    },
    Rbp {
        name: "SRSF1",
        consensus: "GGAGGA",
        related: &["GGAGA", "GAGGA", "GGANGGA"],
        units: &["GGAGGA"],
        preference: Preference::CodingExon,
        cell_lines: &["K562"],
    },
];

/// A model to train: a protein in a cell line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Model {
    /// Index into [`RBPS`].
    pub(super) rbp: usize,
    pub(super) cell_line: &'static str,
}

/// Every protein in each of its cell lines.
pub(super) fn models() -> Vec<Model> {
    let of_rbp = |(rbp, entry): (usize, &Rbp)| {
        entry.cell_lines.iter().map(move |&cell_line| Model { rbp, cell_line }).collect::<Vec<_>>()
    };
    RBPS.iter().enumerate().flat_map(of_rbp).collect()
}

/// Whether `base` (ACGT) is one of those that the IUPAC letter `letter` stands for; N in a sequence is none.
fn letter_matches(letter: u8, base: u8) -> bool {
    match letter {
        b'N' => matches!(base, b'A' | b'C' | b'G' | b'T'),
        b'Y' => matches!(base, b'C' | b'T'),
        b'K' => matches!(base, b'G' | b'T'),
        _ => letter == base,
    }
}

/// Offsets at which `pattern` matches `sequence`, overlapping matches included.
pub(super) fn hits(pattern: &str, sequence: &[u8]) -> Vec<usize> {
    let pattern = pattern.as_bytes();
    let matches =
        |window: &[u8]| pattern.iter().zip(window).all(|(&letter, &base)| letter_matches(letter, base));
    sequence
        .windows(pattern.len())
        .enumerate()
        .filter(|(_, window)| matches(window))
        .map(|(at, _)| at)
        .collect()
}

impl Rbp {
    /// Spans `[start, end)` in `sequence` of full copies of the motif.
    pub(super) fn copies(&self, sequence: &[u8]) -> Vec<(usize, usize)> {
        hits(self.consensus, sequence).into_iter().map(|at| (at, at + self.consensus.len())).collect()
    }

    /// Spans of full copies and of weaker versions.
    pub(super) fn copies_and_related(&self, sequence: &[u8]) -> Vec<(usize, usize)> {
        let mut spans = self.copies(sequence);
        for pattern in self.related {
            spans.extend(hits(pattern, sequence).into_iter().map(|at| (at, at + pattern.len())));
        }
        spans
    }
}

/// Spans `[start, end)` in `sequence` of full copies of a simulated protein's motif; none for another protein.
pub(crate) fn full_copies(rbp: &str, sequence: &[u8]) -> Vec<(usize, usize)> {
    RBPS.iter().find(|known| known.name == rbp).map(|known| known.copies(sequence)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_overlap_and_know_iupac() {
        assert_eq!(hits("TTTTT", b"ATTTTTTTA"), [1, 2, 3]);
        assert_eq!(hits("TGTANATA", b"TGTACATATGTANATA"), [0]);
        assert_eq!(hits("CTAAY", b"CTAACTAAT"), [0, 4]);
        assert!(hits("ACTAAC", b"ACT").is_empty());
    }

    #[test]
    fn every_planted_unit_has_a_copy_of_its_own_motif_alone() {
        for rbp in &RBPS {
            for unit in rbp.units {
                assert!(!rbp.copies(unit.as_bytes()).is_empty(), "{} {unit}", rbp.name);
                for other in RBPS.iter().filter(|other| other.name != rbp.name) {
                    assert!(
                        other.copies(unit.as_bytes()).is_empty(),
                        "{unit} of {} binds {}",
                        rbp.name,
                        other.name
                    );
                }
            }
        }
    }

    #[test]
    fn eight_models_of_six_proteins() {
        assert_eq!(models().len(), 8);
        assert_eq!(models().iter().filter(|model| model.cell_line == "HepG2").count(), 2);
    }
}
