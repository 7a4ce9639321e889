//! Regions of a BED file: name in column 4, strand in column 6.

use std::io::BufRead;
use std::path::Path;

use polaris_genomics::{Lines, Strand, TextFileError, open_text};

use super::Draft;

/// Column, what stands there, what should.
type Fault = (&'static str, String, &'static str);

/// The regions of a file with the numbers of their lines. Comments, `track` and `browser` lines are passed over.
pub(super) fn read(path: &Path) -> Result<Vec<(u64, Draft)>, TextFileError> {
    let opened = open_text(path).map_err(|cause| TextFileError::Read { path: path.to_owned(), cause })?;
    read_from(opened, path)
}

/// The same of what is open already, under the name of `path`.
pub(super) fn read_from(reader: impl BufRead, path: &Path) -> Result<Vec<(u64, Draft)>, TextFileError> {
    let failed = |cause| TextFileError::Read { path: path.to_owned(), cause };
    let mut lines = Lines::new(reader);
    let mut drafts = Vec::new();
    while let Some((line, bytes)) = lines.next_line().map_err(failed)? {
        if is_comment(bytes) {
            continue;
        }
        let draft = parse(bytes).map_err(|(field, value, expected)| TextFileError::Malformed {
            path: path.to_owned(),
            line,
            field,
            value,
            expected,
        })?;
        drafts.push((line, draft));
    }
    Ok(drafts)
}

fn is_comment(line: &[u8]) -> bool {
    let word = |name: &[u8]| {
        line.strip_prefix(name).is_some_and(|rest| rest.first().is_none_or(|&byte| byte == b' '))
    };
    line.is_empty() || line.starts_with(b"#") || word(b"track") || word(b"browser")
}

fn parse(line: &[u8]) -> Result<Draft, Fault> {
    let text = String::from_utf8_lossy(line);
    let mut columns = text.split('\t');
    let contig = match columns.next() {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => return Err(("chrom", String::new(), "a contig's name")),
    };
    let mut number = |field| {
        let column = columns.next().unwrap_or_default();
        let digits = column.bytes().all(|byte| byte.is_ascii_digit());
        let value = digits.then(|| column.parse::<u64>().ok()).flatten();
        value.ok_or_else(|| (field, shown(column), "a whole number, 0 or more, after a tab"))
    };
    let (start0, end0) = (number("chromStart")?, number("chromEnd")?);
    if end0 <= start0 {
        return Err(("chromEnd", end0.to_string(), "more than chromStart"));
    }
    let name = columns.next().filter(|name| !matches!(*name, "" | ".")).map(str::to_owned);
    let strand = match columns.nth(1) {
        None | Some("" | ".") => None,
        Some(column) => {
            let strand = column.parse::<Strand>();
            Some(strand.map_err(|_| ("strand", shown(column), "\"+\", \"-\" or \".\""))?)
        }
    };
    Ok(Draft { name, contig, start0, end0: Some(end0), strand })
}

fn shown(column: &str) -> String {
    column.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read_bytes(bytes: &[u8]) -> Result<Vec<(u64, Draft)>, TextFileError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set.bed");
        std::fs::write(&path, bytes).unwrap();
        read(&path)
    }

    #[test]
    fn columns() {
        let text = b"#made by hand\ntrack name=x\nbrowser position chr1\nchr1\t0\t5\r\n\n1\t3\t9\tpeak\t0\t-\t1\nchr2\t1\t2\t.\t9\t.\n";
        let draft = |contig: &str, start0, end0, name: Option<&str>, strand| Draft {
            name: name.map(str::to_owned),
            contig: contig.to_owned(),
            start0,
            end0: Some(end0),
            strand,
        };
        let expected = vec![
            (4, draft("chr1", 0, 5, None, None)),
            (6, draft("1", 3, 9, Some("peak"), Some(Strand::Reverse))),
            (7, draft("chr2", 1, 2, None, None)),
        ];
        assert_eq!(read_bytes(text).unwrap(), expected);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).unwrap();
        assert_eq!(read_bytes(&encoder.finish().unwrap()).unwrap(), expected);
    }

    #[test]
    fn a_bad_line_is_named_with_its_place() {
        for (bytes, place) in [
            (&b"chr1\t5\n"[..], "set.bed:1:chromEnd: found \"\""),
            (b"chr1\t0\t5\nchr1\t-1\t5\n", "set.bed:2:chromStart: found \"-1\""),
            (b"chr1\t5\t5\n", "set.bed:1:chromEnd: found \"5\", expected more than"),
            (b"chr1 0 5\n", "set.bed:1:chromStart"),
            (b"\t0\t5\n", "set.bed:1:chrom:"),
            (b"chr1\t0\t5\tx\t0\tplus\n", "set.bed:1:strand: found \"plus\""),
            // A contig may be called what a header line starts with.
            (b"track1\t0\n", "set.bed:1:chromEnd"),
        ] {
            let message = read_bytes(bytes).unwrap_err().to_string();
            assert!(message.contains(place), "{message}");
        }
        assert!(read(Path::new("absent.bed")).unwrap_err().to_string().starts_with("absent.bed: "));
    }
}
