//! bgzip that ends only when it is told to.

use std::io::{self, Write};

use noodles_bgzf::io::Writer;

/// A bgzip stream. Dropped without `finish`, it stays without the marker of its end, so that readers see that it was
/// broken off; the writer within would add it.
pub(crate) struct BgzipWriter<W: Write>(Option<Writer<W>>);

impl<W: Write> BgzipWriter<W> {
    /// Compresses into `target`.
    pub(crate) fn new(target: W) -> Self {
        Self(Some(Writer::new(target)))
    }

    /// Where it goes.
    pub(crate) fn target(&self) -> Option<&W> {
        self.0.as_ref().map(Writer::get_ref)
    }

    /// Adds the marker of the end.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.0.take().ok_or_else(ended)?.finish()
    }
}

impl<W: Write> Write for BgzipWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.as_mut().ok_or_else(ended)?.write(bytes)
    }

    /// Ends a block.
    fn flush(&mut self) -> io::Result<()> {
        self.0.as_mut().ok_or_else(ended)?.flush()
    }
}

impl<W: Write> Drop for BgzipWriter<W> {
    fn drop(&mut self) {
        if let Some(writer) = self.0.take() {
            drop(writer.into_inner());
        }
    }
}

fn ended() -> io::Error {
    io::Error::other("the stream has ended")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_finished_has_an_end() {
        for finished in [true, false] {
            let mut bytes = Vec::new();
            let mut writer = BgzipWriter::new(&mut bytes);
            writer.write_all(b"text").unwrap();
            writer.flush().unwrap();
            writer.write_all(b"more").unwrap();
            match finished {
                true => drop(writer.finish().unwrap()),
                false => drop(writer),
            }
            // The marker is an empty block of 28 bytes.
            assert_eq!(bytes.ends_with(&[3, 0, 0, 0, 0, 0, 0, 0, 0, 0]), finished);
        }
    }
}
