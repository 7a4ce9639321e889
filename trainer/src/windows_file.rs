//! `windows.bed`: the labelled windows of one model, with covariates and folds, in a file a person can read.

use std::io::{self, Write};
use std::path::Path;

use polaris_genomics::{RegionClass, Strand, Window};

use crate::text_table::{Fields, TableError, for_each_line};

/// The first line of the file.
const HEADER: &str = "#contig\tstart0\tend0\tname\tscore\tstrand\tlabel\texpression\tregion\tgc\
                      \tfold_chromosome\tfold_random";

/// The most folds that a file can name: folds are 0 to 4.
pub(crate) const FOLDS: u8 = 5;

/// A window with its label, covariates and folds: one line of the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LabelledWindow {
    /// Where it lies; whole within its contig.
    pub(crate) window: Window,
    /// `positive_1`, `negative_1` and so on, in the order of the file.
    pub(crate) name: String,
    /// 0 to 1000: the peak's signal relative to the model's strongest; 0 for a negative.
    pub(crate) score: u16,
    /// Whether the protein binds here.
    pub(crate) positive: bool,
    /// ln(TPM + 1) at the midpoint; None if the bundle has no table of the cell line (`NA` in the file).
    pub(crate) expression: Option<f32>,
    /// The region class at the midpoint; None is `none` in the file.
    pub(crate) region: Option<RegionClass>,
    /// The share of G and C among the window's sequenced bases.
    pub(crate) gc: f64,
    /// The fold by chromosome: all windows of a contig have the same.
    pub(crate) fold_chromosome: u8,
    /// The fold at random, stratified by label.
    pub(crate) fold_random: u8,
}

/// Writes header and windows.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write_windows(out: &mut impl Write, windows: &[LabelledWindow]) -> io::Result<()> {
    writeln!(out, "{HEADER}")?;
    for row in windows {
        let LabelledWindow { window, name, score, positive, gc, fold_chromosome, fold_random, .. } = row;
        let Window { contig, start0, strand, .. } = window;
        let (end0, label) = (window.end0(), u8::from(*positive));
        let expression = row.expression.map_or_else(|| "NA".to_owned(), |value| format!("{value:.6}"));
        let region = row.region.map_or_else(|| "none".to_owned(), |class| class.to_string());
        writeln!(
            out,
            "{contig}\t{start0}\t{end0}\t{name}\t{score}\t{strand}\t{label}\t{expression}\t{region}\t{gc:.4}\
             \t{fold_chromosome}\t{fold_random}"
        )?;
    }
    Ok(())
}

/// Reads the windows back, in the file's order.
///
/// # Errors
/// A missing or other header, a field out of its range, windows of different lengths: named by file:line:field.
pub(crate) fn read_windows(path: &Path) -> Result<Vec<LabelledWindow>, TableError> {
    let mut windows: Vec<LabelledWindow> = Vec::new();
    let mut header_seen = false;
    for_each_line(path, |line, text| {
        if !header_seen {
            header_seen = true;
            let problem =
                format!("the first line is not `{}`; is it a file of `prepare`?", HEADER.replace('\t', " "));
            let other = || TableError::Content { path: path.to_path_buf(), problem };
            return if text == HEADER { Ok(()) } else { Err(other()) };
        }
        let fields = Fields::new(path, line, text);
        let row = parse_row(&fields)?;
        if let Some(first) = windows.first().filter(|first| first.window.length != row.window.length) {
            let expected = format!("the windows above are {} bases long", first.window.length);
            return Err(fields.wrong(2, "end0", expected));
        }
        windows.push(row);
        Ok(())
    })?;
    if windows.is_empty() {
        let problem = "no windows; run `polaris-trainer prepare` again".to_owned();
        return Err(TableError::Content { path: path.to_path_buf(), problem });
    }
    Ok(windows)
}

fn parse_row(fields: &Fields<'_>) -> Result<LabelledWindow, TableError> {
    if fields.len() != 12 {
        return Err(fields.columns("12 belong there".to_owned()));
    }
    let contig = fields.text(0, "contig")?;
    if contig.is_empty() {
        return Err(fields.wrong(0, "contig", "a contig's name belongs here"));
    }
    let start0: u32 = fields.parse(1, "start0", "a position from 0 to 4294967295 belongs here")?;
    let end0: u32 = fields.parse(2, "end0", "a position from 0 to 4294967295 belongs here")?;
    let length = end0
        .checked_sub(start0)
        .and_then(|bases| usize::try_from(bases).ok())
        .filter(|bases| *bases > 0)
        .ok_or_else(|| fields.wrong(2, "end0", "the end lies beyond the start"))?;
    let strand: Strand = fields.parse(5, "strand", "+ or - belongs here")?;
    let expression =
        match fields.text(7, "expression")? {
            "NA" => None,
            _ => Some(fields.parse(7, "expression", "ln(TPM + 1) or NA belongs here").and_then(
                |value: f32| in_range(fields, 7, "expression", value, value.is_finite() && value >= 0.0),
            )?),
        };
    let region = match fields.text(8, "region")? {
        "none" => None,
        _ => Some(fields.parse(
            8,
            "region",
            "none, intron, exon, 1to5kb, promoter, 3utr or 5utr belongs here",
        )?),
    };
    let gc: f64 = fields.parse(9, "gc", "a fraction belongs here")?;
    let label: u8 = fields.parse(6, "label", "1 or 0 belongs here")?;
    let score: u16 = fields.parse(4, "score", "a whole number from 0 to 1000 belongs here")?;
    Ok(LabelledWindow {
        window: Window { contig: contig.to_owned(), start0: i64::from(start0), length, strand },
        name: fields.text(3, "name")?.to_owned(),
        score: in_range(fields, 4, "score", score, score <= 1000)?,
        positive: in_range(fields, 6, "label", label, label <= 1)? == 1,
        expression,
        region,
        gc: in_range(fields, 9, "gc", gc, (0.0..=1.0).contains(&gc))?,
        fold_chromosome: parse_fold(fields, 10, "fold_chromosome")?,
        fold_random: parse_fold(fields, 11, "fold_random")?,
    })
}

fn parse_fold(fields: &Fields<'_>, index: usize, field: &'static str) -> Result<u8, TableError> {
    let fold = fields.parse(index, field, "a fold from 0 to 4 belongs here")?;
    in_range(fields, index, field, fold, fold < FOLDS)
}

fn in_range<T>(
    fields: &Fields<'_>,
    index: usize,
    field: &'static str,
    value: T,
    holds: bool,
) -> Result<T, TableError> {
    if holds { Ok(value) } else { Err(fields.wrong(index, field, "is out of its range")) }
}

#[cfg(test)]
mod tests;
