//! The table of all scores: a row for each record, allele, strand and model, and one for each skipped allele.

use polaris_genomics::RegionClass;

use super::plan::Placement;
use super::reply::ModelScore;
use crate::number;
use crate::vcf::{Record, SkipReason};

/// Names of the columns, with the line's end.
pub(super) const HEADER: &str = "contig\tposition1\tid\treference\talternate\tallele_index\tstrand\ttranscribed\tgene\t\
    region\tmodel\tref_probability\talt_probability\tdelta\tlogit_delta\tspread\tdelta_quantile\tskipped\n";

/// Columns between allele_index and skipped.
const SCORE_COLUMNS: usize = 11;

/// The columns that name an allele. `index1` counts the record's alternates from 1, as a genotype does.
pub(super) fn allele_columns(record: &Record, alternate: &[u8], index1: usize) -> Vec<u8> {
    let position1 = record.position1().to_string();
    let index1 = index1.to_string();
    let columns = [
        record.contig(),
        position1.as_bytes(),
        record.id(),
        record.reference(),
        alternate,
        index1.as_bytes(),
    ];
    columns.join(&b'\t')
}

/// Appends the row of a score.
pub(super) fn push_score(
    allele: &[u8],
    placement: &Placement,
    region: Option<RegionClass>,
    score: &ModelScore<'_>,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(allele);
    let region = region.map_or_else(|| "none".to_owned(), |region| region.to_string());
    let genes = if placement.genes.is_empty() { "." } else { &placement.genes };
    let strand = placement.strand.to_string();
    let transcribed = if placement.transcribed { "yes" } else { "nearest" };
    let quantile = score.quantile.map_or_else(|| ".".to_owned(), number::text);
    let numbers =
        [score.reference, score.alternate, score.delta, score.logit_delta, score.spread].map(number::text);
    let names = [strand.as_str(), transcribed, genes, &region, score.model];
    let columns = names.into_iter().chain(numbers.iter().map(String::as_str)).chain([quantile.as_str(), "."]);
    for column in columns {
        out.push(b'\t');
        out.extend_from_slice(column.as_bytes());
    }
    out.push(b'\n');
}

/// Appends the row of a skipped allele.
pub(super) fn push_skipped(allele: &[u8], reason: SkipReason, out: &mut Vec<u8>) {
    out.extend_from_slice(allele);
    out.extend_from_slice("\t.".repeat(SCORE_COLUMNS).as_bytes());
    out.push(b'\t');
    out.extend_from_slice(reason.code().as_bytes());
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use polaris_genomics::Strand;

    use super::*;
    use crate::vcf::Line;

    #[test]
    fn rows_have_the_header_s_columns() {
        let line = Line::new(b"chr1\t7\trs1\tA\tC,<DEL>\t.\t.\t.\n".to_vec(), 1);
        let record = Record::parse(line, "in.vcf").unwrap();
        let placement = Placement {
            window: 0,
            allele: 0,
            strand: Strand::Reverse,
            transcribed: true,
            genes: "G1,G2".into(),
        };
        let score = ModelScore {
            model: "QKI.K562",
            strand: Strand::Reverse,
            reference: 0.5,
            alternate: 0.25,
            delta: -0.25,
            logit_delta: -1.5,
            spread: 0.0,
            quantile: None,
        };
        let mut out = Vec::new();
        push_score(
            &allele_columns(&record, b"C", 1),
            &placement,
            Some(RegionClass::Intron),
            &score,
            &mut out,
        );
        push_skipped(&allele_columns(&record, b"<DEL>", 2), SkipReason::Symbolic, &mut out);
        let text = String::from_utf8(out).unwrap();
        let expected = "chr1\t7\trs1\tA\tC\t1\t-\tyes\tG1,G2\tintron\tQKI.K562\t0.5\t0.25\t-0.25\t-1.5\t0\t.\t.\n\
                        chr1\t7\trs1\tA\t<DEL>\t2\t.\t.\t.\t.\t.\t.\t.\t.\t.\t.\t.\tsymbolic\n";
        assert_eq!(text, expected);
        let columns = HEADER.split('\t').count();
        assert!(text.lines().all(|line| line.split('\t').count() == columns));
    }
}
