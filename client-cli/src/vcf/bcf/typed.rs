//! Typed values: a descriptor of type and length, then the values (VCF 4.3, 6.3.3).

use std::io;

/// Types of values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Type {
    None,
    Int8,
    Int16,
    Int32,
    Float,
    Text,
}

/// Bits of a float that is missing, and of one past the end of its vector.
pub(super) const FLOAT_MISSING: u32 = 0x7f80_0001;
pub(super) const FLOAT_END: u32 = 0x7f80_0002;

/// An integer of a vector.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Integer {
    Value(i32),
    Missing,
    End,
}

impl Type {
    /// Bytes of one value.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::None => 0,
            Self::Int8 | Self::Text => 1,
            Self::Int16 => 2,
            Self::Int32 | Self::Float => 4,
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Int8 => 1,
            Self::Int16 => 2,
            Self::Int32 => 3,
            Self::Float => 5,
            Self::Text => 7,
        }
    }

    /// The smallest type for all of `values`.
    pub(super) fn for_integers(values: impl Iterator<Item = i32>) -> Self {
        values.fold(Self::Int8, |found, value| match (found, value) {
            (Self::Int8, -120..=127) => Self::Int8,
            (Self::Int8 | Self::Int16, -32_760..=32_767) => Self::Int16,
            _ => Self::Int32,
        })
    }
}

/// What is left of a record's bytes.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(super) fn take(&mut self, count: usize) -> io::Result<&'a [u8]> {
        match self.bytes.split_at_checked(count) {
            Some((taken, rest)) => {
                self.bytes = rest;
                Ok(taken)
            }
            None => Err(damaged("a record ends early")),
        }
    }

    pub(super) fn u32(&mut self) -> io::Result<u32> {
        Ok(self.take(4)?.iter().rev().fold(0, |value, &byte| (value << 8) | u32::from(byte)))
    }

    pub(super) fn i32(&mut self) -> io::Result<i32> {
        Ok(self.u32()?.cast_signed())
    }

    /// Type and count of the values that follow.
    pub(super) fn descriptor(&mut self) -> io::Result<(Type, usize)> {
        let byte = self.take(1)?.first().copied().unwrap_or_default();
        let found = match byte & 0xf {
            0 => Type::None,
            1 => Type::Int8,
            2 => Type::Int16,
            3 => Type::Int32,
            5 => Type::Float,
            7 => Type::Text,
            other => return Err(damaged(&format!("a value of type {other}"))),
        };
        match byte >> 4 {
            15 => Ok((found, self.index()?)),
            count => Ok((found, usize::from(count))),
        }
    }

    /// One typed integer that is no less than 0.
    pub(super) fn index(&mut self) -> io::Result<usize> {
        let (kind, count) = self.descriptor()?;
        let values = integers(kind, self.take(kind.bytes().saturating_mul(count))?);
        match values.first() {
            Some(Integer::Value(value)) if count == 1 => usize::try_from(*value).ok(),
            _ => None,
        }
        .ok_or_else(|| damaged("a number that should be a key or a count"))
    }

    /// The bytes of one typed value, with its type.
    pub(super) fn value(&mut self) -> io::Result<(Type, &'a [u8])> {
        let (kind, count) = self.descriptor()?;
        Ok((kind, self.take(kind.bytes().saturating_mul(count))?))
    }
}

/// The integers in `bytes`; none if they are of another type.
pub(super) fn integers(kind: Type, bytes: &[u8]) -> Vec<Integer> {
    let special = |value: i32, least: i32| match value - least {
        0 => Integer::Missing,
        1 => Integer::End,
        _ => Integer::Value(value),
    };
    match kind {
        Type::Int8 => bytes.iter().map(|&byte| special(i32::from(byte.cast_signed()), -128)).collect(),
        Type::Int16 => {
            let (pairs, _) = bytes.as_chunks::<2>();
            pairs.iter().map(|pair| special(i32::from(i16::from_le_bytes(*pair)), -32_768)).collect()
        }
        Type::Int32 => {
            let (fours, _) = bytes.as_chunks::<4>();
            let value = |four: &[u8; 4]| match i32::from_le_bytes(*four) {
                i32::MIN => Integer::Missing,
                value if value == i32::MIN + 1 => Integer::End,
                value => Integer::Value(value),
            };
            fours.iter().map(value).collect()
        }
        _ => Vec::new(),
    }
}

/// Appends a descriptor.
pub(super) fn push_descriptor(kind: Type, count: usize, out: &mut Vec<u8>) {
    match u8::try_from(count) {
        Ok(count @ 0..15) => out.push((count << 4) | kind.code()),
        _ => {
            out.push(0xf0 | kind.code());
            let count = i32::try_from(count).unwrap_or(i32::MAX);
            push_integers(&[Integer::Value(count)], out);
        }
    }
}

/// Appends a vector of integers in the smallest type that holds them.
pub(super) fn push_integers(values: &[Integer], out: &mut Vec<u8>) {
    let kind = integer_type(values.iter());
    push_descriptor(kind, values.len(), out);
    for value in values {
        push_integer(*value, kind, out);
    }
}

/// The smallest type for integers of which some may be missing.
pub(super) fn integer_type<'a>(values: impl Iterator<Item = &'a Integer>) -> Type {
    Type::for_integers(values.filter_map(|value| match value {
        Integer::Value(value) => Some(*value),
        _ => None,
    }))
}

/// Appends one integer.
pub(super) fn push_integer(value: Integer, kind: Type, out: &mut Vec<u8>) {
    let least = match kind {
        Type::Int8 => -128,
        Type::Int16 => -32_768,
        _ => i32::MIN,
    };
    let value = match value {
        Integer::Value(value) => value,
        Integer::Missing => least,
        Integer::End => least + 1,
    };
    out.extend(value.to_le_bytes().into_iter().take(kind.bytes()));
}

/// Appends a text.
pub(super) fn push_text(text: &[u8], out: &mut Vec<u8>) {
    push_descriptor(Type::Text, text.len(), out);
    out.extend_from_slice(text);
}

/// The error for bytes that are no BCF.
pub(super) fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("this is no BCF: {what}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn integers_come_back(values in proptest::collection::vec(prop_oneof![-130..130_i32, -33_000..33_000_i32, (i32::MIN + 8)..i32::MAX], 1..40)) {
            let values: Vec<Integer> = values.into_iter().map(Integer::Value).chain([Integer::Missing, Integer::End]).collect();
            let mut bytes = Vec::new();
            push_integers(&values, &mut bytes);
            let (kind, content) = Cursor::new(&bytes).value().unwrap();
            prop_assert_eq!(integers(kind, content), values);
        }
    }

    #[test]
    fn long_texts_have_a_second_length() {
        let text = [b'A'; 300];
        let mut bytes = Vec::new();
        push_text(&text, &mut bytes);
        assert_eq!(bytes[..4], [0xf7, 0x12, 0x2c, 0x01]);
        assert_eq!(Cursor::new(&bytes).value().unwrap(), (Type::Text, &text[..]));
        assert!(Cursor::new(&bytes[..200]).value().is_err());
        assert!(Cursor::new(&[0x14]).value().is_err());
    }
}
