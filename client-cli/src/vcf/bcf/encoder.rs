//! Lines of a VCF as BCF.

use super::MAGIC_WRITTEN;
use super::dictionary::{Dictionary, Kind, without_number};
use super::format_fields::push_fields;
use super::typed::Type;
use super::typed::{FLOAT_MISSING, Integer, push_descriptor, push_integers, push_text};
use super::values::push_typed;

/// Why a record cannot be written as BCF. As VCF it can.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BcfError {
    /// BCF has numbers for names, which the header gives.
    #[error(
        "{column} {name} is not declared in the header, which BCF needs: declare it, or write VCF with -O z"
    )]
    Undeclared {
        /// The column.
        column: &'static str,
        /// What stands there.
        name: String,
    },
    /// A value that is not of its field's type.
    #[error(
        "{column} {name}: `{value}` is not what the header says it is, which BCF needs: write VCF with -O z"
    )]
    Value {
        /// The column.
        column: &'static str,
        /// The field.
        name: String,
        /// What stands there.
        value: String,
    },
    /// More or fewer samples than the header has.
    #[error("{found} samples, the header has {expected}, which BCF needs: write VCF with -O z")]
    Samples {
        /// In the header.
        expected: usize,
        /// In the record.
        found: usize,
    },
    /// Too large for BCF.
    #[error("{0} is too large for BCF: write VCF with -O z")]
    TooLarge(&'static str),
}

impl BcfError {
    pub(super) fn undeclared(column: &'static str, name: &[u8]) -> Self {
        Self::Undeclared { column, name: shown(name) }
    }

    pub(super) fn value(column: &'static str, name: &[u8], value: &[u8]) -> Self {
        Self::Value { column, name: shown(name), value: shown(value) }
    }
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(40).collect()
}

/// Encodes the records of one header.
pub(crate) struct Encoder {
    dictionary: Dictionary,
    shared: Vec<u8>,
    individual: Vec<u8>,
}

impl Encoder {
    /// Takes the text of a header, and gives its bytes beside the encoder.
    pub(crate) fn new(header: &[u8]) -> Result<(Self, Vec<u8>), BcfError> {
        let mut text = Vec::with_capacity(header.len() + 1);
        for line in lines(header) {
            text.extend_from_slice(&without_number(line));
            text.push(b'\n');
        }
        text.push(0);
        let length = u32::try_from(text.len()).map_err(|_| BcfError::TooLarge("the header"))?;
        let dictionary = Dictionary::of_header(lines(&text));
        let bytes = [MAGIC_WRITTEN, &length.to_le_bytes(), &text].concat();
        Ok((Self { dictionary, shared: Vec::new(), individual: Vec::new() }, bytes))
    }

    /// Appends a record, given as a line that has at least eight columns.
    pub(crate) fn encode(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), BcfError> {
        let mut columns = line.split(|&byte| byte == b'\t');
        let mut next = || columns.next().unwrap_or_default();
        let fixed: [&[u8]; 8] = std::array::from_fn(|_| next());
        let format = columns.next();
        let samples: Vec<&[u8]> = columns.collect();
        self.individual.clear();
        let fields = match format {
            None if self.dictionary.samples == 0 => 0,
            _ if samples.len() != self.dictionary.samples => {
                return Err(BcfError::Samples { expected: self.dictionary.samples, found: samples.len() });
            }
            format => push_fields(&self.dictionary, format.unwrap_or(b"."), &samples, &mut self.individual)?,
        };
        self.shared.clear();
        self.push_shared(&fixed, fields, samples.len())?;
        let length = |part: &[u8]| u32::try_from(part.len()).map_err(|_| BcfError::TooLarge("a record"));
        out.extend_from_slice(&length(&self.shared)?.to_le_bytes());
        out.extend_from_slice(&length(&self.individual)?.to_le_bytes());
        out.extend_from_slice(&self.shared);
        out.extend_from_slice(&self.individual);
        Ok(())
    }

    fn push_shared(&mut self, columns: &[&[u8]; 8], fields: usize, samples: usize) -> Result<(), BcfError> {
        let [contig, position, id, reference, alternates, quality, filters, info] = *columns;
        let number =
            self.dictionary.contigs.number(contig).ok_or_else(|| BcfError::undeclared("contig", contig))?;
        let number = i32::try_from(number).map_err(|_| BcfError::TooLarge("a contig's number"))?;
        let position1: i64 = parse(position).ok_or_else(|| BcfError::value("column", b"POS", position))?;
        let position0 = i32::try_from(position1 - 1).map_err(|_| BcfError::TooLarge("POS"))?;
        let length = reference_length(position1, reference, info);
        let quality: u32 = match quality {
            b"." | b"" => FLOAT_MISSING,
            text => parse::<f32>(text).ok_or_else(|| BcfError::value("column", b"QUAL", text))?.to_bits(),
        };
        let alternates: Vec<&[u8]> = match alternates {
            b"." => Vec::new(),
            alternates => alternates.split(|&byte| byte == b',').collect(),
        };
        let infos: Vec<&[u8]> =
            info.split(|&byte| byte == b';').filter(|field| !field.is_empty() && *field != b".").collect();
        let counts = |high: usize, low: usize, bits: u32, what| {
            let (high, low) = (u32::try_from(high).ok(), u32::try_from(low).ok());
            let fits = |(high, low): &(u32, u32)| *high < 1 << (32 - bits) && *low < 1 << bits;
            high.zip(low).filter(fits).map(|(high, low)| (high << bits) | low).ok_or(BcfError::TooLarge(what))
        };
        let out = &mut self.shared;
        out.extend(number.to_le_bytes());
        out.extend(position0.to_le_bytes());
        out.extend(length.to_le_bytes());
        out.extend(quality.to_le_bytes());
        out.extend(
            counts(alternates.len() + 1, infos.len(), 16, "the number of alleles or INFO fields")?
                .to_le_bytes(),
        );
        out.extend(counts(fields, samples, 24, "the number of FORMAT fields or samples")?.to_le_bytes());
        push_text(if id == b"." { b"" } else { id }, out);
        for allele in std::iter::once(reference).chain(alternates) {
            push_text(allele, out);
        }
        push_filters(&self.dictionary, filters, out)?;
        infos.into_iter().try_for_each(|field| push_info(&self.dictionary, field, out))
    }
}

fn push_filters(dictionary: &Dictionary, filters: &[u8], out: &mut Vec<u8>) -> Result<(), BcfError> {
    if filters == b"." || filters.is_empty() {
        push_descriptor(Type::None, 0, out);
        return Ok(());
    }
    let number = |filter: &[u8]| {
        let number = dictionary.strings.number(filter).and_then(|number| i32::try_from(number).ok());
        number.map(Integer::Value).ok_or_else(|| BcfError::undeclared("FILTER", filter))
    };
    let numbers = filters.split(|&byte| byte == b';').map(number).collect::<Result<Vec<_>, _>>()?;
    push_integers(&numbers, out);
    Ok(())
}

fn push_info(dictionary: &Dictionary, field: &[u8], out: &mut Vec<u8>) -> Result<(), BcfError> {
    let equals = field.iter().position(|&byte| byte == b'=');
    let (key, value) = match equals.and_then(|equals| field.split_at_checked(equals)) {
        Some((key, value)) => (key, value.get(1..)),
        None => (field, None),
    };
    let kind = dictionary.info_kind(key).ok_or_else(|| BcfError::undeclared("INFO", key))?;
    let number = dictionary.strings.number(key).and_then(|number| i32::try_from(number).ok());
    push_integers(&[Integer::Value(number.ok_or_else(|| BcfError::undeclared("INFO", key))?)], out);
    match value {
        None => push_descriptor(Type::None, 0, out),
        // As bcftools does: what matters of a flag is that it is there.
        Some(_) if kind == Kind::Flag => push_descriptor(Type::None, 0, out),
        Some(value) => push_typed(kind, value, out).ok_or_else(|| BcfError::value("INFO", key, value))?,
    }
    Ok(())
}

/// Bases of the reference that a record is about: to END if INFO has it.
fn reference_length(position1: i64, reference: &[u8], info: &[u8]) -> i32 {
    let end = info.split(|&byte| byte == b';').find_map(|field| field.strip_prefix(b"END="));
    let to_end = end.and_then(parse::<i64>).map(|end| end - position1 + 1).filter(|length| *length > 0);
    let length = to_end.unwrap_or_else(|| i64::try_from(reference.len()).unwrap_or(i64::MAX));
    i32::try_from(length).unwrap_or(i32::MAX)
}

fn parse<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = text.split(|&byte| byte == b'\n' || byte == 0);
    lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line)).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::TextOfBcf;
    use super::*;

    const HEADER: &str = "##fileformat=VCFv4.2\n##odd line\n##FILTER=<ID=q10,Description=\"x\">\n##INFO=<ID=DP,Number=1,Type=Integer>\n\
        ##INFO=<ID=AF,Number=A,Type=Float>\n##INFO=<ID=DB,Number=0,Type=Flag>\n##INFO=<ID=CSQ,Number=.,Type=String>\n##INFO=<ID=END,Number=1,Type=Integer>\n\
        ##FORMAT=<ID=GT,Number=1,Type=String>\n##FORMAT=<ID=AD,Number=R,Type=Integer>\n##FORMAT=<ID=GP,Number=G,Type=Float>\n##FORMAT=<ID=FT,Number=1,Type=String>\n\
        ##contig=<ID=1>\n##contig=<ID=2>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB\n";

    fn back(bytes: Vec<u8>) -> std::io::Result<String> {
        let mut text = String::new();
        TextOfBcf::new(Box::new(std::io::Cursor::new(bytes)))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn everything_comes_back() {
        let records = "1\t1\trs1;rs2\tA\tC,<DEL>,*\t1.5\tPASS\tDP=3;AF=0.1,.,1e-09;DB;CSQ=a|b,c\tGT:AD:GP:FT\t0/1:1,2,3:0.5,0.25:PASS\t1|.:.:.:.\n\
            2\t100000\t.\tAC\t.\t.\t.\t.\tGT\t1\t./.\n\
            2\t0\t.\tN\tG]1:5]\t100\tq10\tEND=70000;CSQ=.\tGT\t0|0|300\t.\n";
        let (mut encoder, mut bytes) = Encoder::new(HEADER.as_bytes()).unwrap();
        for line in records.lines() {
            encoder.encode(line.as_bytes(), &mut bytes).unwrap();
        }
        assert_eq!(back(bytes.clone()).unwrap(), HEADER.to_owned() + records);
        for length in 0..bytes.len() {
            if let Ok(text) = back(bytes[..length].to_vec()) {
                assert!(text.ends_with('\n') && (HEADER.to_owned() + records).starts_with(&text));
            }
        }
    }

    #[test]
    fn what_bcf_cannot_say() {
        let refused = |line: &str| {
            let (mut encoder, _) = Encoder::new(HEADER.as_bytes()).unwrap();
            encoder.encode(line.as_bytes(), &mut Vec::new()).unwrap_err().to_string()
        };
        assert!(refused("3\t1\t.\tA\tC\t.\t.\t.\tGT\t0\t0").contains("contig 3 is not declared"));
        assert!(refused("1\t1\t.\tA\tC\t.\tbad\t.\tGT\t0\t0").contains("FILTER bad"));
        assert!(refused("1\t1\t.\tA\tC\t.\t.\tXX=1\tGT\t0\t0").contains("INFO XX"));
        assert!(refused("1\t1\t.\tA\tC\t.\t.\tDP=1.5\tGT\t0\t0").contains("INFO DP: `1.5`"));
        assert!(refused("1\t1\t.\tA\tC\t.\t.\t.\tGT\t0").contains("1 samples, the header has 2"));
        assert!(refused("1\t1\t.\tA\tC\t.\t.\t.\tGT\t0/x\t0").contains("`0/x`"));
        assert!(refused("1\t9999999999\t.\tA\tC\t.\t.\t.\tGT\t0\t0").contains("POS"));
    }
}
