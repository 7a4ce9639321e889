//! VCF and BCF as they come from the field: header, records, and the windows of alleles.

mod alleles;
mod bcf;
mod header;
mod indexed;
mod input_error;
mod input_file;
mod intervals;
mod reader;
mod record;
mod skip;

pub(crate) use self::alleles::{AlleleWindows, WindowLayout, allele_windows, span};
pub(crate) use self::bcf::{BcfError, Dictionary, Encoder as BcfEncoder, Names};
pub(crate) use self::header::Header;
pub(crate) use self::indexed::open_indexed;
pub(crate) use self::input_error::InputError;
pub(crate) use self::input_file::{Bytes, open};
pub(crate) use self::intervals::{Intervals, IntervalsError};
pub(crate) use self::reader::Reader;
pub(crate) use self::record::{Line, Record};
pub(crate) use self::skip::SkipReason;
