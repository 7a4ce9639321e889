//! Line-based files, plain, gzip or bgzip by content.

use std::{
    fs::File,
    io::{self, BufRead},
    path::Path,
};

use crate::decompression::decompressed;

/// Opens a text file for reading; gzip and bgzip are recognised by their first bytes, whatever the name says.
///
/// # Errors
///
/// What the file system says; a compressed file that is cut short fails while it is read.
pub fn open_text(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    decompressed(Box::new(File::open(path)?))
}

/// Lines as bytes with their numbers, without their line feed and carriage return, in one buffer used again.
pub struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Lines of `reader`, the first of which is number 1.
    pub fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), number: 0 }
    }

    /// The next line and its number, `None` at the end of the file.
    ///
    /// # Errors
    ///
    /// What the reader says.
    pub fn next_line(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        self.buffer.clear();
        if self.reader.read_until(b'\n', &mut self.buffer)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let line = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        Ok(Some((self.number, line.strip_suffix(b"\r").unwrap_or(line))))
    }
}

/// Bytes of a field as an error shows them: at most 60, lossily as text.
pub(crate) fn shown(value: &[u8]) -> String {
    let head = value.get(..60).unwrap_or(value);
    let mut text = String::from_utf8_lossy(head).into_owned();
    if head.len() < value.len() {
        text.push_str("...");
    }
    text
}

/// A decimal number without sign or space.
pub(crate) fn parse_u64(field: &[u8]) -> Option<u64> {
    if field.is_empty() {
        return None;
    }
    field.iter().try_fold(0_u64, |number, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_lose_their_ends_and_keep_their_numbers() {
        let mut lines = Lines::new(&b"one\r\n\ntwo\nthree"[..]);
        let mut seen = Vec::new();
        while let Some((number, line)) = lines.next_line().unwrap() {
            seen.push((number, line.to_vec()));
        }
        let expected = [(1, &b"one"[..]), (2, b""), (3, b"two"), (4, b"three")];
        assert_eq!(seen, expected.map(|(number, line)| (number, line.to_vec())));
    }

    /// A table that lost its last blocks must not pass for a shorter one.
    #[test]
    fn a_file_cut_between_two_blocks_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("genes.gtf.gz");
        let mut writer = noodles_bgzf::io::Writer::new(Vec::new());
        writer.write_all(b"one\n").unwrap();
        writer.flush().unwrap();
        let cut = writer.get_ref().len();
        writer.write_all(b"two\n").unwrap();
        let whole = writer.finish().unwrap();
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let mut lines = Lines::new(open_text(&path).unwrap());
            let mut count = 0;
            while lines.next_line()?.is_some() {
                count += 1;
            }
            io::Result::Ok(count)
        };
        assert_eq!(read(&whole).unwrap(), 2);
        let message = read(&whole[..cut]).unwrap_err().to_string();
        assert!(message.contains("end marker"), "{message}");
    }

    #[test]
    fn what_errors_show_is_short() {
        assert_eq!(shown(b"chr1"), "chr1");
        assert_eq!(shown(&[b'x'; 70]).len(), 63);
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_the_standard_library_does(text in "[0-9]{0,22}|[-+ a0-9]{1,4}") {
            let expected = text.parse::<u64>().ok().filter(|_| !text.starts_with('+'));
            prop_assert_eq!(parse_u64(text.as_bytes()), expected);
        }
    }
}
