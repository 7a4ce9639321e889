//! VCF as it comes from the field: its header, its records, and the windows of its alleles.

mod alleles;
mod header;
mod input_error;
mod input_file;
mod reader;
mod record;
mod skip;

pub(crate) use self::alleles::{AlleleWindows, allele_windows, span};
pub(crate) use self::header::Header;
pub(crate) use self::input_error::InputError;
pub(crate) use self::input_file::{Bytes, open};
pub(crate) use self::reader::Reader;
pub(crate) use self::record::{Line, Record};
pub(crate) use self::skip::SkipReason;
