//! FORMAT and the samples' columns: BCF has them field by field, VCF sample by sample.

use std::io;

use super::dictionary::{Dictionary, Kind};
use super::encoder::BcfError;
use super::reader::{MOST_PART_BYTES, name};
use super::typed::{
    Cursor, FLOAT_END, FLOAT_MISSING, Integer, Type, damaged, integer_type, push_descriptor, push_integer,
    push_integers,
};
use super::values::{parse_floats, parse_genotype, parse_integers, push_genotype_text, push_value_text};

/// A field of all samples.
struct Field<'a> {
    genotype: bool,
    kind: Type,
    values: &'a [u8],
    /// Bytes of one sample.
    stride: usize,
}

/// Appends FORMAT and the columns of the samples, if there are any.
pub(super) fn push_samples(
    dictionary: &Dictionary,
    individual: &mut Cursor<'_>,
    counts: u32,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let samples = usize::try_from(counts & 0x00ff_ffff).unwrap_or(usize::MAX);
    // What it takes as text depends on this number alone.
    if samples != dictionary.samples {
        let expected = dictionary.samples;
        return Err(damaged(&format!("a record of {samples} samples, the header has {expected}")));
    }
    if samples == 0 {
        return Ok(());
    }
    let mut fields = Vec::new();
    for index in 0..counts >> 24 {
        let key = name(dictionary, individual.index()?)?;
        let (kind, count) = individual.descriptor()?;
        let stride = kind.bytes().saturating_mul(count);
        let values = individual.take(stride.saturating_mul(samples))?;
        out.push(if index == 0 { b'\t' } else { b':' });
        out.extend_from_slice(key);
        fields.push(Field { genotype: key == b"GT", kind, values, stride });
    }
    if fields.is_empty() {
        out.extend_from_slice(b"\t.");
    }
    for sample in 0..samples {
        for (index, field) in fields.iter().enumerate() {
            out.push(if index == 0 { b'\t' } else { b':' });
            let value = field.values.get(sample * field.stride..(sample + 1) * field.stride);
            let value = value.ok_or_else(|| damaged("a sample without its values"))?;
            match field.genotype {
                true => push_genotype_text(field.kind, value, out)?,
                false => push_value_text(field.kind, value, out),
            }
        }
        if fields.is_empty() {
            out.extend_from_slice(b"\t.");
        }
    }
    Ok(())
}

/// Appends the fields of a record's FORMAT column and its samples. Gives how many they are.
pub(super) fn push_fields(
    dictionary: &Dictionary,
    format: &[u8],
    samples: &[&[u8]],
    out: &mut Vec<u8>,
) -> Result<usize, BcfError> {
    if format == b"." || format.is_empty() {
        return Ok(0);
    }
    let columns: Vec<Vec<&[u8]>> =
        samples.iter().map(|sample| sample.split(|&byte| byte == b':').collect()).collect();
    let mut count = 0;
    for (index, key) in format.split(|&byte| byte == b':').enumerate() {
        let kind = dictionary.format_kind(key).ok_or_else(|| BcfError::undeclared("FORMAT", key))?;
        let number = dictionary.strings.number(key).ok_or_else(|| BcfError::undeclared("FORMAT", key))?;
        push_integers(&[Integer::Value(i32::try_from(number).unwrap_or(i32::MAX))], out);
        let values: Vec<&[u8]> =
            columns.iter().map(|column| column.get(index).copied().unwrap_or(b".")).collect();
        let wrong = |value: &[u8]| BcfError::value("FORMAT", key, value);
        match kind {
            _ if key == b"GT" => {
                push_all_integers(&values, |value| parse_genotype(value).ok_or_else(|| wrong(value)), out)?
            }
            Kind::Integer => {
                push_all_integers(&values, |value| parse_integers(value).ok_or_else(|| wrong(value)), out)?
            }
            Kind::Float => {
                push_all_floats(&values, |value| parse_floats(value).ok_or_else(|| wrong(value)), out)?
            }
            Kind::Text | Kind::Flag => push_all_texts(&values, out)?,
        }
        count += 1;
    }
    Ok(count)
}

fn push_all_integers(
    texts: &[&[u8]],
    parse: impl Fn(&[u8]) -> Result<Vec<Integer>, BcfError>,
    out: &mut Vec<u8>,
) -> Result<(), BcfError> {
    let values = texts.iter().map(|text| parse(text)).collect::<Result<Vec<_>, _>>()?;
    let length = values.iter().map(Vec::len).max().unwrap_or(0);
    let kind = integer_type(values.iter().flatten());
    check_size(kind, length, texts.len(), out)?;
    push_descriptor(kind, length, out);
    for sample in &values {
        for index in 0..length {
            push_integer(sample.get(index).copied().unwrap_or(Integer::End), kind, out);
        }
    }
    Ok(())
}

fn push_all_floats(
    texts: &[&[u8]],
    parse: impl Fn(&[u8]) -> Result<Vec<u32>, BcfError>,
    out: &mut Vec<u8>,
) -> Result<(), BcfError> {
    let values = texts.iter().map(|text| parse(text)).collect::<Result<Vec<_>, _>>()?;
    let length = values.iter().map(Vec::len).max().unwrap_or(0);
    check_size(Type::Float, length, texts.len(), out)?;
    push_descriptor(Type::Float, length, out);
    for sample in &values {
        let missing = sample.is_empty().then_some(FLOAT_MISSING);
        for index in 0..length {
            let bits = sample.get(index).copied().or(missing).unwrap_or(FLOAT_END);
            out.extend_from_slice(&bits.to_le_bytes());
        }
    }
    Ok(())
}

fn push_all_texts(texts: &[&[u8]], out: &mut Vec<u8>) -> Result<(), BcfError> {
    let length = texts.iter().map(|text| text.len()).max().unwrap_or(0);
    check_size(Type::Text, length, texts.len(), out)?;
    push_descriptor(Type::Text, length, out);
    for text in texts {
        out.extend_from_slice(text);
        out.resize(out.len() + length - text.len(), 0);
    }
    Ok(())
}

/// Whether a field fits beside those before it: the longest value decides for all samples.
fn check_size(kind: Type, length: usize, samples: usize, out: &[u8]) -> Result<(), BcfError> {
    let bytes = kind.bytes().saturating_mul(length).saturating_mul(samples).saturating_add(out.len());
    match u32::try_from(bytes).is_ok_and(|bytes| bytes <= MOST_PART_BYTES) {
        true => Ok(()),
        false => Err(BcfError::TooLarge("a record")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] =
        b"##FORMAT=<ID=XX,Number=1,Type=String>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB";

    #[test]
    fn a_record_has_the_samples_of_the_header() {
        let dictionary = Dictionary::of_header(HEADER.split(|&byte| byte == b'\n'));
        let text = |counts| {
            let mut out = Vec::new();
            // XX, of no type and no length.
            push_samples(&dictionary, &mut Cursor::new(&[0x11, 1, 0]), counts, &mut out).map(|()| out)
        };
        assert_eq!(text(1 << 24 | 2).unwrap().split(|&byte| byte == b'\t').count(), 4);
        for samples in [0, 1, 3, 0x00ff_ffff] {
            let refused = text(1 << 24 | samples).unwrap_err().to_string();
            assert!(refused.contains("the header has 2"), "{refused}");
        }
    }

    #[test]
    fn what_is_too_large_is_refused_before_there_is_room_for_it() {
        let dictionary = Dictionary::of_header(HEADER.split(|&byte| byte == b'\n'));
        let long = vec![b'A'; 2 << 20];
        let mut samples: Vec<&[u8]> = vec![b"B"; 1 << 10];
        samples.push(&long);
        let mut out = Vec::new();
        let refused = push_fields(&dictionary, b"XX", &samples, &mut out).unwrap_err();
        assert!(matches!(refused, BcfError::TooLarge("a record")));
        assert!(out.len() < 10);
    }
}
