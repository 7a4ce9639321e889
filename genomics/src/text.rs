//! Line-based files, plain, gzip or bgzip by content.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use flate2::bufread::MultiGzDecoder;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BUFFER_BYTES: usize = 128 * 1024;

/// Opens a text file for reading; gzip and bgzip are recognised by their first bytes, whatever the name says.
///
/// # Errors
///
/// What the file system says; a compressed stream that is cut short fails while it is read.
pub fn open_text(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
    if reader.fill_buf()?.starts_with(&GZIP_MAGIC) {
        let decoder = MultiGzDecoder::new(reader);
        Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder)))
    } else {
        Ok(Box::new(reader))
    }
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

/// Whether a file starts as gzip does, and if so whether it is bgzip.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub(crate) enum Compression {
    Plain,
    Gzip,
    Bgzip,
}

/// Looks at the first bytes of a file.
pub(crate) fn compression(path: &Path) -> io::Result<Compression> {
    let mut head = Vec::with_capacity(18);
    File::open(path)?.take(18).read_to_end(&mut head)?;
    Ok(match head.as_slice() {
        // Deflate with an extra field whose first subfield is BC: what bgzip writes.
        [0x1f, 0x8b, 8, 4, _, _, _, _, _, _, _, _, b'B', b'C', ..] => Compression::Bgzip,
        [0x1f, 0x8b, ..] => Compression::Gzip,
        _ => Compression::Plain,
    })
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

    use flate2::{Compression as Level, write::GzEncoder};
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

    #[test]
    fn gzip_is_recognised_by_content_and_read_member_by_member() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lines.txt");
        let mut file = File::create(&path).unwrap();
        for part in [b"one\n", b"two\n"] {
            let mut encoder = GzEncoder::new(Vec::new(), Level::fast());
            encoder.write_all(part).unwrap();
            file.write_all(&encoder.finish().unwrap()).unwrap();
        }
        let mut text = String::new();
        open_text(&path).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "one\ntwo\n");
        assert_eq!(compression(&path).unwrap(), Compression::Gzip);
    }

    #[test]
    fn bgzip_and_plain_are_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let mut writer = noodles_bgzf::io::Writer::new(File::create(&path).unwrap());
        writer.write_all(b"text").unwrap();
        writer.finish().unwrap();
        assert_eq!(compression(&path).unwrap(), Compression::Bgzip);
        std::fs::write(&path, b"").unwrap();
        assert_eq!(compression(&path).unwrap(), Compression::Plain);
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
