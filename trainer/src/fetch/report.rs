//! Tables of what would be fetched and of what was not.

use std::path::Path;

use indicatif::HumanBytes;

use super::error::FetchError;
use super::lock::Lock;
use super::manifest::Entry;
use super::mirror::{Mirror, mirrored};
use super::partial;
use super::standing::Standing;
use super::worker::Done;

/// What would be fetched, line by line, and how much that is.
pub(super) fn dry_run(folder: &Path, lock: &Lock, entries: &[Entry], mirrors: &[Mirror]) -> String {
    let (mut lines, mut files, mut bytes, mut unknown) = (Vec::new(), 0, 0, 0);
    for entry in entries {
        let expected = lock.expected(entry);
        let target = entry.name.below(folder);
        let arrived = partial::arrived_bytes(&target);
        let state = match (Standing::of(&target, &expected, lock.moved(entry)), arrived) {
            (Ok(Standing::Whole(_)), _) => "there".to_owned(),
            (Ok(Standing::Missing), None) => "fetch".to_owned(),
            (Ok(Standing::Missing), Some(arrived)) => format!("fetch, {} here", HumanBytes(arrived)),
            (Ok(Standing::Different(_)), _) => "fetch anew".to_owned(),
            (Err(error), _) => format!("failure: {error}"),
        };
        if state.starts_with("fetch") {
            files += 1;
            match expected.size_bytes {
                Some(size) => bytes += size.saturating_sub(arrived.unwrap_or(0)),
                None => unknown += 1,
            }
        }
        let size = expected.size_bytes.map_or_else(|| "?".to_owned(), |size| size.to_string());
        let checksum = if expected.has_checksum() { "checksum" } else { "-" };
        let address = mirrored(&entry.address, mirrors);
        lines.push([entry.name.to_string(), state, size, checksum.to_owned(), address]);
    }
    let header = ["file", "state", "bytes", "verified by", "address"].map(str::to_owned);
    let table = aligned(&[vec![header], lines].concat());
    let rest = if unknown == 0 { String::new() } else { format!(", and {unknown} of unknown size") };
    format!(
        "{table}\nto fetch: {files} of {} files, {bytes} bytes ({}){rest}",
        entries.len(),
        HumanBytes(bytes)
    )
}

/// How a run ended, in one line.
pub(super) fn summary(results: &[Result<Done, FetchError>]) -> String {
    let there = results.iter().filter(|result| matches!(result, Ok(Done::There))).count();
    let fetched: Vec<u64> = results
        .iter()
        .filter_map(|result| if let Ok(Done::Fetched(bytes)) = result { Some(*bytes) } else { None })
        .collect();
    format!(
        "{} files: {} fetched ({}), {there} there already, {} failed",
        results.len(),
        fetched.len(),
        HumanBytes(fetched.iter().sum()),
        results.len() - fetched.len() - there
    )
}

/// The files that failed: what happened, where it should have come from, what to do.
pub(super) fn failures(
    entries: &[Entry],
    results: &[Result<Done, FetchError>],
    mirrors: &[Mirror],
) -> Option<String> {
    let failed =
        entries.iter().zip(results).filter_map(|(entry, result)| Some((entry, result.as_ref().err()?)));
    let lines: Vec<String> = failed
        .map(|(entry, error)| {
            let address = mirrored(&entry.address, mirrors);
            format!(
                "\n  {}\n    failure  {error}\n    address  {address}\n    remedy   {}",
                entry.name,
                error.remedy()
            )
        })
        .collect();
    (!lines.is_empty()).then(|| format!("failed:{}", lines.concat()))
}

/// Columns under each other, the third to the right.
fn aligned(lines: &[[String; 5]]) -> String {
    let mut widths = [0; 5];
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let [name_width, state_width, size_width, checksum_width, _] = widths;
    let lines: Vec<String> = lines
        .iter()
        .map(|[name, state, size, checksum, address]| {
            format!(
                "{name:name_width$}  {state:state_width$}  {size:>size_width$}  {checksum:checksum_width$}  {address}"
            )
        })
        .collect();
    lines.join("\n")
}
