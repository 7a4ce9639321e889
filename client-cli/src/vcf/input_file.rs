//! Opens the input: a file or standard input, plain or compressed.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

use polaris_genomics::decompressed;

use super::bcf::{self, TextOfBcf};
use super::input_error::InputError;

/// Decompressed bytes of the input, BCF as text.
pub(crate) type Bytes = Box<dyn BufRead + Send>;

/// Opens a file, or standard input for `-`. Gives the name for messages beside it.
pub(crate) fn open(path: &Path) -> Result<(Bytes, String), InputError> {
    let (source, name): (Box<dyn Read + Send>, String) = if path.as_os_str() == "-" {
        (Box::new(io::stdin()), "standard input".to_owned())
    } else {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|source| InputError::Open { name: name.clone(), source })?;
        (Box::new(file), name)
    };
    let bytes = decompressed(source).and_then(text);
    let bytes = bytes.map_err(|source| InputError::Read { name: name.clone(), line: 1, source })?;
    Ok((bytes, name))
}

/// The bytes as they are, or the text that BCF stands for.
pub(super) fn text(mut bytes: Bytes) -> io::Result<Bytes> {
    match bytes.fill_buf()?.starts_with(bcf::MAGIC) {
        true => Ok(Box::new(TextOfBcf::new(bytes)?)),
        false => Ok(bytes),
    }
}
