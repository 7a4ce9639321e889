//! A record as it came: the raw line, with the places of its first eight columns.

use std::ops::Range;

use super::input_error::InputError;

/// Columns CHROM to INFO.
const COLUMNS: usize = 8;

/// A line of the input, apart from its ending (`\n`, `\r\n` or nothing at the end of the file).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Line {
    pub(crate) content: Vec<u8>,
    pub(crate) ending: &'static [u8],
    /// Counted from 1.
    pub(crate) number: u64,
}

impl Line {
    /// Splits the ending off.
    pub(crate) fn new(mut content: Vec<u8>, number: u64) -> Self {
        let ending: &[u8] = if content.ends_with(b"\r\n") {
            b"\r\n"
        } else if content.ends_with(b"\n") {
            b"\n"
        } else {
            b""
        };
        content.truncate(content.len() - ending.len());
        Self { content, ending, number }
    }
}

/// A record with at least eight columns and a position that is a number.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    line: Line,
    columns: [Range<usize>; COLUMNS],
    position1: u64,
}

impl Record {
    /// Finds the columns. `name` is the input's, for errors.
    pub(crate) fn parse(line: Line, name: &str) -> Result<Self, InputError> {
        let columns = columns(&line.content).ok_or_else(|| malformed(&line, name))?;
        let mut record = Self { line, columns, position1: 0 };
        let text = record.column(1);
        let position = std::str::from_utf8(text).ok().filter(|text| !text.starts_with('+'));
        record.position1 =
            position.and_then(|text| text.parse().ok()).ok_or_else(|| InputError::Position {
                name: name.to_owned(),
                line: record.line.number,
                value: String::from_utf8_lossy(text).chars().take(40).collect(),
            })?;
        Ok(record)
    }

    pub(crate) fn contig(&self) -> &[u8] {
        self.column(0)
    }

    /// 1-based; 0 stands for the place before the first base.
    pub(crate) fn position1(&self) -> u64 {
        self.position1
    }

    pub(crate) fn id(&self) -> &[u8] {
        self.column(2)
    }

    pub(crate) fn reference(&self) -> &[u8] {
        self.column(3)
    }

    /// At least one; a missing ALT is one `.`.
    pub(crate) fn alternates(&self) -> impl Iterator<Item = &[u8]> {
        self.column(4).split(|&byte| byte == b',')
    }

    pub(crate) fn info(&self) -> &[u8] {
        self.column(7)
    }

    /// Line of the input, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line.number
    }

    /// The line without its ending.
    pub(crate) fn text(&self) -> &[u8] {
        &self.line.content
    }

    /// Length of the line in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.line.content.len()
    }

    /// Appends the line as it came, but for INFO.
    pub(crate) fn write(&self, info: &[u8], out: &mut Vec<u8>) {
        let [.., place] = &self.columns;
        out.extend_from_slice(self.line.content.get(..place.start).unwrap_or_default());
        out.extend_from_slice(info);
        out.extend_from_slice(self.line.content.get(place.end..).unwrap_or_default());
        out.extend_from_slice(self.line.ending);
    }

    fn column(&self, index: usize) -> &[u8] {
        let place = self.columns.get(index).cloned().unwrap_or_default();
        self.line.content.get(place).unwrap_or_default()
    }
}

fn columns(content: &[u8]) -> Option<[Range<usize>; COLUMNS]> {
    let mut columns: [Range<usize>; COLUMNS] = Default::default();
    let mut start = 0;
    let mut found = 0;
    for (column, text) in columns.iter_mut().zip(content.split(|&byte| byte == b'\t')) {
        *column = start..start + text.len();
        start += text.len() + 1;
        found += 1;
    }
    (found == COLUMNS).then_some(columns)
}

/// The error for a line that has too few columns.
pub(crate) fn malformed(line: &Line, name: &str) -> InputError {
    let found = line.content.split(|&byte| byte == b'\t').count();
    let words = line.content.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count();
    let (name, line) = (name.to_owned(), line.number);
    if words >= COLUMNS {
        InputError::Spaces { name, line }
    } else {
        InputError::Columns { name, line, found }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &[u8]) -> Result<Record, InputError> {
        Record::parse(Line::new(text.to_vec(), 7), "in.vcf")
    }

    #[test]
    fn columns_of_a_record() {
        let record = parse(b"chr1\t12\trs1\tA\tC,<DEL>\t.\tPASS\tDP=3;X\tGT\t0|1\n").unwrap();
        assert_eq!((record.contig(), record.position1(), record.id()), (&b"chr1"[..], 12, &b"rs1"[..]));
        assert_eq!(record.reference(), b"A");
        assert_eq!(record.alternates().collect::<Vec<_>>(), [&b"C"[..], b"<DEL>"]);
        assert_eq!(record.info(), b"DP=3;X");
    }

    #[test]
    fn info_is_replaced_and_nothing_else() {
        let cases: [(&[u8], &[u8]); 4] = [
            (b"1\t2\t.\tA\tC\t.\t.\t.\n", b"1\t2\t.\tA\tC\t.\t.\tN=1\n"),
            (b"1\t2\t.\tA\tC\t.\t.\tX\r\n", b"1\t2\t.\tA\tC\t.\t.\tN=1\r\n"),
            (b"1\t2\t.\tA\tC\t.\t.\tX", b"1\t2\t.\tA\tC\t.\t.\tN=1"),
            (
                b"1\t002\t\xff\tA\tC\t1e3\tq; \tX\tGT\t\t0/1 \t\r\n",
                b"1\t002\t\xff\tA\tC\t1e3\tq; \tN=1\tGT\t\t0/1 \t\r\n",
            ),
        ];
        for (line, expected) in cases {
            let mut out = Vec::new();
            parse(line).unwrap().write(b"N=1", &mut out);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn what_is_no_record() {
        let message = |text: &[u8]| parse(text).unwrap_err().to_string();
        assert_eq!(
            message(b"1\t2\t.\tA\tC\t.\t.\n"),
            "in.vcf:7: 7 columns: VCF has at least 8, CHROM to INFO"
        );
        assert_eq!(
            message(b"1 2 . A C . . .\n"),
            "in.vcf:7: the columns are separated by spaces: VCF needs tabs"
        );
        for position in ["", "x", "-1", "+1", "1.5", "99999999999999999999"] {
            let line = format!("1\t{position}\t.\tA\tC\t.\t.\t.\n");
            assert!(
                message(line.as_bytes()).starts_with(&format!("in.vcf:7:POS: `{position}` is no position"))
            );
        }
    }

    proptest! {
        #[test]
        fn own_info_gives_the_line_back(text in proptest::collection::vec(any::<u8>(), 0..80), tail in "(\t[ -~]{0,5}){0,3}(\r?\n)?") {
            prop_assume!(!text.contains(&b'\n') && !text.contains(&b'\t'));
            let mut line = b"c\t1\t.\tA\tC\t.\t.\t".to_vec();
            line.extend_from_slice(&text);
            line.extend_from_slice(tail.as_bytes());
            let record = Record::parse(Line::new(line.clone(), 1), "x").unwrap();
            let mut out = Vec::new();
            record.write(record.info(), &mut out);
            prop_assert_eq!(out, line);
        }
    }
}
