//! Reads a FASTA record by record.

use polaris_genomics::{Lines, parse_sequence};

use super::error::LocalizeError;
use crate::vcf::Bytes;

/// A record with at least one base.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Record {
    /// The first word after `>`.
    pub(super) name: String,
    /// Upper-case A, C, G, T, N; U is read as T.
    pub(super) bases: Vec<u8>,
}

/// A FASTA, at some record.
pub(super) struct Reader {
    lines: Lines<Bytes>,
    name: String,
    /// Longest record that is read, in bases.
    most: usize,
    /// The name of the next record and its line.
    next: Option<(String, u64)>,
}

impl Reader {
    /// `name` is the file's, for messages; records may have `most` bases.
    pub(super) fn new(bytes: Bytes, name: String, most: usize) -> Self {
        Self { lines: Lines::new(bytes), name, most, next: None }
    }

    /// The next record; none at the end.
    pub(super) fn next_record(&mut self) -> Result<Option<Record>, LocalizeError> {
        if self.next.is_none() {
            self.read_to_header(None)?;
        }
        let Some((name, line)) = self.next.take() else { return Ok(None) };
        let mut bases = Vec::new();
        self.read_to_header(Some((&name, &mut bases)))?;
        let lacks = |what| LocalizeError::Record { name: self.name.clone(), line, what };
        match (name.is_empty(), bases.is_empty()) {
            (true, _) => Err(lacks("name")),
            (false, true) => Err(lacks("bases")),
            (false, false) => Ok(Some(Record { name, bases })),
        }
    }

    /// Reads on to the next `>`, or to the end. Bases belong to the record that has begun, if one has: its name and
    /// what it has so far.
    fn read_to_header(&mut self, mut record: Option<(&str, &mut Vec<u8>)>) -> Result<(), LocalizeError> {
        loop {
            let line = self.lines.next_line();
            let line = line.map_err(|source| LocalizeError::Fasta { name: self.name.clone(), source })?;
            let Some((number, content)) = line else { return Ok(()) };
            let content = content.trim_ascii();
            if let Some(header) = content.strip_prefix(b">") {
                let word = header.split(u8::is_ascii_whitespace).next().unwrap_or_default();
                self.next = Some((String::from_utf8_lossy(word).into_owned(), number));
                return Ok(());
            }
            let place = || self.name.clone();
            match &mut record {
                _ if content.is_empty() => {}
                None => return Err(LocalizeError::NoRecord { name: place(), line: number }),
                Some((record, bases)) if bases.len() + content.len() > self.most => {
                    let (record, most) = ((*record).to_owned(), self.most);
                    return Err(LocalizeError::LongRecord { name: place(), line: number, record, most });
                }
                Some((_, bases)) => {
                    bases.extend(parse_sequence(content).map_err(|cause| LocalizeError::Letter {
                        name: place(),
                        line: number,
                        cause,
                    })?)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, LocalizeError> {
        let bytes = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        let mut reader = Reader::new(bytes, "x.fa".into(), 100);
        let mut records = Vec::new();
        while let Some(Record { name, bases }) = reader.next_record()? {
            records.push((name, String::from_utf8(bases).unwrap()));
        }
        Ok(records)
    }

    #[test]
    fn records() {
        let record = |name: &str, bases: &str| (name.to_owned(), bases.to_owned());
        let text = "\n>a first\r\nACGU\r\nnacg\r\n\r\n>b\nTT\n";
        assert_eq!(read(text).unwrap(), [record("a", "ACGTNACG"), record("b", "TT")]);
        assert_eq!(read("").unwrap(), []);
    }

    #[test]
    fn a_record_is_read_no_further_than_it_can_be_explained() {
        // The letter that is none lies beyond the limit: it is never looked at.
        let bytes = Box::new(std::io::Cursor::new(b">a\nACGT\n>b\nACGT\nA\nR\n".to_vec()));
        let mut reader = Reader::new(bytes, "x.fa".into(), 4);
        assert_eq!(reader.next_record().unwrap().unwrap().bases, b"ACGT");
        let message = reader.next_record().unwrap_err().to_string();
        assert!(message.starts_with("x.fa:5: record `b` goes on beyond 4 bases"), "{message}");
    }

    #[test]
    fn errors_name_the_place() {
        let message = |text: &str| read(text).unwrap_err().to_string();
        assert!(message("ACGT\n").starts_with("x.fa:1: no record begins before"));
        assert_eq!(message(">a\n>b\nAC\n"), "x.fa:1: the record has no bases");
        assert_eq!(message(">a\nAC\n> b\nAC\n"), "x.fa:3: the record has no name");
        assert!(message(">a\nAC\nARC\n").starts_with("x.fa:3: letter 'R' at offset 1"));
    }
}
