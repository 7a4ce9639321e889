//! `peaks.tsv`: which peak file belongs to which RNA-binding protein and cell line.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use polaris_model::ModelId;

use crate::text_table::{Fields, TableError, for_each_line};

/// A row of the table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct PeaksEntry {
    /// The model that the peaks train.
    pub(crate) model: ModelId,
    /// The peak file; a relative path of the table is taken from the table's folder.
    pub(crate) path: PathBuf,
}

/// Reads a table with the columns `rbp`, `cell_line` and `path`, in any order and among others, plain or gzip.
///
/// # Errors
/// A missing column, a name that cannot be a model's, a model named twice, a table without rows.
pub(crate) fn read_peaks_table(path: &Path) -> Result<Vec<PeaksEntry>, TableError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut columns: Option<[usize; 3]> = None;
    let mut lines_of_models = HashMap::new();
    let mut entries = Vec::new();
    for_each_line(path, |line, text| {
        let Some([rbp, cell_line, file]) = columns else {
            columns = Some(header_columns(path, text)?);
            return Ok(());
        };
        let fields = Fields::new(path, line, text);
        let (rbp_text, cell_line_text) = (fields.text(rbp, "rbp")?, fields.text(cell_line, "cell_line")?);
        let model = ModelId::new(rbp_text, cell_line_text).map_err(|error| {
            let column = if error.field() == "rbp" { rbp } else { cell_line };
            fields.wrong(column, error.field(), "a name of letters, digits, `_` and `-` belongs here")
        })?;
        let file_text = fields.text(file, "path")?;
        if file_text.is_empty() {
            return Err(fields.wrong(file, "path", "the peak file's path belongs here"));
        }
        if let Some(first) = lines_of_models.insert(model.clone(), line) {
            let expected = format!("{model} stands in line {first} already; one peak file makes one model");
            return Err(fields.wrong(rbp, "rbp", expected));
        }
        entries.push(PeaksEntry { model, path: folder.join(file_text) });
        Ok(())
    })?;
    if entries.is_empty() {
        let problem =
            "no peak files are named; each line has rbp, cell_line and path under a header".to_owned();
        return Err(TableError::Content { path: path.to_path_buf(), problem });
    }
    Ok(entries)
}

fn header_columns(path: &Path, text: &str) -> Result<[usize; 3], TableError> {
    let names: Vec<&str> = text.trim_start_matches('#').split('\t').map(str::trim).collect();
    let column = |wanted: &str| {
        names.iter().position(|name| *name == wanted).ok_or_else(|| TableError::Content {
            path: path.to_path_buf(),
            problem: format!(
                "the header `{}` lacks the column `{wanted}`; rbp, cell_line and path are needed, tab-separated",
                names.join(" ")
            ),
        })
    };
    Ok([column("rbp")?, column("cell_line")?, column("path")?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Result<Vec<PeaksEntry>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("peaks.tsv");
        std::fs::write(&path, content).unwrap();
        let prefix = format!("{}/", folder.path().display());
        let strip = |entry: PeaksEntry| PeaksEntry {
            path: entry.path.strip_prefix(folder.path()).map(Path::to_path_buf).unwrap_or(entry.path),
            ..entry
        };
        read_peaks_table(&path)
            .map(|entries| entries.into_iter().map(strip).collect())
            .map_err(|error| error.to_string().replace(&prefix, ""))
    }

    #[test]
    fn columns_are_found_by_name_and_paths_start_at_the_table() {
        let entries =
            read(b"cell_line\tnote\tpath\trbp\nK562\tx\tpeaks/a.bed\tQKI\nHepG2\t\t/data/b.bed\tQKI\n");
        let entry = |cell_line, path| PeaksEntry {
            model: ModelId::new("QKI", cell_line).unwrap(),
            path: PathBuf::from(path),
        };
        assert_eq!(entries.unwrap(), [entry("K562", "peaks/a.bed"), entry("HepG2", "/data/b.bed")]);
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let cases: [(&[u8], &str); 6] = [
            (b"rbp\tpath\n", "peaks.tsv: the header `rbp path` lacks the column `cell_line`"),
            (b"rbp\tcell_line\tpath\n", "peaks.tsv: no peak files are named"),
            (b"rbp\tcell_line\tpath\nQKI\tK562\n", "peaks.tsv:2: 2 columns, `path` belongs in column 3"),
            (b"rbp\tcell_line\tpath\nQKI/x\tK562\ta\n", "peaks.tsv:2:rbp: `QKI/x`: a name of letters"),
            (b"rbp\tcell_line\tpath\nQKI\tK.562\ta\n", "peaks.tsv:2:cell_line: `K.562`: a name of letters"),
            (
                b"rbp\tcell_line\tpath\nQ\tK\ta\n\nQ\tK\tb\n",
                "peaks.tsv:4:rbp: `Q`: Q.K stands in line 2 already",
            ),
        ];
        for (content, expected) in cases {
            let error = read(content).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
