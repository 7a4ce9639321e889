//! The client's table of scores.

use std::collections::HashMap;
use std::path::Path;

use super::truth::Key;
use crate::text_table::{Fields, TableError, for_each_line};

/// What a model says about an allele.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Score {
    pub(super) reference: f64,
    pub(super) alternate: f64,
    pub(super) delta: f64,
}

const COLUMNS: [&str; 18] = [
    "contig",
    "position1",
    "id",
    "reference",
    "alternate",
    "allele_index",
    "strand",
    "transcribed",
    "gene",
    "region",
    "model",
    "ref_probability",
    "alt_probability",
    "delta",
    "logit_delta",
    "spread",
    "delta_quantile",
    "skipped",
];

/// Reads the scored rows; skipped alleles have none.
///
/// # Errors
/// If the file cannot be read, or is not a table of the client.
pub(super) fn read(path: &Path) -> Result<HashMap<Key, Score>, TableError> {
    let mut scores = HashMap::new();
    for_each_line(path, |line, text| {
        let fields = Fields::new(path, line, text);
        if line == 1 {
            return fields.require_header(&COLUMNS);
        }
        if fields.text(17, "skipped")? != "." {
            return Ok(());
        }
        let owned = |index, field| fields.text(index, field).map(str::to_owned);
        let number = |index, field| fields.parse(index, field, "a number belongs here");
        let key = Key {
            id: owned(2, "id")?,
            alternate: owned(4, "alternate")?,
            model: owned(10, "model")?,
            strand: owned(6, "strand")?,
        };
        let score = Score {
            reference: number(11, "ref_probability")?,
            alternate: number(12, "alt_probability")?,
            delta: number(13, "delta")?,
        };
        scores.insert(key, score);
        Ok(())
    })?;
    Ok(scores)
}
