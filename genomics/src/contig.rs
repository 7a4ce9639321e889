//! Contigs and the names they go by.

/// A sequence of an assembly: a chromosome, a scaffold or the mitochondrial genome.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Contig {
    /// The name as the FASTA index has it, such as `chr1`.
    pub name: String,
    /// Length in bases.
    pub length: u64,
}

/// The key under which names from different files meet: `chr1` and `1` give `1`; `chrM`, `M`, `chrMT` and `MT`
/// give `MT`.
///
/// ```
/// use polaris_genomics::contig_key;
///
/// assert_eq!(contig_key("chr1"), contig_key("1"));
/// assert_eq!(contig_key("chrM"), "MT");
/// ```
pub fn contig_key(name: &str) -> &str {
    let bare = ["chr", "Chr", "CHR"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    match bare {
        "" => name,
        "M" | "MT" => "MT",
        _ => bare,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_meet_under_one_key() {
        for (name, key) in [
            ("chr1", "1"),
            ("1", "1"),
            ("CHR1", "1"),
            ("chrX", "X"),
            ("chrM", "MT"),
            ("M", "MT"),
            ("MT", "MT"),
            ("chrMT", "MT"),
            ("KI270302.1", "KI270302.1"),
        ] {
            assert_eq!(contig_key(name), key, "{name}");
        }
    }

    #[test]
    fn a_name_is_never_emptied() {
        assert_eq!(contig_key("chr"), "chr");
        assert_eq!(contig_key(""), "");
    }
}
