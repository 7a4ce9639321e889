//! The table of what each simulated allele does.

use std::fmt;
use std::path::Path;

use crate::text_table::{Fields, TableError, for_each_line};

/// What an allele does to a protein's binding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Effect {
    /// Destroys a copy of the motif at a bound site.
    Break,
    /// Makes a copy of the motif where the protein would bind.
    Make,
    /// Neither.
    Neutral,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Break => "breaks a motif",
            Self::Make => "makes a motif",
            Self::Neutral => "neutral",
        })
    }
}

/// One allele and the model that it concerns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) contig: String,
    pub(super) position1: u64,
    pub(super) reference: String,
    pub(super) alternate: String,
    pub(super) model: String,
    pub(super) strand: String,
    pub(super) effect: Effect,
}

/// What identifies an allele's score by one model on one strand.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) alternate: String,
    pub(super) model: String,
    pub(super) strand: String,
}

impl Row {
    pub(super) fn key(&self) -> Key {
        Key {
            id: self.id.clone(),
            alternate: self.alternate.clone(),
            model: self.model.clone(),
            strand: self.strand.clone(),
        }
    }
}

const COLUMNS: [&str; 10] =
    ["id", "contig", "position1", "reference", "alternate", "rbp", "cell_line", "effect", "kind", "strand"];

/// Reads the table.
///
/// # Errors
/// If the file cannot be read, or a line is not as `simulate` writes it.
pub(super) fn read(path: &Path) -> Result<Vec<Row>, TableError> {
    let mut rows = Vec::new();
    for_each_line(path, |line, text| {
        let fields = Fields::new(path, line, text);
        if line == 1 {
            return fields.require_header(&COLUMNS);
        }
        let owned = |index, field| fields.text(index, field).map(str::to_owned);
        let effect = match fields.text(7, "effect")? {
            "break" => Effect::Break,
            "make" => Effect::Make,
            "neutral" => Effect::Neutral,
            _ => return Err(fields.wrong(7, "effect", "break, make or neutral belongs here")),
        };
        rows.push(Row {
            id: owned(0, "id")?,
            contig: owned(1, "contig")?,
            position1: fields.parse(2, "position1", "a position from 1 belongs here")?,
            reference: owned(3, "reference")?,
            alternate: owned(4, "alternate")?,
            model: format!("{}.{}", fields.text(5, "rbp")?, fields.text(6, "cell_line")?),
            strand: owned(9, "strand")?,
            effect,
        });
        Ok(())
    })?;
    Ok(rows)
}
