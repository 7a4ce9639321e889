//! Values between their typed form and their text.

use super::dictionary::Kind;
use super::typed::{
    FLOAT_END, FLOAT_MISSING, Integer, Type, damaged, integers, push_descriptor, push_integers, push_text,
};
use std::io;

/// Appends the text of one vector: values with commas between them, `.` for what is missing.
pub(super) fn push_value_text(kind: Type, bytes: &[u8], out: &mut Vec<u8>) {
    let before = out.len();
    match kind {
        Type::None => {}
        Type::Text => {
            let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
            match bytes.get(..end) {
                Some([7, ..]) | None => out.push(b'.'),
                Some(text) => out.extend_from_slice(text),
            }
        }
        Type::Float => {
            let (fours, _) = bytes.as_chunks::<4>();
            for bits in fours.iter().map(|four| u32::from_le_bytes(*four)) {
                match bits {
                    FLOAT_END => break,
                    FLOAT_MISSING => out.push(b'.'),
                    bits => push_float_text(f32::from_bits(bits), out),
                }
                out.push(b',');
            }
            out.truncate(out.len() - usize::from(out.len() > before));
        }
        Type::Int8 | Type::Int16 | Type::Int32 => {
            for value in integers(kind, bytes) {
                match value {
                    Integer::End => break,
                    Integer::Missing => out.push(b'.'),
                    Integer::Value(value) => out.extend_from_slice(value.to_string().as_bytes()),
                }
                out.push(b',');
            }
            out.truncate(out.len() - usize::from(out.len() > before));
        }
    }
    if out.len() == before {
        out.push(b'.');
    }
}

/// Appends a float with as many digits as it takes to read the same one back, small and large ones as C writes them:
/// `1.5e-08`.
pub(super) fn push_float_text(value: f32, out: &mut Vec<u8>) {
    let size = value.abs();
    if size == 0.0 || !size.is_finite() || (1e-4..1e9).contains(&size) {
        out.extend_from_slice(format!("{value}").as_bytes());
        return;
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    out.extend_from_slice(format!("{mantissa}e{sign}{digits:0>2}").as_bytes());
}

/// Appends the typed form of a field's text; `None` for a value that is not of the field's kind.
pub(super) fn push_typed(kind: Kind, text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    match kind {
        Kind::Flag => return None,
        Kind::Text => push_text(text, out),
        Kind::Integer => push_integers(&parse_integers(text)?, out),
        Kind::Float => {
            let values = parse_floats(text)?;
            push_descriptor(Type::Float, values.len(), out);
            out.extend(values.into_iter().flat_map(u32::to_le_bytes));
        }
    }
    Some(())
}

/// Integers between commas.
pub(super) fn parse_integers(text: &[u8]) -> Option<Vec<Integer>> {
    let parse = |value: &[u8]| match value {
        b"." => Some(Integer::Missing),
        value => std::str::from_utf8(value).ok()?.parse().ok().map(Integer::Value),
    };
    text.split(|&byte| byte == b',').map(parse).collect()
}

/// Bits of floats between commas.
pub(super) fn parse_floats(text: &[u8]) -> Option<Vec<u32>> {
    let parse = |value: &[u8]| match value {
        b"." => Some(FLOAT_MISSING),
        value => std::str::from_utf8(value).ok()?.parse().ok().map(f32::to_bits),
    };
    text.split(|&byte| byte == b',').map(parse).collect()
}

/// Appends the text of a genotype: alleles with `/` or `|` between them.
pub(super) fn push_genotype_text(kind: Type, bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let before = out.len();
    for value in integers(kind, bytes) {
        let value = match value {
            Integer::End => break,
            Integer::Missing => 0,
            Integer::Value(value) => value,
        };
        if out.len() > before {
            out.push(if value & 1 == 1 { b'|' } else { b'/' });
        }
        match value >> 1 {
            0 => out.push(b'.'),
            allele if allele > 0 => out.extend_from_slice((allele - 1).to_string().as_bytes()),
            _ => return Err(damaged("a genotype with an allele below 0")),
        }
    }
    if out.len() == before {
        out.push(b'.');
    }
    Ok(())
}

/// The alleles of a genotype as BCF has them.
pub(super) fn parse_genotype(text: &[u8]) -> Option<Vec<Integer>> {
    let mut values = Vec::new();
    let mut phased = 0;
    let mut rest = text;
    loop {
        let end = rest.iter().position(|&byte| byte == b'/' || byte == b'|').unwrap_or(rest.len());
        let (allele, after) = rest.split_at_checked(end)?;
        let allele = match allele {
            b"." => 0,
            allele => std::str::from_utf8(allele)
                .ok()?
                .parse::<i32>()
                .ok()
                .filter(|allele| *allele >= 0)?
                .checked_add(1)?,
        };
        values.push(Integer::Value(allele.checked_mul(2)? | phased));
        let Some((&separator, following)) = after.split_first() else { return Some(values) };
        phased = i32::from(separator == b'|');
        rest = following;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::typed::Cursor;
    use super::*;

    fn round_trip(kind: Kind, text: &str) -> String {
        let mut bytes = Vec::new();
        push_typed(kind, text.as_bytes(), &mut bytes).unwrap();
        let (kind, content) = Cursor::new(&bytes).value().unwrap();
        let mut back = Vec::new();
        push_value_text(kind, content, &mut back);
        String::from_utf8(back).unwrap()
    }

    #[test]
    fn texts_come_back() {
        for (kind, text) in [
            (Kind::Integer, "1,.,-300,70000"),
            (Kind::Integer, "."),
            (Kind::Float, "0.1,.,1e-07,3.4028235e+38"),
            (Kind::Text, "a,b;c"),
            (Kind::Text, "."),
        ] {
            assert_eq!(round_trip(kind, text), text);
        }
        assert!(push_typed(Kind::Integer, b"1.5", &mut Vec::new()).is_none());
        assert!(push_typed(Kind::Float, b"x", &mut Vec::new()).is_none());
    }

    #[test]
    fn genotypes_come_back() {
        for text in ["0/1", "1|0", ".", "./.", "2", "0|1/2", "300/1"] {
            let values = parse_genotype(text.as_bytes()).unwrap();
            let mut bytes = Vec::new();
            push_integers(&values, &mut bytes);
            let (kind, content) = Cursor::new(&bytes).value().unwrap();
            let mut back = Vec::new();
            push_genotype_text(kind, content, &mut back).unwrap();
            assert_eq!(String::from_utf8(back).unwrap(), text);
        }
        for wrong in ["", "0/", "a/b", "-1/0"] {
            assert!(parse_genotype(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn floats_read_back_the_same(bits in any::<u32>()) {
            let value = f32::from_bits(bits);
            prop_assume!(!value.is_nan());
            let mut text = Vec::new();
            push_float_text(value, &mut text);
            let back: f32 = std::str::from_utf8(&text).unwrap().parse().unwrap();
            prop_assert_eq!(back.to_bits(), bits);
        }
    }
}
