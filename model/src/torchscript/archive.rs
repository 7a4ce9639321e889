//! A zip archive as libtorch writes it: entries stored uncompressed, their data aligned to 64 bytes so that
//! tensors can be mapped into memory.

use super::ArchiveTooLarge;

const ALIGNMENT: usize = 64;
const LOCAL_HEADER: u32 = 0x0403_4b50;
const CENTRAL_HEADER: u32 = 0x0201_4b50;
const END_OF_CENTRAL: u32 = 0x0605_4b50;
const LOCAL_HEADER_BYTES: usize = 30;
/// Version needed to extract: 1.0, the least.
const VERSION_NEEDED: u16 = 10;
/// 1980-01-01, the first date the format can express: the same weights give the same bytes.
const DATE: u16 = 0x0021;
/// Identifier of the padding field, the one libtorch uses.
const PADDING_FIELD: [u8; 2] = *b"FB";

/// Writes an archive into memory.
#[derive(Debug)]
pub(super) struct Writer {
    root: &'static str,
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    checksum: u32,
    size: u32,
    offset: u32,
}

impl Writer {
    pub(super) fn new(root: &'static str) -> Self {
        Self { root, bytes: Vec::new(), entries: Vec::new() }
    }

    /// Appends a file to the root folder.
    pub(super) fn entry(&mut self, path: &str, data: &[u8]) -> Result<(), ArchiveTooLarge> {
        let entry = Entry {
            name: format!("{}/{path}", self.root),
            checksum: crc32fast::hash(data),
            size: u32::try_from(data.len()).map_err(|_| ArchiveTooLarge)?,
            offset: u32::try_from(self.bytes.len()).map_err(|_| ArchiveTooLarge)?,
        };
        let padding = padding(self.bytes.len() + LOCAL_HEADER_BYTES + entry.name.len());
        self.u32(LOCAL_HEADER);
        self.u16(VERSION_NEEDED);
        self.shared_fields(&entry, padding.len())?;
        self.bytes.extend_from_slice(entry.name.as_bytes());
        self.bytes.extend_from_slice(&padding);
        debug_assert_eq!(self.bytes.len() % ALIGNMENT, 0);
        self.bytes.extend_from_slice(data);
        self.entries.push(entry);
        Ok(())
    }

    /// Appends the directory.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, ArchiveTooLarge> {
        let start = u32::try_from(self.bytes.len()).map_err(|_| ArchiveTooLarge)?;
        let entries = std::mem::take(&mut self.entries);
        for entry in &entries {
            self.u32(CENTRAL_HEADER);
            self.u16(VERSION_NEEDED);
            self.u16(VERSION_NEEDED);
            self.shared_fields(entry, 0)?;
            self.u16(0); // comment
            self.u16(0); // disk
            self.u16(0); // internal attributes
            self.u32(0); // external attributes
            self.u32(entry.offset);
            self.bytes.extend_from_slice(entry.name.as_bytes());
        }
        let size = u32::try_from(self.bytes.len()).map_err(|_| ArchiveTooLarge)? - start;
        let count = u16::try_from(entries.len()).map_err(|_| ArchiveTooLarge)?;
        self.u32(END_OF_CENTRAL);
        self.u16(0); // this disk
        self.u16(0); // disk of the directory
        self.u16(count);
        self.u16(count);
        self.u32(size);
        self.u32(start);
        self.u16(0); // comment
        Ok(self.bytes)
    }

    /// Fields that stand alike in the local header and in the directory.
    fn shared_fields(&mut self, entry: &Entry, extra: usize) -> Result<(), ArchiveTooLarge> {
        self.u16(0); // flags
        self.u16(0); // stored
        self.u16(0); // time
        self.u16(DATE);
        self.u32(entry.checksum);
        self.u32(entry.size);
        self.u32(entry.size);
        self.u16(u16::try_from(entry.name.len()).map_err(|_| ArchiveTooLarge)?);
        self.u16(u16::try_from(extra).map_err(|_| ArchiveTooLarge)?);
        Ok(())
    }

    fn u16(&mut self, value: u16) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }
}

/// An extra field that moves the data, which would start at `start`, to the next aligned place.
fn padding(start: usize) -> Vec<u8> {
    let header = 2 * size_of::<u16>();
    let body = (ALIGNMENT - (start + header) % ALIGNMENT) % ALIGNMENT;
    let mut field = PADDING_FIELD.to_vec();
    field.extend_from_slice(&(body as u16).to_le_bytes());
    field.resize(header + body, b'Z');
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_aligned_and_listed() {
        let mut writer = Writer::new("r");
        writer.entry("a", b"one").unwrap();
        writer.entry("folder/b", &[7; 100]).unwrap();
        let bytes = writer.finish().unwrap();
        assert_eq!(&bytes[64..67], b"one");
        assert_eq!(&bytes[128..228], &[7; 100]);
        let end = &bytes[bytes.len() - 22..];
        assert_eq!(&end[..4], b"PK\x05\x06");
        assert_eq!(u16::from_le_bytes([end[10], end[11]]), 2);
        let directory = u32::from_le_bytes([end[16], end[17], end[18], end[19]]) as usize;
        assert_eq!(&bytes[directory..directory + 4], b"PK\x01\x02");
    }

    #[test]
    fn padding_aligns_from_every_start() {
        for start in 0..200 {
            assert_eq!((start + padding(start).len()) % ALIGNMENT, 0, "{start}");
        }
    }
}
