//! GTF: attributes `gene_id "X"; transcript_id "Y"; gene_name "Z";`.

use super::{
    columns::{Columns, Fault},
    draft::{Draft, GeneNames},
    names::Locus,
    transcript::{Part, PartKind},
};

#[derive(Default)]
struct Attributes<'a> {
    gene_id: &'a str,
    gene_name: &'a str,
    transcript_id: &'a str,
}

enum Feature {
    Gene,
    Transcript,
    Part(PartKind),
}

/// Hands a line to the draft. GTF lines stand on their own.
pub(super) fn feature(draft: &mut Draft, columns: &Columns<'_>) -> Result<(), Fault> {
    let feature = match columns.kind {
        b"gene" => Feature::Gene,
        b"transcript" | b"mRNA" => Feature::Transcript,
        kind => match PartKind::from_feature(kind) {
            Some(part) => Feature::Part(part),
            None => return Ok(()),
        },
    };
    let attributes = parse_attributes(columns)?;
    let required = |field, value: &str| match value {
        "" => Err(columns.fault(field, columns.attributes, "that attribute, with a value")),
        _ => Ok(()),
    };
    required("gene_id", attributes.gene_id)?;
    let Some(strand) = columns.strand else {
        draft.unstranded += 1;
        return Ok(());
    };
    let locus = Locus { contig: draft.contigs.index(columns.contig), strand };
    let (start0, end0) = (columns.start0, columns.end0);
    let gene = || GeneNames {
        key: attributes.gene_id.to_owned(),
        id: attributes.gene_id.to_owned(),
        name: Some(attributes.gene_name).filter(|name| !name.is_empty()).map(str::to_owned),
    };
    if let Feature::Gene = feature {
        draft.gene(locus, gene(), start0, end0);
        return Ok(());
    }
    required("transcript_id", attributes.transcript_id)?;
    let transcript = draft.transcript(locus, attributes.transcript_id, gene);
    match feature {
        Feature::Part(kind) => draft.part(transcript, Part { kind, start0, end0 }),
        _ => draft.span(transcript, start0, end0),
    }
    Ok(())
}

fn parse_attributes<'a>(columns: &Columns<'a>) -> Result<Attributes<'a>, Fault> {
    let mut found = Attributes::default();
    let mut gene = "";
    let mut rest = columns.attributes;
    loop {
        let start = rest.iter().position(|byte| !matches!(byte, b' ' | b';')).unwrap_or(rest.len());
        let (_, pair) = rest.split_at(start);
        if pair.is_empty() {
            break;
        }
        let key_end = pair.iter().position(|&byte| byte == b' ').unwrap_or(pair.len());
        let (key, value) = pair.split_at(key_end);
        let value = value.trim_ascii_start();
        let (value, after) = match value.strip_prefix(b"\"") {
            Some(quoted) => {
                let end = quoted.iter().position(|&byte| byte == b'"');
                let unclosed = || columns.fault("attributes", pair, "a closing quotation mark");
                quoted.split_at(end.ok_or_else(unclosed)?)
            }
            None => value.split_at(value.iter().position(|&byte| byte == b';').unwrap_or(value.len())),
        };
        rest = after.strip_prefix(b"\"").unwrap_or(after);
        let slot = match key {
            b"gene_id" => &mut found.gene_id,
            b"gene_name" => &mut found.gene_name,
            b"transcript_id" => &mut found.transcript_id,
            b"gene" => &mut gene,
            _ => continue,
        };
        *slot = std::str::from_utf8(value.trim_ascii())
            .map_err(|_| columns.fault("attributes", value, "a value in UTF-8"))?;
    }
    // RefSeq calls the symbol `gene`.
    if found.gene_name.is_empty() {
        found.gene_name = gene;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::columns;

    fn attributes(text: &str) -> Result<(String, String, String), Fault> {
        let line = format!("chr1\tx\texon\t1\t2\t.\t+\t.\t{text}");
        let columns = columns::parse(7, line.as_bytes()).unwrap();
        let found = parse_attributes(&columns)?;
        Ok((found.gene_id.to_owned(), found.gene_name.to_owned(), found.transcript_id.to_owned()))
    }

    fn triple(gene_id: &str, gene_name: &str, transcript_id: &str) -> (String, String, String) {
        (gene_id.to_owned(), gene_name.to_owned(), transcript_id.to_owned())
    }

    #[test]
    fn values_with_and_without_quotation_marks() {
        let found =
            attributes(r#"gene_id "G1"; tag "a; b"; exon_number 3; transcript_id T1;gene_name "N 1""#);
        assert_eq!(found.unwrap(), triple("G1", "N 1", "T1"));
    }

    #[test]
    fn the_symbol_may_be_called_gene() {
        assert_eq!(attributes(r#"gene "SYM"; gene_id "G1""#).unwrap(), triple("G1", "SYM", ""));
        assert_eq!(attributes(r#"gene "SYM"; gene_name "N"; gene_id "G1";"#).unwrap(), triple("G1", "N", ""));
    }

    #[test]
    fn an_open_quotation_mark_is_a_fault() {
        let fault = attributes(r#"gene_id "G1"#).unwrap_err();
        assert_eq!((fault.line, fault.field), (7, "attributes"));
    }
}
