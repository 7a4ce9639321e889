//! The nine columns that GTF and GFF3 share.

use std::path::Path;

use crate::{
    strand::Strand,
    text::{parse_u64, shown},
    text_file_error::TextFileError,
};

/// A malformed field, before the file's name is known.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: u64,
    pub(super) field: &'static str,
    pub(super) value: String,
    pub(super) expected: &'static str,
}

impl Fault {
    pub(super) fn into_error(self, path: &Path) -> TextFileError {
        let Self { line, field, value, expected } = self;
        TextFileError::malformed(path, line, (field, value, expected))
    }
}

/// A feature line. Positions fit an `i32`, which the overlap index needs.
pub(super) struct Columns<'a> {
    pub(super) line: u64,
    pub(super) contig: &'a str,
    pub(super) kind: &'a [u8],
    pub(super) start0: u32,
    pub(super) end0: u32,
    /// `None` for `.` and `?`.
    pub(super) strand: Option<Strand>,
    /// Empty for `.`.
    pub(super) attributes: &'a [u8],
}

impl Columns<'_> {
    pub(super) fn fault(&self, field: &'static str, value: &[u8], expected: &'static str) -> Fault {
        Fault { line: self.line, field, value: shown(value), expected }
    }
}

pub(super) fn parse(line: u64, bytes: &[u8]) -> Result<Columns<'_>, Fault> {
    let fault = |field, value: &[u8], expected| Fault { line, field, value: shown(value), expected };
    let mut fields = bytes.split(|&byte| byte == b'\t');
    let mut next = |field| fields.next().ok_or_else(|| fault(field, b"", "nine columns separated by tabs"));
    let name = next("seqname")?;
    let _source = next("source")?;
    let kind = next("feature")?;
    let (start, end) = (next("start")?, next("end")?);
    let _score = next("score")?;
    let strand = next("strand")?;
    let _phase = next("frame")?;
    let attributes = match next("attributes")? {
        b"." => b"",
        attributes => attributes,
    };
    let contig = std::str::from_utf8(name).ok().filter(|name| !name.is_empty());
    let contig = contig.ok_or_else(|| fault("seqname", name, "a contig's name in UTF-8"))?;
    let position1 = |field, value| {
        let number = parse_u64(value).and_then(|number| i32::try_from(number).ok());
        let number = number.filter(|number| *number > 0).map(i32::unsigned_abs);
        number.ok_or_else(|| fault(field, value, "a position from 1 to 2147483647"))
    };
    let (start1, end1) = (position1("start", start)?, position1("end", end)?);
    if end1 < start1 {
        return Err(fault("end", end, "at least the start"));
    }
    let strand = match strand {
        b"+" => Some(Strand::Forward),
        b"-" => Some(Strand::Reverse),
        b"." | b"?" => None,
        _ => return Err(fault("strand", strand, "one of + - . ?")),
    };
    Ok(Columns { line, contig, kind, start0: start1 - 1, end0: end1, strand, attributes })
}
