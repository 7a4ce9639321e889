//! BCF, the binary form of VCF (VCF 4.3, section 6): read as the text of a VCF, written from it.
//!
//! The text in between is what keeps the rest of the program free of a second form of records. Nothing is lost on the
//! way: numbers are written with as many digits as it takes to read the same ones back, and header lines that no
//! specification knows are kept.
//!
//! Why not noodles-bcf, whose lazy record has the bytes of a record as they are (looked at: 0.94 with noodles-vcf 0.96). Its
//! fields are found through a `vcf::Header`, and the parser of that refuses what the field sends: an id that is declared
//! twice, a line that is malformed. A record can be written as it was read only with the dictionary it was read with, while
//! ours gains fields, and comes from VCF text as often as from BCF; through text, its writer ends with `invalid phasing` at a
//! genotype such as `0|1/2` before VCF 4.4. What would be left of this module is all but the decoding of typed values.

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

#[cfg(test)]
mod mutations;
