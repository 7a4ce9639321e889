//! GFF3: attributes `ID=..;Parent=..;gene_name=..`, lines linked by Parent in any order.

use std::borrow::Cow;

use super::{
    columns::{Columns, Fault},
    draft::{Draft, GeneNames},
    names::{Locus, LocusMap},
    transcript::{Part, PartKind},
};

/// How far Parent links are followed: gene, transcript, and once more for what RefSeq nests in a primary transcript.
const MAX_DEPTH: usize = 8;

/// Lines that have an ID, and parts by the ID they name as Parent, until the whole file is read.
#[derive(Default)]
pub(super) struct Parser {
    nodes: Vec<Node>,
    node_by_id: LocusMap,
    unstranded_ids: std::collections::HashSet<String>,
}

struct Node {
    locus: Locus,
    id: String,
    /// `None` until the node's own line is read.
    line: Option<NodeLine>,
    /// The first line that names the node as Parent.
    named_by_line: u64,
    parts: Vec<Part>,
}

struct NodeLine {
    kind: NodeKind,
    parent: Option<String>,
    start0: u32,
    end0: u32,
    names: Names,
}

#[derive(Copy, Clone, Eq, PartialEq)]
enum NodeKind {
    Gene,
    Transcript,
    Other,
}

#[derive(Default)]
struct Names {
    gene_id: Option<String>,
    gene_name: Option<String>,
    transcript_id: Option<String>,
}

#[derive(Default)]
struct Attributes<'a> {
    id: Option<Cow<'a, str>>,
    parent: Option<&'a str>,
    gene_id: Option<Cow<'a, str>>,
    gene_name: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
    gene: Option<Cow<'a, str>>,
    transcript_id: Option<Cow<'a, str>>,
}

impl Parser {
    pub(super) fn feature(&mut self, draft: &mut Draft, columns: &Columns<'_>) -> Result<(), Fault> {
        let part = PartKind::from_feature(columns.kind);
        let attributes = parse_attributes(columns)?;
        let Some(strand) = columns.strand else {
            self.leave_out(draft, part, &attributes);
            return Ok(());
        };
        let locus = Locus { contig: draft.contigs.index(columns.contig), strand };
        let (start0, end0) = (columns.start0, columns.end0);
        if let Some(kind) = part {
            let Some(parents) = attributes.parent else {
                return Err(columns.fault(
                    "Parent",
                    columns.attributes,
                    "that attribute on every exon, CDS and UTR",
                ));
            };
            for parent in parents.split(',') {
                let node = self.node(locus, &decoded(parent), columns.line);
                node.parts.push(Part { kind, start0, end0 });
            }
            return Ok(());
        }
        let parent = attributes.parent.and_then(|parents| parents.split(',').next()).map(decoded);
        let kind = node_kind(columns.kind, parent.is_some());
        let Some(id) = attributes.id else {
            return match kind {
                NodeKind::Other => Ok(()),
                _ => Err(columns.fault(
                    "ID",
                    columns.attributes,
                    "that attribute on every gene and transcript",
                )),
            };
        };
        let gene_name = attributes.gene_name.or(match kind {
            NodeKind::Gene => attributes.name.or(attributes.gene),
            _ => attributes.gene,
        });
        let owned = |value: Option<Cow<'_, str>>| value.map(Cow::into_owned);
        let names = Names {
            gene_id: owned(attributes.gene_id),
            gene_name: owned(gene_name),
            transcript_id: owned(attributes.transcript_id),
        };
        let node = self.node(locus, &id, columns.line);
        match &mut node.line {
            // One feature on several lines.
            Some(line) => {
                line.start0 = line.start0.min(start0);
                line.end0 = line.end0.max(end0);
            }
            None => {
                node.line = Some(NodeLine { kind, parent: parent.map(Cow::into_owned), start0, end0, names });
            }
        }
        Ok(())
    }

    /// Hands genes and transcripts to the draft.
    pub(super) fn finish(self, draft: &mut Draft) -> Result<(), Fault> {
        for node in &self.nodes {
            let Some(line) = &node.line else {
                if self.unstranded_ids.contains(&node.id) {
                    draft.unstranded += node.parts.len();
                    continue;
                }
                return Err(Fault {
                    line: node.named_by_line,
                    field: "Parent",
                    value: node.id.clone(),
                    expected: "the ID of a feature on the same contig and strand",
                });
            };
            if line.kind == NodeKind::Gene {
                draft.gene(node.locus, gene_names(node, line), line.start0, line.end0);
            }
            let direct = line.kind == NodeKind::Transcript && line.parent.is_some();
            if node.parts.is_empty() && !direct {
                continue;
            }
            let (gene, gene_line) = self.gene_of(node, line);
            let names = &line.names;
            let id = names.transcript_id.as_deref().unwrap_or_else(|| bare_id(&node.id));
            let transcript = draft.transcript(node.locus, id, || gene_names(gene, gene_line));
            draft.span(transcript, line.start0, line.end0);
            for part in &node.parts {
                draft.part(transcript, *part);
            }
        }
        Ok(())
    }

    fn node(&mut self, locus: Locus, id: &str, line: u64) -> &mut Node {
        let index = self.node_by_id.get(locus, id).unwrap_or_else(|| {
            self.node_by_id.insert(locus, id, self.nodes.len());
            let id = id.to_owned();
            self.nodes.push(Node { locus, id, line: None, named_by_line: line, parts: Vec::new() });
            self.nodes.len() - 1
        });
        &mut self.nodes[index]
    }

    /// The gene above a node, or the topmost node if there is none.
    fn gene_of<'a>(&'a self, node: &'a Node, line: &'a NodeLine) -> (&'a Node, &'a NodeLine) {
        let mut found = (node, line);
        for _ in 0..MAX_DEPTH {
            let above = found.1.parent.as_deref().filter(|_| found.1.kind != NodeKind::Gene);
            let above = above.and_then(|parent| self.node_by_id.get(node.locus, parent));
            match above.and_then(|index| self.nodes.get(index)) {
                Some(Node { line: None, .. }) | None => break,
                Some(above @ Node { line: Some(line), .. }) => found = (above, line),
            }
        }
        found
    }

    fn leave_out(&mut self, draft: &mut Draft, part: Option<PartKind>, attributes: &Attributes<'_>) {
        if part.is_some() {
            draft.unstranded += 1;
        } else if let Some(id) = &attributes.id {
            self.unstranded_ids.insert(id.clone().into_owned());
        }
    }
}

/// Whole chromosomes, sites and the like are `Other`; they become transcripts if exons name them as Parent.
fn node_kind(kind: &[u8], has_parent: bool) -> NodeKind {
    let is_gene = kind == b"pseudogene" || kind == b"gene" || kind.ends_with(b"_gene");
    match (is_gene, has_parent) {
        (true, false) => NodeKind::Gene,
        (true, true) => NodeKind::Transcript,
        _ if [&b"RNA"[..], b"transcript", b"gene_segment"].iter().any(|end| kind.ends_with(end)) => {
            NodeKind::Transcript
        }
        _ => NodeKind::Other,
    }
}

fn gene_names(node: &Node, line: &NodeLine) -> GeneNames {
    GeneNames {
        key: node.id.clone(),
        id: line.names.gene_id.clone().unwrap_or_else(|| bare_id(&node.id).to_owned()),
        name: line.names.gene_name.clone(),
    }
}

/// An ID without the prefix by which Ensembl and RefSeq keep kinds apart.
fn bare_id(id: &str) -> &str {
    let prefixes = ["gene:", "transcript:", "gene-", "rna-"];
    prefixes.iter().find_map(|prefix| id.strip_prefix(prefix)).unwrap_or(id)
}

fn parse_attributes<'a>(columns: &Columns<'a>) -> Result<Attributes<'a>, Fault> {
    let mut found = Attributes::default();
    for pair in columns.attributes.split(|&byte| byte == b';').map(<[u8]>::trim_ascii) {
        if pair.is_empty() {
            continue;
        }
        let Some(equals) = pair.iter().position(|&byte| byte == b'=') else {
            return Err(columns.fault("attributes", pair, "key=value"));
        };
        let (key, value) = pair.split_at(equals);
        let value = value.strip_prefix(b"=").unwrap_or_default();
        let slot = match key {
            b"ID" => &mut found.id,
            b"gene_id" => &mut found.gene_id,
            b"gene_name" => &mut found.gene_name,
            b"Name" => &mut found.name,
            b"gene" => &mut found.gene,
            b"transcript_id" => &mut found.transcript_id,
            b"Parent" => {
                found.parent = Some(utf8(columns, value)?);
                continue;
            }
            _ => continue,
        };
        *slot = Some(decoded(utf8(columns, value)?)).filter(|value| !value.is_empty());
    }
    Ok(found)
}

fn utf8<'a>(columns: &Columns<'_>, value: &'a [u8]) -> Result<&'a str, Fault> {
    std::str::from_utf8(value).map_err(|_| columns.fault("attributes", value, "a value in UTF-8"))
}

/// A value with `%2C` and its like made into the characters they stand for.
fn decoded(value: &str) -> Cow<'_, str> {
    if !value.contains('%') {
        return Cow::Borrowed(value);
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = code.filter(|_| byte == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(byte));
        rest = if code.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        assert_eq!(decoded("a%2Cb%3b"), "a,b;");
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%2"), "%zz%2");
    }

    #[test]
    fn kinds_of_lines() {
        assert!(node_kind(b"ncRNA_gene", false) == NodeKind::Gene);
        assert!(node_kind(b"pseudogene", true) == NodeKind::Transcript);
        assert!(node_kind(b"lnc_RNA", true) == NodeKind::Transcript);
        assert!(node_kind(b"V_gene_segment", true) == NodeKind::Transcript);
        assert!(node_kind(b"chromosome", false) == NodeKind::Other);
    }
}
