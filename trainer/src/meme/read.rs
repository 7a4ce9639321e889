//! Reading motifs.

use std::path::Path;

use super::Motif;
use crate::position_matrix::{Column, PositionMatrix};
use crate::text_table::{TableError, for_each_line};

const MATRIX: &str = "letter-probability matrix";
/// How far the probabilities of a column may be from 1: files are rounded.
const ROUNDING: f64 = 0.02;

/// Reads every motif of a file. What is no motif, such as URL lines and other matrices, is passed over.
///
/// # Errors
/// If the file cannot be read, is no MEME file of RNA or DNA, has no motif, or one whose matrix is missing or not what
/// its line says: named by file:line.
pub(crate) fn read_motifs(path: &Path) -> Result<Vec<Motif>, TableError> {
    let mut reader = Reader { path, version_seen: false, motifs: Vec::new(), state: State::Outside };
    let mut last = 0;
    for_each_line(path, |line, text| {
        last = line;
        reader.line(line, text.trim())
    })?;
    reader.end_of_block(last)?;
    if reader.motifs.is_empty() {
        let problem = "holds no motif; a line `MOTIF` with a name and a letter-probability matrix make one";
        return Err(TableError::Content { path: path.to_path_buf(), problem: problem.to_owned() });
    }
    Ok(reader.motifs)
}

struct Reader<'a> {
    path: &'a Path,
    version_seen: bool,
    motifs: Vec<Motif>,
    state: State,
}

enum State {
    /// No motif has begun, or its matrix is read.
    Outside,
    /// A motif's line was read, its matrix was not.
    Named { line: usize, id: String, name: Option<String> },
    /// Within its matrix.
    Matrix {
        id: String,
        name: Option<String>,
        sites: Option<usize>,
        width: Option<usize>,
        columns: Vec<Column>,
    },
}

impl Reader<'_> {
    fn line(&mut self, line: usize, text: &str) -> Result<(), TableError> {
        if !self.version_seen {
            self.version_seen = text.starts_with("MEME version");
            let expected = "the first line of a MEME file is `MEME version 4`";
            return if self.version_seen { Ok(()) } else { Err(self.wrong(line, "version", text, expected)) };
        }
        if let Some(alphabet) = text.strip_prefix("ALPHABET") {
            let letters = alphabet.trim_start_matches('=').trim();
            let known = matches!(letters, "ACGU" | "ACGT")
                || letters.starts_with("\"RNA\"")
                || letters.starts_with("\"DNA\"");
            let expected = "motifs of RNA or DNA are read, ALPHABET= ACGU or ACGT";
            return if known { Ok(()) } else { Err(self.wrong(line, "ALPHABET", letters, expected)) };
        }
        if text == "MOTIF" || text.starts_with("MOTIF ") || text.starts_with("MOTIF\t") {
            self.end_of_block(line)?;
            let mut words = text.split_whitespace().skip(1).map(str::to_owned);
            let Some(id) = words.next() else {
                return Err(self.wrong(line, "MOTIF", text, "the motif's name belongs behind it"));
            };
            self.state = State::Named { line, id, name: words.next() };
            return Ok(());
        }
        if let Some(options) = text.strip_prefix(MATRIX) {
            return self.begin_matrix(line, options.trim_start_matches(':'));
        }
        self.matrix_line(line, text)
    }

    fn begin_matrix(&mut self, line: usize, options: &str) -> Result<(), TableError> {
        let State::Named { id, name, .. } = &self.state else {
            return Err(self.wrong(line, MATRIX, options, "a line `MOTIF` with a name belongs before it"));
        };
        let (id, name) = (id.clone(), name.clone());
        // `w= 7` and `w=7` are both written.
        let spaced = options.replace('=', "= ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let option = |key: &str| words.iter().position(|word| *word == key).map(|at| words.get(at + 1));
        let number = |field: &'static str, key: &str| match option(key) {
            None => Ok(None),
            Some(word) => {
                let word = word.copied().unwrap_or("");
                let value = word.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
                let value =
                    value.ok_or_else(|| self.wrong(line, field, word, "a number from 0 belongs here"))?;
                Ok(Some(value.round() as usize))
            }
        };
        let (letters, width, sites) =
            (number("alength", "alength=")?, number("w", "w=")?, number("nsites", "nsites=")?);
        if let Some(letters) = letters.filter(|letters| *letters != 4) {
            let expected = "4 belongs here: motifs of RNA or DNA are read";
            return Err(self.wrong(line, "alength", &letters.to_string(), expected));
        }
        if width == Some(0) {
            return Err(self.wrong(line, "w", "0", "a motif has one column or more"));
        }
        self.state = State::Matrix { id, name, sites, width, columns: Vec::new() };
        Ok(())
    }

    /// A row of a matrix, or a line behind it.
    fn matrix_line(&mut self, line: usize, text: &str) -> Result<(), TableError> {
        let State::Matrix { width, columns, .. } = &self.state else { return Ok(()) };
        let starts_with_number =
            text.split_whitespace().next().is_some_and(|word| word.parse::<f64>().is_ok());
        if !starts_with_number || width.is_some_and(|width| columns.len() == width) {
            return self.end_of_block(line);
        }
        let values: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let sum: f64 = values.iter().sum();
        let column = Column::try_from(values).ok().filter(|column| {
            (sum - 1.0).abs() <= ROUNDING && column.iter().all(|value| (0.0..=1.0).contains(value))
        });
        let expected = "four probabilities that sum to 1 belong here";
        let Some(column) = column else { return Err(self.wrong(line, MATRIX, text, expected)) };
        if let State::Matrix { columns, .. } = &mut self.state {
            columns.push(column);
        }
        Ok(())
    }

    /// Another block begins at `line`, or the file ends there.
    fn end_of_block(&mut self, line: usize) -> Result<(), TableError> {
        match std::mem::replace(&mut self.state, State::Outside) {
            State::Outside => Ok(()),
            State::Named { line, id, .. } => {
                Err(self.wrong(line, "MOTIF", &id, "its letter-probability matrix is missing"))
            }
            State::Matrix { id, name, sites, width, columns } => {
                if columns.is_empty() || width.is_some_and(|width| width != columns.len()) {
                    let wanted = width.map_or_else(|| "at least 1".to_owned(), |width| width.to_string());
                    let expected = format!("its matrix ends after {} rows of {wanted}", columns.len());
                    return Err(self.wrong(line, "MOTIF", &id, &expected));
                }
                self.motifs.push(Motif {
                    id,
                    name,
                    sites,
                    matrix: PositionMatrix::from_counts(&columns, 0.0),
                });
                Ok(())
            }
        }
    }

    fn wrong(&self, line: usize, field: &'static str, value: &str, expected: &str) -> TableError {
        let (path, value) = (self.path.to_path_buf(), value.trim().to_owned());
        TableError::Field { path, line, field, value, expected: expected.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Result<Vec<Motif>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known.meme");
        std::fs::write(&path, content).unwrap();
        let prefix = format!("{}/", folder.path().display());
        read_motifs(&path).map_err(|error| error.to_string().replace(&prefix, ""))
    }

    const TWO: &str = "MEME version 4.12\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies (from x):\n\
        A 0.25 C 0.25 G 0.25 T 0.25\n\nMOTIF M1 first second\n\n\
        letter-probability matrix: alength= 4 w= 2 nsites= 20 E= 0\n  1.0\t 0 0 0\t\n 0.1 0.2 0.3 0.4\n\n\
        URL http://example.org\n\nMOTIF M2\r\nlog-odds matrix: alength= 4 w= 1\n 1 2 3 4\n\
        letter-probability matrix: alength=4\n0.333 0.333 0.333 0.001\n";

    #[test]
    fn several_motifs_with_other_lines_between() {
        let motifs = read(TWO).unwrap();
        assert_eq!(
            (motifs[0].id.as_str(), motifs[0].name.as_deref(), motifs[0].sites),
            ("M1", Some("first"), Some(20))
        );
        assert_eq!(motifs[0].matrix.columns(), [[1.0, 0.0, 0.0, 0.0], [0.1, 0.2, 0.3, 0.4]]);
        assert_eq!((motifs[1].id.as_str(), &motifs[1].name, motifs[1].matrix.width()), ("M2", &None, 1));
        assert_eq!(motifs.len(), 2);
        assert_eq!(read(&TWO.replace("ACGT", "ACGU")).unwrap(), motifs);
    }

    #[test]
    fn mistakes_are_named_with_file_and_line() {
        let cases = [
            ("contig\tstart0\n".to_owned(), "known.meme:1:version: `contig\tstart0`: the first line"),
            (TWO.replace("ACGT", "ACDEF"), "known.meme:3:ALPHABET: `ACDEF`: motifs of RNA or DNA"),
            (TWO.replace("M1 first second", ""), "known.meme:10:MOTIF: `MOTIF`: the motif's name"),
            (TWO.replace("w= 2", "w= 3"), "known.meme:16:MOTIF: `M1`: its matrix ends after 2 rows of 3"),
            (TWO.replace("w= 2", "w= x"), "known.meme:12:w: `x`: a number from 0"),
            (
                TWO.replace("alength= 4 w= 2", "alength= 20 w= 2"),
                "known.meme:12:alength: `20`: 4 belongs here",
            ),
            (
                TWO.replace("0.3 0.4", "0.3 0.9"),
                "known.meme:14:letter-probability matrix: `0.1 0.2 0.3 0.9`: four",
            ),
            (TWO.replace("0.3 0.4", "0.3"), "known.meme:14:letter-probability matrix: `0.1 0.2 0.3`: four"),
            (
                TWO.replace("MOTIF M2", "x"),
                "known.meme:21:letter-probability matrix: `alength=4`: a line `MOTIF`",
            ),
            ("MEME version 4\nMOTIF a\nMOTIF b\n".to_owned(), "known.meme:2:MOTIF: `a`: its letter-prob"),
            ("MEME version 4\n".to_owned(), "known.meme: holds no motif"),
        ];
        for (content, expected) in cases {
            let error = read(&content).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
