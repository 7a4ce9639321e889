//! Reads the input line by line: the header, then records.

use std::io::{BufRead, Read};
use std::path::Path;

use super::header::Header;
use super::input_error::InputError;
use super::input_file::{self, Bytes};
use super::record::{Line, Record};

/// Longest line. A record of a million samples has tens of MiB.
const LINE_BYTES: u64 = 1 << 30;
/// Records of one chunk together have at most about as many bytes.
const CHUNK_BYTES: usize = 4 << 20;

/// The input, at some line.
pub(crate) struct Reader {
    bytes: Bytes,
    name: String,
    lines: u64,
}

impl Reader {
    /// Opens a file, or standard input for `-`.
    pub(crate) fn open(path: &Path) -> Result<Self, InputError> {
        let (bytes, name) = input_file::open(path)?;
        Ok(Self::new(bytes, name))
    }

    /// Reads what has been opened already. `name` is for messages.
    pub(crate) fn new(bytes: Bytes, name: String) -> Self {
        Self { bytes, name, lines: 0 }
    }

    /// The input's name, for messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Reads the header; to be called first.
    pub(crate) fn header(&mut self) -> Result<Header, InputError> {
        let name = self.name.clone();
        Header::read(|| self.next_line(), &name)
    }

    /// The next records, at most `most`; none at the end. Blank lines, as some programs leave them at the end,
    /// are no records.
    pub(crate) fn next_records(&mut self, most: usize) -> Result<Vec<Record>, InputError> {
        let mut records = Vec::new();
        let mut bytes = 0;
        while records.len() < most && bytes < CHUNK_BYTES {
            let Some(line) = self.next_line()? else { break };
            if line.content.is_empty() {
                continue;
            }
            if line.content.starts_with(b"#") {
                return Err(InputError::LateHeader { name: self.name.clone(), line: line.number });
            }
            let record = Record::parse(line, &self.name)?;
            bytes += record.bytes();
            records.push(record);
        }
        Ok(records)
    }

    fn next_line(&mut self) -> Result<Option<Line>, InputError> {
        let number = self.lines + 1;
        let mut content = Vec::new();
        let read = self.bytes.by_ref().take(LINE_BYTES).read_until(b'\n', &mut content);
        match read {
            Err(source) => Err(InputError::Read { name: self.name.clone(), line: number, source }),
            Ok(0) => Ok(None),
            Ok(_) if content.len() as u64 == LINE_BYTES && !content.ends_with(b"\n") => {
                Err(InputError::LineTooLong {
                    name: self.name.clone(),
                    line: number,
                    limit_bytes: LINE_BYTES,
                })
            }
            Ok(_) => {
                self.lines = number;
                Ok(Some(Line::new(content, number)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";

    fn reader(text: &str) -> Reader {
        Reader::new(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())), "in.vcf".into())
    }

    #[test]
    fn records_in_chunks() {
        let text = HEADER.to_owned()
            + "1\t1\ta\tA\tC\t.\t.\t.\n\n1\t2\tb\tA\tC\t.\t.\t.\n1\t3\tc\tA\tC\t.\t.\t.\n\n";
        let mut reader = reader(&text);
        reader.header().unwrap();
        let ids = |records: Vec<Record>| -> Vec<String> {
            records.iter().map(|record| String::from_utf8(record.id().to_vec()).unwrap()).collect()
        };
        assert_eq!(ids(reader.next_records(2).unwrap()), ["a", "b"]);
        assert_eq!(ids(reader.next_records(2).unwrap()), ["c"]);
        assert!(reader.next_records(2).unwrap().is_empty());
    }

    #[test]
    fn errors_name_the_line() {
        let message = |record: &str| {
            let mut reader = reader(&(HEADER.to_owned() + record));
            reader.header().unwrap();
            reader.next_records(9).unwrap_err().to_string()
        };
        assert!(message("1\t1\t.\tA\tC\t.\t.\n").starts_with("in.vcf:3: 7 columns"));
        assert!(message("#CHROM\tPOS\n").starts_with("in.vcf:3: a header line among the records"));
        assert!(message("\n1 1 . A C . . .\n").starts_with("in.vcf:4: the columns are separated by spaces"));
    }
}
