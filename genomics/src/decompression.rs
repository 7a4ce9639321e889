//! Streams that may be compressed, told by their content: plain, gzip or bgzip.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

const BUFFER_BYTES: usize = 256 << 10;
/// A gzip header with the field in which bgzip keeps the size of a block.
const MAGIC_BYTES: u64 = 18;
/// The empty block at the end of every complete bgzip file (SAM specification, 4.1.2).
const BGZIP_END: [u8; 28] = [
    0x1f, 0x8b, 0x08, 0x04, 0, 0, 0, 0, 0, 0xff, 0x06, 0, 0x42, 0x43, 0x02, 0, 0x1b, 0, 0x03, 0, 0, 0, 0, 0,
    0, 0, 0, 0,
];

/// Whether bytes start as gzip does, and if so whether it is bgzip.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub(crate) enum Compression {
    Plain,
    Gzip,
    Bgzip,
}

impl Compression {
    /// Takes the first bytes of a stream, and gives them with what they say.
    pub(crate) fn of(source: &mut impl Read) -> io::Result<(Vec<u8>, Self)> {
        let mut head = Vec::new();
        source.by_ref().take(MAGIC_BYTES).read_to_end(&mut head)?;
        let found = match head.as_slice() {
            // Deflate with an extra field whose first subfield is BC: what bgzip writes.
            [0x1f, 0x8b, 8, flags, _, _, _, _, _, _, _, _, b'B', b'C', ..] if flags & 4 != 0 => Self::Bgzip,
            [0x1f, 0x8b, ..] => Self::Gzip,
            _ => Self::Plain,
        };
        Ok((head, found))
    }
}

/// The bytes behind a stream that is plain, gzip (of any number of members) or bgzip.
///
/// # Errors
///
/// What the stream says. A compressed stream that is cut short fails when it is read to its end, also if it is bgzip
/// and was cut between two blocks.
pub fn decompressed(mut source: Box<dyn Read + Send>) -> io::Result<Box<dyn BufRead + Send>> {
    let (head, found) = Compression::of(&mut source)?;
    let whole = Cursor::new(head).chain(source);
    let decoder = |source| MultiGzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, source));
    Ok(match found {
        Compression::Plain => Box::new(BufReader::with_capacity(BUFFER_BYTES, whole)),
        Compression::Gzip => Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder(Tail::new(whole)))),
        Compression::Bgzip => {
            Box::new(BufReader::with_capacity(BUFFER_BYTES, Complete { decoder: decoder(Tail::new(whole)) }))
        }
    })
}

/// Remembers the last bytes that went through.
struct Tail<R> {
    source: R,
    last: Vec<u8>,
}

impl<R> Tail<R> {
    fn new(source: R) -> Self {
        Self { source, last: Vec::new() }
    }
}

impl<R: Read> Read for Tail<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        let read = buffer.get(..count).unwrap_or_default();
        self.last.extend_from_slice(read.get(count.saturating_sub(BGZIP_END.len())..).unwrap_or_default());
        let surplus = self.last.len().saturating_sub(BGZIP_END.len());
        self.last.drain(..surplus);
        Ok(count)
    }
}

/// A bgzip file that is only at its end when the end marker has come: one cut between two blocks would
/// otherwise pass for a shorter file.
struct Complete<R> {
    decoder: MultiGzDecoder<BufReader<Tail<R>>>,
}

impl<R: Read> Read for Complete<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(buffer)?;
        if count == 0 && !buffer.is_empty() && self.decoder.get_ref().get_ref().last != BGZIP_END {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the end marker of bgzip is missing"));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        decompressed(Box::new(Cursor::new(bytes.to_vec())))?.read_to_end(&mut text)?;
        Ok(text)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn bgzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = noodles_bgzf::io::Writer::new(Vec::new());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn by_content() {
        let text = b"##fileformat=VCFv4.2\n".repeat(9000);
        assert_eq!(read(&text).unwrap(), text);
        assert_eq!(read(&gzip(&text)).unwrap(), text);
        assert_eq!(read(&[gzip(b"one\n"), gzip(b"two\n")].concat()).unwrap(), b"one\ntwo\n");
        assert_eq!(read(&bgzip(&text)).unwrap(), text);
        assert_eq!(read(b"").unwrap(), b"");
        assert_eq!(read(b"#").unwrap(), b"#");
    }

    #[test]
    fn truncated_at_any_byte() {
        for whole in [bgzip(b"one\ntwo\nthree\n"), gzip(b"one\ntwo\nthree\n")] {
            for length in 18..whole.len() {
                assert!(read(&whole[..length]).is_err(), "{length} of {}", whole.len());
            }
        }
    }

    #[test]
    fn cut_between_two_blocks() {
        let whole = bgzip(&b"one\n".repeat(40_000));
        let cut = whole.len() - BGZIP_END.len();
        let message = read(&whole[..cut]).unwrap_err().to_string();
        assert!(message.contains("end marker"), "{message}");
    }

    #[test]
    fn bgzip_gzip_and_plain_are_told_apart() {
        for (bytes, expected) in [
            (bgzip(b"text"), Compression::Bgzip),
            (gzip(b"text"), Compression::Gzip),
            (b"text".to_vec(), Compression::Plain),
            (Vec::new(), Compression::Plain),
        ] {
            assert_eq!(Compression::of(&mut bytes.as_slice()).unwrap().1, expected);
        }
    }
}
