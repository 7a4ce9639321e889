//! The table of planted motif copies.

use std::collections::HashMap;
use std::path::Path;

use polaris_genomics::{Strand, Window, contig_key};

use crate::text_table::{Fields, TableError, for_each_line};

const COLUMNS: [&str; 6] = ["contig", "start0", "end0", "strand", "rbp", "cell_lines"];

/// A planted copy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Copy {
    start0: u64,
    end0: u64,
    strand: Strand,
}

/// Planted copies by protein and contig.
#[derive(Debug, Default)]
pub(super) struct Sites(HashMap<(String, String), Vec<Copy>>);

impl Sites {
    /// Reads the table.
    ///
    /// # Errors
    /// If the file cannot be read, or a line is not as `simulate` writes it.
    pub(super) fn read(path: &Path) -> Result<Self, TableError> {
        let mut sites = Self::default();
        for_each_line(path, |line, text| {
            let fields = Fields::new(path, line, text);
            if line == 1 {
                return fields.require_header(&COLUMNS);
            }
            let position = |index, field| fields.parse(index, field, "a position from 0 belongs here");
            let copy = Copy {
                start0: position(1, "start0")?,
                end0: position(2, "end0")?,
                strand: fields.parse(3, "strand", "+ or - belongs here")?,
            };
            if copy.end0 <= copy.start0 {
                return Err(fields.wrong(2, "end0", "the end lies beyond the start"));
            }
            let contig = contig_key(fields.text(0, "contig")?).to_owned();
            let key = (fields.text(4, "rbp")?.to_owned(), contig);
            sites.0.entry(key).or_default().push(copy);
            Ok(())
        })?;
        Ok(sites)
    }

    /// Spans `[start, end)`, in the window's own sequence, of a protein's copies that lie whole within it on its strand.
    pub(super) fn in_window(&self, rbp: &str, window: &Window) -> Vec<(usize, usize)> {
        let key = (rbp.to_owned(), contig_key(&window.contig).to_owned());
        let copies = self.0.get(&key).map_or(&[][..], Vec::as_slice);
        let span = |copy: &Copy| {
            let (one, other) = (window.offset0(copy.start0)?, window.offset0(copy.end0 - 1)?);
            Some((one.min(other), one.max(other) + 1))
        };
        copies.iter().filter(|copy| copy.strand == window.strand).filter_map(span).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Result<Sites, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let name = file.path().display().to_string();
        Sites::read(file.path()).map_err(|error| error.to_string().replace(&name, "sites.tsv"))
    }

    #[test]
    fn copies_are_found_on_the_windows_strand() {
        let header = COLUMNS.join("\t");
        let text = format!(
            "{header}\nchr1\t100\t106\t-\tQKI\tK562\nchr1\t110\t116\t+\tQKI\t.\nchr1\t95\t101\t-\tPUM2\t.\n"
        );
        let sites = read(&text).unwrap();
        let window = |strand| Window { contig: "1".to_owned(), start0: 90, length: 30, strand };
        assert_eq!(sites.in_window("QKI", &window(Strand::Reverse)), [(14, 20)]);
        assert_eq!(sites.in_window("QKI", &window(Strand::Forward)), [(20, 26)]);
        assert!(sites.in_window("SRSF1", &window(Strand::Forward)).is_empty());
        // Half within.
        let other = Window { start0: 103, ..window(Strand::Reverse) };
        assert!(sites.in_window("QKI", &other).is_empty());
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let header = COLUMNS.join("\t");
        let cases = [
            ("id\tcontig\n".to_owned(), "sites.tsv:1: 2 columns, the header must be: contig start0"),
            (format!("{header}\nchr1\tx\t9\t+\tQKI\t.\n"), "sites.tsv:2:start0: `x`"),
            (format!("{header}\nchr1\t9\t9\t+\tQKI\t.\n"), "sites.tsv:2:end0: `9`: the end lies beyond"),
            (format!("{header}\nchr1\t1\t9\t.\tQKI\t.\n"), "sites.tsv:2:strand: `.`"),
        ];
        for (content, expected) in cases {
            let error = read(&content).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
