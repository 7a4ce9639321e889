//! The dictionaries of a header: numbers that stand for contigs and for names of filters and fields.

use std::collections::HashMap;

/// What the values of a field are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Flag,
    Integer,
    Float,
    Text,
}

/// Names by number, and numbers by name.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_number: Vec<Vec<u8>>,
    numbers: HashMap<Vec<u8>, usize>,
}

impl Names {
    /// The name of a number, if it has one.
    pub(crate) fn name(&self, number: usize) -> Option<&[u8]> {
        self.by_number.get(number).map(Vec::as_slice).filter(|name| !name.is_empty())
    }

    /// The number of a name.
    pub(crate) fn number(&self, name: &[u8]) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// All names, in the order of their numbers.
    pub(crate) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.by_number.iter().map(Vec::as_slice)
    }

    fn add(&mut self, name: &[u8], number: Option<usize>) {
        // Names are shared between filters and fields: the first line decides.
        if self.numbers.contains_key(name) {
            return;
        }
        let number = number.unwrap_or(self.by_number.len());
        if number >= self.by_number.len() {
            self.by_number.resize(number + 1, Vec::new());
        }
        if let Some(place) = self.by_number.get_mut(number) {
            *place = name.to_vec();
        }
        self.numbers.insert(name.to_vec(), number);
    }
}

/// What a header declares.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    pub(crate) contigs: Names,
    /// Filters, INFO and FORMAT fields.
    pub(super) strings: Names,
    info: HashMap<Vec<u8>, Kind>,
    format: HashMap<Vec<u8>, Kind>,
    /// Columns after FORMAT.
    pub(super) samples: usize,
}

/// Largest number that a dictionary line may claim.
const MOST_NUMBERS: usize = 1 << 24;

impl Dictionary {
    /// Reads the lines of a header.
    pub(crate) fn of_header<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut dictionary = Self::default();
        // The specification has it first, whether or not a line says so.
        dictionary.strings.add(b"PASS", Some(0));
        for line in lines {
            dictionary.line(line);
        }
        dictionary
    }

    /// The kind of an INFO field.
    pub(super) fn info_kind(&self, key: &[u8]) -> Option<Kind> {
        self.info.get(key).copied()
    }

    /// The kind of a FORMAT field.
    pub(super) fn format_kind(&self, key: &[u8]) -> Option<Kind> {
        self.format.get(key).copied()
    }

    fn line(&mut self, line: &[u8]) {
        if line.starts_with(b"#CHROM") {
            self.samples = line.split(|&byte| byte == b'\t').count().saturating_sub(9);
            return;
        }
        let Some((key, fields)) = structured(line) else { return };
        let Some(id) = attribute(fields, b"ID") else { return };
        let number = attribute(fields, b"IDX").and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        let number = number.filter(|number| *number < MOST_NUMBERS);
        let kind = match attribute(fields, b"Type") {
            Some(b"Integer") => Kind::Integer,
            Some(b"Float") => Kind::Float,
            Some(b"Flag") => Kind::Flag,
            _ => Kind::Text,
        };
        match key {
            b"contig" => self.contigs.add(id, number),
            b"FILTER" => self.strings.add(id, number),
            b"INFO" => {
                self.strings.add(id, number);
                self.info.entry(id.to_vec()).or_insert(kind);
            }
            b"FORMAT" => {
                self.strings.add(id, number);
                self.format.entry(id.to_vec()).or_insert(kind);
            }
            _ => {}
        }
    }
}

/// `##key=<fields>`.
fn structured(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_prefix(b"##")?;
    let equals = line.iter().position(|&byte| byte == b'=')?;
    let fields = line.get(equals + 1..)?.strip_prefix(b"<")?;
    let end = fields.iter().rposition(|&byte| byte == b'>')?;
    Some((line.get(..equals)?, fields.get(..end)?))
}

/// The value of an attribute in `key=value,key="value, quoted"`.
fn attribute<'a>(fields: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let (mut start, mut quoted) = (0, false);
    let ends = fields.iter().enumerate().filter_map(|(place, &byte)| {
        quoted ^= byte == b'"' && (place == 0 || fields.get(place - 1) != Some(&b'\\'));
        (byte == b',' && !quoted).then_some(place)
    });
    for end in ends.chain(std::iter::once(fields.len())) {
        let field = fields.get(start..end).unwrap_or_default();
        if let Some(value) = field.strip_prefix(key).and_then(|rest| rest.strip_prefix(b"=")) {
            return Some(value);
        }
        start = end + 1;
    }
    None
}

/// A header line without the number that BCF gives it.
pub(super) fn without_number(line: &[u8]) -> Vec<u8> {
    let place = line.windows(5).rposition(|window| window == b",IDX=");
    let Some((place, digits)) =
        place.and_then(|place| Some((place, line.get(place + 5..)?.strip_suffix(b">")?)))
    else {
        return line.to_vec();
    };
    match !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        true => [line.get(..place).unwrap_or_default(), b">"].concat(),
        false => line.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_lines_or_their_order() {
        let header = b"##fileformat=VCFv4.2\n##FILTER=<ID=q10,Description=\"a, ID=x\">\n##INFO=<ID=DP,Number=1,Type=Integer>\n\
            ##odd\n##FORMAT=<ID=DP,Number=1,Type=Float,IDX=2>\n##INFO=<ID=AF,Type=Float,IDX=7>\n##contig=<ID=1>\n##contig=<ID=2>\n\
            #CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB";
        let dictionary = Dictionary::of_header(header.split(|&byte| byte == b'\n'));
        let number = |name: &str| dictionary.strings.number(name.as_bytes());
        assert_eq!(
            [number("PASS"), number("q10"), number("DP"), number("AF"), number("x")],
            [Some(0), Some(1), Some(2), Some(7), None]
        );
        assert_eq!(dictionary.strings.name(5), None);
        assert_eq!(dictionary.contigs.number(b"2"), Some(1));
        assert_eq!(dictionary.info_kind(b"DP"), Some(Kind::Integer));
        assert_eq!(dictionary.format_kind(b"DP"), Some(Kind::Float));
        assert_eq!(dictionary.samples, 2);
    }

    #[test]
    fn numbers_are_taken_off() {
        assert_eq!(without_number(b"##INFO=<ID=DP,IDX=12>"), b"##INFO=<ID=DP>");
        for kept in [&b"##INFO=<ID=DP>"[..], b"##x,IDX=1", b"##INFO=<Description=\",IDX=\">"] {
            assert_eq!(without_number(kept), kept);
        }
    }
}
