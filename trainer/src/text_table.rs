//! Lines and fields of the tab-separated files that the trainer reads, with the place of whatever is wrong.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use polaris_genomics::open_text;
use thiserror::Error;

/// What can go wrong in reading a table.
#[derive(Debug, Error)]
pub(crate) enum TableError {
    /// The file cannot be opened.
    #[error("{}: {cause}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why; part of the message, so not its source as well.
        cause: io::Error,
    },
    /// The file cannot be read to its end (a cut-off gzip stream, for one), or is no text.
    #[error("{}:{line}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Number, from 1, of the line that could not be read.
        line: usize,
        /// Why; part of the message, so not its source as well.
        cause: io::Error,
    },
    /// A field that does not hold what belongs there.
    #[error("{}:{line}:{field}: `{value}`: {expected}", path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// The column's name.
        field: &'static str,
        /// What stands there.
        value: String,
        /// What belongs there, and the remedy if it is not plain.
        expected: String,
    },
    /// A line that lacks columns, or has too many.
    #[error("{}:{line}: {found} columns, {expected}", path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// Columns that the line has.
        found: usize,
        /// How many belong there, and why.
        expected: String,
    },
    /// A file without what makes it one of its kind.
    #[error("{}: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong and the remedy.
        problem: String,
    },
}

/// Calls `visit` with each line and its number, blank lines left out, line ends (also `\r\n`) cut off.
///
/// # Errors
/// [`TableError::Open`], [`TableError::Read`], and whatever `visit` answers.
pub(crate) fn for_each_line(
    path: &Path,
    mut visit: impl FnMut(usize, &str) -> Result<(), TableError>,
) -> Result<(), TableError> {
    let text = open_text(path).map_err(|cause| TableError::Open { path: path.to_path_buf(), cause })?;
    for (index, line) in text.lines().enumerate() {
        let line =
            line.map_err(|cause| TableError::Read { path: path.to_path_buf(), line: index + 1, cause })?;
        let line = line.strip_suffix('\r').unwrap_or(&line);
        if !line.trim().is_empty() {
            visit(index + 1, line)?;
        }
    }
    Ok(())
}

/// One line of a table, cut at its tabs.
pub(crate) struct Fields<'a> {
    path: &'a Path,
    line: usize,
    values: Vec<&'a str>,
}

impl<'a> Fields<'a> {
    /// Cuts `text`, line number `line` of `path`.
    pub(crate) fn new(path: &'a Path, line: usize, text: &'a str) -> Self {
        Self { path, line, values: text.split('\t').collect() }
    }

    /// The number of columns.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Checks that the line is a header of exactly these columns.
    pub(crate) fn require_header(&self, columns: &[&str]) -> Result<(), TableError> {
        let first = self.values.first().map(|name| name.trim_start_matches('#'));
        if first == columns.first().copied() && self.values.get(1..) == columns.get(1..) {
            Ok(())
        } else {
            Err(self.columns(format!("the header must be: {}", columns.join(" "))))
        }
    }

    /// The text of column `index` (from 0), which is called `field`.
    pub(crate) fn text(&self, index: usize, field: &'static str) -> Result<&'a str, TableError> {
        self.values.get(index).copied().ok_or_else(|| {
            self.columns(format!(
                "`{field}` belongs in column {} (are the columns tab-separated?)",
                index + 1
            ))
        })
    }

    /// Column `index` read as a `T`; `expected` says what belongs there.
    pub(crate) fn parse<T: FromStr>(
        &self,
        index: usize,
        field: &'static str,
        expected: &str,
    ) -> Result<T, TableError> {
        self.text(index, field)?.trim().parse().map_err(|_| self.wrong(index, field, expected))
    }

    /// The error that column `index` does not hold what is `expected`.
    pub(crate) fn wrong(&self, index: usize, field: &'static str, expected: impl Into<String>) -> TableError {
        TableError::Field {
            path: self.path.to_path_buf(),
            line: self.line,
            field,
            value: self.values.get(index).copied().unwrap_or("").to_owned(),
            expected: expected.into(),
        }
    }

    /// The error that the line has too few or too many columns.
    pub(crate) fn columns(&self, expected: String) -> TableError {
        TableError::Columns {
            path: self.path.to_path_buf(),
            line: self.line,
            found: self.values.len(),
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn lines(content: &[u8]) -> Result<Vec<(usize, String)>, TableError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        let mut seen = Vec::new();
        for_each_line(file.path(), |number, line| {
            seen.push((number, line.to_owned()));
            Ok(())
        })?;
        Ok(seen)
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn blank_lines_count_but_are_left_out() {
        let expected = vec![(1, "a\tb".to_owned()), (3, "c".to_owned())];
        assert_eq!(lines(b"a\tb\r\n\nc").unwrap(), expected);
        assert_eq!(lines(&gzip(b"a\tb\r\n\nc")).unwrap(), expected);
    }

    #[test]
    fn a_cut_off_gzip_stream_is_an_error() {
        let whole = gzip(b"chr1\t10\t20\nchr1\t30\t40\n");
        assert!(matches!(lines(&whole[..whole.len() - 9]), Err(TableError::Read { .. })));
    }

    #[test]
    fn what_is_no_text_is_told_with_its_line() {
        assert!(matches!(lines(b"a\nb\xff\nc\n"), Err(TableError::Read { line: 2, .. })));
        assert!(matches!(for_each_line(Path::new("/no/such"), |_, _| Ok(())), Err(TableError::Open { .. })));
    }

    #[test]
    fn errors_name_file_line_and_field() {
        let path = Path::new("peaks.bed");
        let fields = Fields::new(path, 7, "chr1\tx");
        let error = fields.parse::<u64>(1, "start0", "a whole number").unwrap_err();
        assert_eq!(error.to_string(), "peaks.bed:7:start0: `x`: a whole number");
        let error = fields.text(2, "end0").unwrap_err();
        assert_eq!(
            error.to_string(),
            "peaks.bed:7: 2 columns, `end0` belongs in column 3 (are the columns tab-separated?)"
        );
    }
}
