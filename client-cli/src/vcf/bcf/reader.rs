//! BCF as a stream of the text that it stands for.

use std::io::{self, BufRead, Read};

use super::dictionary::{Dictionary, without_number};
use super::format_fields::push_samples;
use super::typed::{Cursor, FLOAT_MISSING, Integer, Type, damaged, integers};
use super::values::{push_float_text, push_value_text};
use super::{MAGIC, MOST_HEADER_BYTES};
use crate::vcf::Bytes;

/// Longest part of a record.
pub(super) const MOST_PART_BYTES: u32 = 1 << 30;

/// Reads decompressed BCF and gives the text of a VCF.
pub(crate) struct TextOfBcf {
    source: Bytes,
    dictionary: Dictionary,
    text: Vec<u8>,
    place: usize,
    record: Vec<u8>,
}

impl TextOfBcf {
    /// Reads the header.
    pub(crate) fn new(mut source: Bytes) -> io::Result<Self> {
        let mut head = [0; 9];
        source.read_exact(&mut head)?;
        let mut cursor = Cursor::new(&head);
        if !cursor.take(5)?.starts_with(MAGIC) {
            return Err(damaged("it starts with other bytes"));
        }
        let length = cursor.u32()?;
        if length > MOST_HEADER_BYTES {
            return Err(damaged(&format!("its header claims {length} bytes")));
        }
        let mut header = Vec::new();
        read_part(&mut source, length, &mut header)?;
        while header.last().is_some_and(|&byte| byte == 0) {
            header.pop();
        }
        let lines: Vec<&[u8]> = header.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
        let dictionary = Dictionary::of_header(lines.iter().copied());
        let mut text = Vec::with_capacity(header.len());
        for line in lines {
            text.extend_from_slice(&without_number(line));
            text.push(b'\n');
        }
        Ok(Self { source, dictionary, text, place: 0, record: Vec::new() })
    }

    /// Replaces the text, which has been read, by that of the next record. Empty at the end.
    fn next_record(&mut self) -> io::Result<()> {
        self.text.clear();
        self.place = 0;
        let mut lengths = Vec::new();
        self.source.by_ref().take(8).read_to_end(&mut lengths)?;
        if lengths.is_empty() {
            return Ok(());
        }
        let mut cursor = Cursor::new(&lengths);
        let (shared, individual) = (cursor.u32()?, cursor.u32()?);
        if shared > MOST_PART_BYTES || individual > MOST_PART_BYTES {
            return Err(damaged(&format!(
                "a record claims {} bytes",
                u64::from(shared) + u64::from(individual)
            )));
        }
        self.record.clear();
        read_part(&mut self.source, shared + individual, &mut self.record)?;
        let mut cursor = Cursor::new(&self.record);
        let mut parts = Cursor::new(cursor.take(usize::try_from(shared).unwrap_or(usize::MAX))?);
        push_record(&self.dictionary, &mut parts, &mut cursor, &mut self.text)?;
        self.text.push(b'\n');
        Ok(())
    }
}

impl Read for TextOfBcf {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for TextOfBcf {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.place >= self.text.len() {
            self.next_record()?;
        }
        Ok(self.text.get(self.place..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.place += count;
    }
}

fn read_part(source: &mut Bytes, bytes: u32, into: &mut Vec<u8>) -> io::Result<()> {
    let read = source.by_ref().take(u64::from(bytes)).read_to_end(into)?;
    match u32::try_from(read) == Ok(bytes) {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the BCF ends within a record")),
    }
}

/// Appends the line of a record. `shared` are the columns up to INFO, `individual` those after it.
fn push_record(
    dictionary: &Dictionary,
    shared: &mut Cursor<'_>,
    individual: &mut Cursor<'_>,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let contig = usize::try_from(shared.i32()?).ok().and_then(|number| dictionary.contigs.name(number));
    out.extend_from_slice(contig.ok_or_else(|| damaged("a contig that its header does not have"))?);
    let position1 = i64::from(shared.i32()?) + 1;
    out.extend_from_slice(format!("\t{position1}\t").as_bytes());
    let _length = shared.i32()?;
    let quality = shared.u32()?;
    let (counts, sample_counts) = (shared.u32()?, shared.u32()?);
    push_field(shared, out)?;
    let alleles = counts >> 16;
    for allele in 0..alleles {
        out.push(if allele < 2 { b'\t' } else { b',' });
        push_field(shared, out)?;
    }
    match alleles {
        0 => out.extend_from_slice(b"\t.\t.\t"),
        1 => out.extend_from_slice(b"\t.\t"),
        _ => out.push(b'\t'),
    }
    match quality {
        FLOAT_MISSING => out.push(b'.'),
        bits => push_float_text(f32::from_bits(bits), out),
    }
    out.push(b'\t');
    push_filters(dictionary, shared, out)?;
    out.push(b'\t');
    push_info(dictionary, shared, counts & 0xffff, out)?;
    push_samples(dictionary, individual, sample_counts, out)
}

fn push_field(shared: &mut Cursor<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    let (kind, bytes) = shared.value()?;
    push_value_text(kind, bytes, out);
    Ok(())
}

fn push_filters(dictionary: &Dictionary, shared: &mut Cursor<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    let (kind, bytes) = shared.value()?;
    let before = out.len();
    for filter in integers(kind, bytes) {
        let Integer::Value(number) = filter else { continue };
        if out.len() > before {
            out.push(b';');
        }
        out.extend_from_slice(name(dictionary, usize::try_from(number).unwrap_or(usize::MAX))?);
    }
    if out.len() == before {
        out.push(b'.');
    }
    Ok(())
}

fn push_info(
    dictionary: &Dictionary,
    shared: &mut Cursor<'_>,
    fields: u32,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    if fields == 0 {
        out.push(b'.');
    }
    for field in 0..fields {
        if field > 0 {
            out.push(b';');
        }
        out.extend_from_slice(name(dictionary, shared.index()?)?);
        let (kind, bytes) = shared.value()?;
        if kind != Type::None && !bytes.is_empty() {
            out.push(b'=');
            push_value_text(kind, bytes, out);
        }
    }
    Ok(())
}

/// The name of a filter or field.
pub(super) fn name(dictionary: &Dictionary, number: usize) -> io::Result<&[u8]> {
    dictionary.strings.name(number).ok_or_else(|| damaged("a field or filter that its header does not have"))
}
