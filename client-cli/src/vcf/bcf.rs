//! BCF, the binary form of VCF (VCF 4.3, section 6): read as the text of a VCF, written from it.
//!
//! The text in between is what keeps the rest of the program free of a second form of records. Nothing is lost on the
//! way: numbers are written with as many digits as it takes to read the same ones back, and header lines that no
//! specification knows are kept.

mod dictionary;
mod encoder;
mod format_fields;
mod reader;
mod typed;
mod values;

pub(crate) use self::dictionary::{Dictionary, Names};
pub(crate) use self::encoder::{BcfError, Encoder};
pub(crate) use self::reader::TextOfBcf;

/// What a BCF file of version 2 starts with.
pub(crate) const MAGIC: &[u8] = b"BCF\x02";
/// The same with the minor version that is written.
const MAGIC_WRITTEN: &[u8] = b"BCF\x02\x02";
/// A header that is longer is none.
const MOST_HEADER_BYTES: u32 = 1 << 30;
