//! Expression tables: TPM by gene.

use std::{
    collections::{HashMap, hash_map::Entry},
    path::Path,
};

use crate::{
    annotation::Gene,
    text::{Lines, open_text, shown},
    text_file_error::{FieldFault, TextFileError},
};

/// Transcripts per million by gene, of one cell line.
pub struct ExpressionTable {
    by_id: HashMap<String, f32>,
    /// `None` where versions of one identifier disagree.
    by_bare_id: HashMap<String, Option<f32>>,
    by_name: HashMap<String, f32>,
}

impl ExpressionTable {
    /// Reads a table with tabs, plain, gzip or bgzip, whose header names the columns `gene_id`, `TPM` and, if there are
    /// symbols, `gene_name`; other columns are ignored. Of several genes with one symbol the highest TPM counts.
    ///
    /// # Errors
    ///
    /// [`TextFileError`] if the file cannot be read, or for the first line that is not as it should be.
    pub fn open(path: &Path) -> Result<Self, TextFileError> {
        let read = TextFileError::read(path);
        let malformed = |line, fault| TextFileError::malformed(path, line, fault);
        let mut table = Self { by_id: HashMap::new(), by_bare_id: HashMap::new(), by_name: HashMap::new() };
        let mut lines = Lines::new(open_text(path).map_err(read)?);
        let mut header: Option<Header> = None;
        while let Some((number, line)) = lines.next_line().map_err(read)? {
            if line.is_empty() {
                continue;
            }
            match &header {
                None => header = Some(Header::parse(line).map_err(|fault| malformed(number, fault))?),
                Some(header) => header
                    .row(line)
                    .and_then(|row| table.insert(&row))
                    .map_err(|fault| malformed(number, fault))?,
            }
        }
        if table.by_id.is_empty() {
            return Err(TextFileError::NoGenes {
                path: path.to_owned(),
                expected: "lines of gene_id, gene_name and TPM after the header",
            });
        }
        Ok(table)
    }

    /// TPM of a gene: by its identifier, then by the identifier without a version suffix such as `.12`, then by its
    /// symbol; `None` if the table has it under none of them.
    pub fn tpm(&self, gene: &Gene) -> Option<f32> {
        let bare = || self.by_bare_id.get(without_version(&gene.id)).copied().flatten();
        self.by_id.get(&gene.id).copied().or_else(bare).or_else(|| self.by_name.get(&gene.name).copied())
    }

    fn insert(&mut self, row: &Row<'_>) -> Result<(), FieldFault> {
        let &Row { id, name, tpm } = row;
        match self.by_id.entry(id.to_owned()) {
            Entry::Occupied(known) if *known.get() != tpm => {
                return Err(("gene_id", id.to_owned(), "each gene once, or with the same TPM"));
            }
            Entry::Occupied(_) => return Ok(()),
            Entry::Vacant(entry) => entry.insert(tpm),
        };
        let bare = self.by_bare_id.entry(without_version(id).to_owned()).or_insert(Some(tpm));
        *bare = bare.filter(|known| *known == tpm);
        if !name.is_empty() {
            let highest = self.by_name.entry(name.to_owned()).or_insert(tpm);
            *highest = highest.max(tpm);
        }
        Ok(())
    }
}

/// `ENSG00000141510.19` and `ENSG00000228572.7_PAR_Y` without what follows the dot.
fn without_version(id: &str) -> &str {
    match id.rsplit_once('.') {
        Some((bare, version)) if !bare.is_empty() => {
            let digits = version.strip_suffix("_PAR_Y").unwrap_or(version);
            let is_version = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            if is_version { bare } else { id }
        }
        _ => id,
    }
}

struct Header {
    id: usize,
    name: Option<usize>,
    tpm: usize,
}

struct Row<'a> {
    id: &'a str,
    name: &'a str,
    tpm: f32,
}

impl Header {
    fn parse(line: &[u8]) -> Result<Self, FieldFault> {
        let column = |name: &str| {
            let mut columns = line.split(|&byte| byte == b'\t').map(<[u8]>::trim_ascii);
            columns.position(|column| column == name.as_bytes())
        };
        let required = |name| {
            column(name)
                .ok_or_else(|| (name, shown(line), "a header with the columns gene_id, gene_name and TPM"))
        };
        Ok(Self { id: required("gene_id")?, name: column("gene_name"), tpm: required("TPM")? })
    }

    fn row<'a>(&self, line: &'a [u8]) -> Result<Row<'a>, FieldFault> {
        let column = |field, index: usize| {
            let value = line.split(|&byte| byte == b'\t').nth(index);
            let value = value.ok_or_else(|| (field, shown(line), "as many columns as the header"))?;
            std::str::from_utf8(value).map_err(|_| (field, shown(value), "text in UTF-8"))
        };
        let id = column("gene_id", self.id)?;
        if id.is_empty() {
            return Err(("gene_id", String::new(), "a gene's identifier"));
        }
        let name = self.name.map_or(Ok(""), |index| column("gene_name", index))?;
        let text = column("TPM", self.tpm)?;
        let tpm = text.parse::<f32>().ok().filter(|tpm| tpm.is_finite() && *tpm >= 0.0);
        let tpm = tpm.ok_or_else(|| ("TPM", shown(text.as_bytes()), "a number, 0 or more"))?;
        Ok(Row { id, name, tpm })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strand::Strand;

    fn open(bytes: &[u8]) -> Result<ExpressionTable, TextFileError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cells.tsv");
        std::fs::write(&path, bytes).unwrap();
        ExpressionTable::open(&path)
    }

    fn gene(id: &str, name: &str) -> Gene {
        Gene {
            id: id.to_owned(),
            name: name.to_owned(),
            contig: "chr1".to_owned(),
            strand: Strand::Forward,
            start0: 0,
            end0: 1,
            transcripts: Vec::new(),
        }
    }

    #[test]
    fn identifiers_come_before_versions_before_symbols() {
        let table = open(
            b"TPM\tgene_id\tgene_name\r\n1.5\tE1.3\tA\r\n2\tE2\tB\n3\tE3.1\tC\n4\tE3.2\tC\n5\tE4.1_PAR_Y\tD\n",
        )
        .unwrap();
        assert_eq!(table.tpm(&gene("E1.3", "B")), Some(1.5));
        assert_eq!(table.tpm(&gene("E1.9", "B")), Some(1.5));
        assert_eq!(table.tpm(&gene("E1", "B")), Some(1.5));
        assert_eq!(table.tpm(&gene("E2.4", "")), Some(2.0));
        assert_eq!(table.tpm(&gene("E4", "")), Some(5.0));
        assert_eq!(table.tpm(&gene("E9", "B")), Some(2.0));
        assert_eq!(table.tpm(&gene("E3.1", "")), Some(3.0));
        assert_eq!(table.tpm(&gene("E3.7", "x")), None, "two versions disagree");
        assert_eq!(table.tpm(&gene("E3.7", "C")), Some(4.0), "the highest of a symbol");
    }

    #[test]
    fn a_table_without_symbols_will_do() {
        let table = open(b"gene_id\tTPM\nG\t0.25\n").unwrap();
        assert_eq!(table.tpm(&gene("G", "")), Some(0.25));
        assert_eq!(table.tpm(&gene("H", "")), None);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (bytes, place) in [
            (&b"gene\tTPM\n"[..], "cells.tsv:1:gene_id: found \"gene\\tTPM\""),
            (b"gene_id\ttpm\n", "cells.tsv:1:TPM:"),
            (b"gene_id\tTPM\nG\t1\nH\n", "cells.tsv:3:TPM: found \"H\", expected as many"),
            (b"gene_id\tTPM\nG\t-1\n", "cells.tsv:2:TPM: found \"-1\", expected a number"),
            (b"gene_id\tTPM\nG\tNaN\n", "cells.tsv:2:TPM: found \"NaN\""),
            (b"gene_id\tTPM\n\t1\n", "cells.tsv:2:gene_id: found \"\""),
            (b"gene_id\tTPM\nG\t1\nG\t2\n", "cells.tsv:3:gene_id: found \"G\", expected each gene once"),
            (b"gene_id\tTPM\n", "cells.tsv: no gene in it"),
            (b"", "cells.tsv: no gene in it"),
        ] {
            let message = open(bytes).err().unwrap().to_string();
            assert!(message.contains(place), "{message}");
        }
    }
}
