//! Regions as people write them: from 1, both ends included.

use polaris_genomics::{ReferenceBundle, Strand};

use super::{Draft, RegionError};

/// Reads `CONTIG:START-END`, `CONTIG:BASE` or `CONTIG`, each with `:+` or `:-` after it or not. Commas in numbers are
/// passed over.
pub(super) fn parse(text: &str, bundle: &ReferenceBundle) -> Result<Draft, RegionError> {
    let is_contig = |name: &str| bundle.reference().contig(name).is_some();
    draft(text, is_contig).ok_or_else(|| RegionError::Text { text: text.to_owned() })
}

/// Names of contigs may hold colons and even look like regions: a contig of the reference is one.
fn draft(text: &str, is_contig: impl Fn(&str) -> bool) -> Option<Draft> {
    let of = |contig: &str, start0, end0, strand| {
        Some(Draft { name: None, contig: contig.to_owned(), start0, end0, strand })
    };
    if is_contig(text) {
        return of(text, 0, None, None);
    }
    let (place, strand) = match text.rsplit_once(':') {
        Some((place, "+")) => (place, Some(Strand::Forward)),
        Some((place, "-")) => (place, Some(Strand::Reverse)),
        _ => (text, None),
    };
    if is_contig(place) {
        return of(place, 0, None, strand);
    }
    let (contig, range) = place.rsplit_once(':').filter(|(contig, _)| !contig.is_empty())?;
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let start0 = number(first)?.checked_sub(1)?;
    of(contig, start0, Some(number(last)?), strand)
}

fn number(text: &str) -> Option<u64> {
    let digits = text.replace(',', "");
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && text.starts_with(|c: char| c != ',');
    is_number.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts<'a> = (&'a str, u64, Option<u64>, Option<Strand>);

    fn parts(text: &str) -> Option<(String, u64, Option<u64>, Option<Strand>)> {
        let known = ["chrM", "HLA-A*01:01:01:01", "HLA-A*01:01"];
        let draft = draft(text, |name| known.contains(&name))?;
        Some((draft.contig, draft.start0, draft.end0, draft.strand))
    }

    #[test]
    fn forms() {
        let cases: [(&str, Parts<'_>); 8] = [
            ("chr17:43044295-43045802", ("chr17", 43_044_294, Some(43_045_802), None)),
            ("17:43,044,295-43,045,802:-", ("17", 43_044_294, Some(43_045_802), Some(Strand::Reverse))),
            ("chr1:7:+", ("chr1", 6, Some(7), Some(Strand::Forward))),
            ("chrM", ("chrM", 0, None, None)),
            ("chrM:-", ("chrM", 0, None, Some(Strand::Reverse))),
            ("HLA-A*01:01:01:01", ("HLA-A*01:01:01:01", 0, None, None)),
            ("HLA-A*01:01:01:01:5-9", ("HLA-A*01:01:01:01", 4, Some(9), None)),
            // Backwards: found out when it is laid on the contig.
            ("chr1:9-5", ("chr1", 8, Some(5), None)),
        ];
        for (text, (contig, start0, end0, strand)) in cases {
            assert_eq!(parts(text), Some((contig.to_owned(), start0, end0, strand)), "{text}");
        }
    }

    #[test]
    fn what_is_no_region() {
        for text in [
            "",
            ":",
            "chr9",
            "chr1:",
            "chr1:-",
            "chr1:0-5",
            "chr1:1-",
            "chr1:a-5",
            "chr1:+1-5",
            "chr1:1-5:*",
            ":1-5",
            "chr1:1--5",
            "chr1:1.5-6",
            "chr1:,-5",
            "chr1:1-99999999999999999999999",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }
}
