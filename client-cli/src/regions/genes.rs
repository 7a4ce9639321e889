//! Genes by name or identifier.

use polaris_genomics::Gene;

use super::{Draft, RegionError};

/// Names that a message suggests.
const SUGGESTED: usize = 5;
/// Letters that may be wrong in a name that is suggested.
const WRONG_LETTERS: usize = 2;

/// The genes of that name or identifier (its version may be left out); several where the name is no gene's own.
pub(super) fn find(wanted: &str, genes: &[Gene]) -> Result<Vec<Draft>, RegionError> {
    let found: Vec<Draft> = genes.iter().filter(|gene| is_called(gene, wanted)).map(draft).collect();
    match found.is_empty() {
        false => Ok(found),
        true => Err(RegionError::UnknownGene { gene: wanted.to_owned(), near: near(wanted, genes) }),
    }
}

fn is_called(gene: &Gene, wanted: &str) -> bool {
    let unversioned = gene.id.rsplit_once('.').map(|(id, _)| id);
    gene.name == wanted || gene.id == wanted || unversioned == Some(wanted)
}

fn draft(gene: &Gene) -> Draft {
    Draft {
        name: Some(gene.name.clone()),
        contig: gene.contig.clone(),
        start0: gene.start0,
        end0: Some(gene.end0),
        strand: Some(gene.strand),
    }
}

fn near(wanted: &str, genes: &[Gene]) -> String {
    let lower = wanted.to_lowercase();
    let mut names: Vec<(usize, &str)> = genes
        .iter()
        .map(|gene| (distance(&lower, &gene.name.to_lowercase()), gene.name.as_str()))
        .filter(|&(wrong, _)| wrong <= WRONG_LETTERS)
        .collect();
    names.sort_unstable();
    names.dedup();
    let names: Vec<&str> = names.into_iter().take(SUGGESTED).map(|(_, name)| name).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!(": is it one of {}?", names.join(", ")),
    }
}

/// Letters to put in, take out or replace to make one word of the other.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut before = index + 1;
        next.push(before);
        for (pair, &other) in row.windows(2).zip(&right) {
            let &[diagonal, above] = pair else { continue };
            before = (diagonal + usize::from(letter != other)).min(above + 1).min(before + 1);
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use polaris_genomics::Strand;

    use super::*;

    fn genes() -> Vec<Gene> {
        let gene = |id: &str, name: &str, start0| Gene {
            id: id.to_owned(),
            name: name.to_owned(),
            contig: "chr17".to_owned(),
            strand: Strand::Reverse,
            start0,
            end0: start0 + 10,
            transcripts: Vec::new(),
        };
        vec![
            gene("ENSG01.4", "BRCA1", 0),
            gene("ENSG02.1", "BRCA2", 20),
            gene("ENSG03.1", "U6", 40),
            gene("ENSG04.1", "U6", 60),
        ]
    }

    #[test]
    fn by_name_and_by_identifier() {
        for wanted in ["BRCA1", "ENSG01.4", "ENSG01"] {
            let found = find(wanted, &genes()).unwrap();
            assert_eq!(found, [draft(&genes()[0])], "{wanted}");
        }
        assert_eq!(
            find("U6", &genes()).unwrap().iter().map(|draft| draft.start0).collect::<Vec<_>>(),
            [40, 60]
        );
    }

    #[test]
    fn the_unknown_is_named_with_names_like_it() {
        let message = |wanted: &str| find(wanted, &genes()).unwrap_err().to_string();
        assert_eq!(message("brca1"), "the reference bundle has no gene `brca1`: is it one of BRCA1, BRCA2?");
        assert_eq!(message("MALAT1"), "the reference bundle has no gene `MALAT1`");
    }

    #[test]
    fn distances() {
        for (left, right, expected) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "ab", 2),
            ("abc", "abd", 1),
            ("abc", "bc", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }
}
