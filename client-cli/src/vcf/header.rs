//! The header as it came.

use super::input_error::InputError;
use super::record::{Line, malformed};

/// The lines up to and with `#CHROM`.
#[derive(Debug)]
pub(crate) struct Header {
    /// Those before `#CHROM`.
    pub(crate) lines: Vec<Line>,
    /// `#CHROM`.
    pub(crate) columns: Line,
}

impl Header {
    /// Reads lines until `#CHROM`. `next` gives them one by one, `name` is the input's.
    pub(crate) fn read(
        mut next: impl FnMut() -> Result<Option<Line>, InputError>,
        name: &str,
    ) -> Result<Self, InputError> {
        let mut lines: Vec<Line> = Vec::new();
        while let Some(line) = next()? {
            if line.content.starts_with(b"#CHROM") {
                // The header line has the same eight columns as a record.
                return match line.content.split(|&byte| byte == b'\t').count() {
                    0..8 => Err(malformed(&line, name)),
                    _ => Ok(Self { lines, columns: line }),
                };
            }
            if !line.content.starts_with(b"#") {
                return Err(InputError::NoHeader { name: name.to_owned(), line: line.number });
            }
            lines.push(line);
        }
        match lines.last() {
            Some(last) => Err(InputError::NoHeader { name: name.to_owned(), line: last.number + 1 }),
            None => Err(InputError::Empty { name: name.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Header, InputError> {
        let mut lines = text.split_inclusive(|&byte| byte == b'\n').zip(1..);
        Header::read(|| Ok(lines.next().map(|(line, number)| Line::new(line.to_vec(), number))), "in.vcf")
    }

    #[test]
    fn what_is_no_header() {
        let message = |text: &[u8]| read(text).unwrap_err().to_string();
        assert!(message(b"").starts_with("in.vcf is empty"));
        assert!(message(b"##fileformat=VCFv4.2\n1\t2\n").starts_with("in.vcf:2: no #CHROM"));
        assert!(message(b"##fileformat=VCFv4.2\n").starts_with("in.vcf:2: no #CHROM"));
        assert!(message(b"#CHROM POS ID REF ALT QUAL FILTER INFO\n").contains("spaces"));
        assert!(message(b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\n").contains("7 columns"));
    }
}
