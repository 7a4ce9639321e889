//! The manifest: which files come from where, and what they should be.

use std::collections::HashMap;
use std::path::Path;

use super::checksum::parse_checksum;
use super::name::FileName;
use crate::text_table::{Fields, TableError, for_each_line};

/// A file to fetch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Entry {
    pub(super) name: FileName,
    /// As the manifest has it; mirrors are applied when it is asked for.
    pub(super) address: String,
    pub(super) sha256: Option<String>,
    pub(super) md5: Option<String>,
    pub(super) size_bytes: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Columns {
    name: usize,
    address: usize,
    sha256: Option<usize>,
    md5: Option<usize>,
    size: Option<usize>,
}

/// Reads a manifest, plain or gzip: tab-separated, `#` before comments, a header with the columns `name` and `address`
/// and, if known, `sha256`, `md5` and `size`, in any order; `note` is for people. `-` or nothing is an unknown value.
///
/// # Errors
/// Unreadable or malformed lines, names that leave the folder or are there twice, addresses that are not https.
pub(super) fn read_manifest(path: &Path) -> Result<Vec<Entry>, TableError> {
    let mut columns: Option<Columns> = None;
    let mut lines_of_names: HashMap<String, usize> = HashMap::new();
    let mut entries = Vec::new();
    for_each_line(path, |line, text| {
        if text.starts_with('#') {
            return Ok(());
        }
        let Some(columns) = &columns else {
            columns = Some(header(path, text)?);
            return Ok(());
        };
        let fields = Fields::new(path, line, text);
        let entry = entry(&fields, columns)?;
        if let Some(first) = lines_of_names.insert(entry.name.as_str().to_owned(), line) {
            let expected = format!("line {first} has this name already; each file needs its own");
            return Err(fields.wrong(columns.name, "name", expected));
        }
        entries.push((line, entry));
        Ok(())
    })?;
    for (line, entry) in &entries {
        let parents = Path::new(entry.name.as_str()).ancestors().skip(1);
        let taken = parents.filter_map(|parent| Some((parent, lines_of_names.get(parent.to_str()?)?))).next();
        if let Some((parent, other)) = taken {
            return Err(TableError::Field {
                path: path.to_path_buf(),
                line: *line,
                field: "name",
                value: entry.name.to_string(),
                expected: format!(
                    "{} is a file in line {other} and cannot be a folder too",
                    parent.display()
                ),
            });
        }
    }
    if columns.is_none() {
        return Err(content(path, "no header; the columns name and address are needed, tab-separated"));
    }
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

fn content(path: &Path, problem: impl Into<String>) -> TableError {
    TableError::Content { path: path.to_path_buf(), problem: problem.into() }
}

/// A column of another name is refused: a misspelt `sha256` would leave files unverified without a word.
fn header(path: &Path, text: &str) -> Result<Columns, TableError> {
    let names: Vec<&str> = text.split('\t').map(str::trim).collect();
    const KNOWN: [&str; 6] = ["name", "address", "sha256", "md5", "size", "note"];
    if let Some(unknown) = names.iter().find(|name| !KNOWN.contains(name)) {
        return Err(content(
            path,
            format!("the header has `{unknown}`; columns are {}, tab-separated", KNOWN.join(", ")),
        ));
    }
    let column = |wanted: &str| names.iter().position(|name| *name == wanted);
    let required = |wanted: &str| {
        column(wanted).ok_or_else(|| {
            content(path, format!("the header `{}` lacks the column `{wanted}`", names.join(" ")))
        })
    };
    Ok(Columns {
        name: required("name")?,
        address: required("address")?,
        sha256: column("sha256"),
        md5: column("md5"),
        size: column("size"),
    })
}

fn entry(fields: &Fields<'_>, columns: &Columns) -> Result<Entry, TableError> {
    // Editors drop tabs at a line's end: what is missing there is unknown, not an error.
    let optional = |column: Option<usize>, field| {
        let value = column.filter(|&index| index < fields.len()).map(|index| fields.text(index, field));
        let value = value.transpose().map(|value| value.map(str::trim));
        value.map(|value| value.filter(|value| !value.is_empty() && *value != "-"))
    };
    let checksum = |column: Option<usize>, field, digits| {
        let Some(text) = optional(column, field)? else { return Ok(None) };
        let expected = format!("{digits} hexadecimal digits belong here, or - if unknown");
        let parsed = parse_checksum(text, digits);
        parsed.map(Some).ok_or_else(|| fields.wrong(column.unwrap_or_default(), field, expected))
    };
    let name = FileName::new(fields.text(columns.name, "name")?.trim())
        .map_err(|expected| fields.wrong(columns.name, "name", expected))?;
    let address = fields.text(columns.address, "address")?.trim();
    if !is_address(address, &["https"]) {
        let expected = "an https address belongs here; --mirror may lead it elsewhere";
        return Err(fields.wrong(columns.address, "address", expected));
    }
    let size_bytes = match (columns.size, optional(columns.size, "size")?) {
        (Some(column), Some(_)) => {
            Some(fields.parse(column, "size", "a number of bytes, or - if unknown")?)
        }
        _ => None,
    };
    Ok(Entry {
        name,
        address: address.to_owned(),
        sha256: checksum(columns.sha256, "sha256", 64)?,
        md5: checksum(columns.md5, "md5", 32)?,
        size_bytes,
    })
}

/// Whether this is an address of one of these schemes, with a host.
pub(super) fn is_address(text: &str, schemes: &[&str]) -> bool {
    text.parse::<ureq::http::Uri>().is_ok_and(|uri| {
        uri.scheme_str().is_some_and(|scheme| schemes.contains(&scheme))
            && uri.host().is_some_and(|host| !host.is_empty())
    })
}

#[cfg(test)]
mod tests;
