//! Files and folders that the programs write.

use std::io::Read;
use std::path::Path;

use crate::HarnessError;

/// A text file, plain or compressed.
///
/// # Errors
/// If it cannot be read.
pub fn text(path: &Path) -> Result<String, HarnessError> {
    let mut text = String::new();
    let read = polaris_genomics::open_text(path).and_then(|mut file| file.read_to_string(&mut text));
    read.map_err(HarnessError::io(path.display().to_string()))?;
    Ok(text)
}

/// The lines below the header of a VCF or table, each in its columns.
pub fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect()).collect()
}

/// The values of a field in the INFO column, one for each alternate allele.
pub fn info<'a>(record: &[&'a str], field: &str) -> Option<Vec<&'a str>> {
    let values = record.get(7)?.split(';').find_map(|part| part.strip_prefix(field)?.strip_prefix('='))?;
    Some(values.split(',').collect())
}

/// Names in a folder, hidden ones too, sorted.
///
/// # Errors
/// If it cannot be read.
pub fn names(folder: &Path) -> Result<Vec<String>, HarnessError> {
    let read = || -> std::io::Result<Vec<String>> {
        std::fs::read_dir(folder)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    };
    let mut names = read().map_err(HarnessError::io(folder.display().to_string()))?;
    names.sort();
    Ok(names)
}
