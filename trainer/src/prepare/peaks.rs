//! Peak files: narrowPeak, or BED as CTK and others write it.

use std::path::Path;

use polaris_genomics::Strand;
use serde::{Deserialize, Serialize};

use crate::text_table::{Fields, TableError, for_each_line};

/// A peak as its file has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Peak {
    /// The contig as the file names it.
    pub(crate) contig: String,
    /// First base.
    pub(crate) start0: u64,
    /// Base after the last.
    pub(crate) end0: u64,
    /// None if the file says `.` or has no such column.
    pub(crate) strand: Option<Strand>,
    /// narrowPeak: the signal (log2 fold change in eCLIP); BED: the score; 0 if absent.
    pub(crate) signal: f64,
    /// -log10 p; None in BED, and where narrowPeak says -1.
    pub(crate) minus_log10_p: Option<f64>,
}

impl Peak {
    /// The base in the middle.
    pub(crate) fn midpoint0(&self) -> u64 {
        self.start0 + (self.end0 - self.start0) / 2
    }
}

/// The layouts that are understood.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PeakFormat {
    /// Ten columns, with fold change and p value.
    NarrowPeak,
    /// Three to nine columns, or twelve: no p values.
    Bed,
}

/// The peaks of one file, in its order.
#[derive(Debug)]
pub(crate) struct PeakFile {
    /// The layout, by the number of columns.
    pub(crate) format: PeakFormat,
    /// The peaks.
    pub(crate) peaks: Vec<Peak>,
}

impl PeakFile {
    /// Whether any peak has a p value: without, no peak can be dropped for it.
    pub(crate) fn has_p_values(&self) -> bool {
        self.peaks.iter().any(|peak| peak.minus_log10_p.is_some())
    }

    /// The peaks with a p value of at most `max_p`; all of them if the file has no p values.
    pub(crate) fn significant(&self, max_p: f64) -> Vec<Peak> {
        let filtered = self.format == PeakFormat::NarrowPeak && self.has_p_values();
        let least = -max_p.log10();
        let passes = |peak: &&Peak| !filtered || peak.minus_log10_p.is_some_and(|p| p >= least);
        self.peaks.iter().filter(passes).cloned().collect()
    }
}

/// Reads a peak file, plain or gzip. Lines starting with `#`, `track` or `browser` are left out.
///
/// # Errors
/// A line with another number of columns than the first, a field that cannot be read, a file without peaks.
pub(crate) fn read_peaks(path: &Path) -> Result<PeakFile, TableError> {
    let mut columns = None;
    let mut peaks = Vec::new();
    for_each_line(path, |line, text| {
        if text.starts_with('#') || text.starts_with("track") || text.starts_with("browser") {
            return Ok(());
        }
        let fields = Fields::new(path, line, text);
        let expected_columns = *columns.get_or_insert(fields.len());
        if !matches!(expected_columns, 3..=10 | 12) {
            let expected = "but narrowPeak has 10 and BED 3 to 9 or 12, tab-separated".to_owned();
            return Err(fields.columns(expected));
        }
        if fields.len() != expected_columns {
            return Err(fields.columns(format!("but the lines above have {expected_columns}")));
        }
        peaks.push(parse_peak(&fields, expected_columns == 10)?);
        Ok(())
    })?;
    if peaks.is_empty() {
        return Err(TableError::Content { path: path.to_path_buf(), problem: "no peaks".to_owned() });
    }
    Ok(PeakFile { format: if columns == Some(10) { PeakFormat::NarrowPeak } else { PeakFormat::Bed }, peaks })
}

fn parse_peak(fields: &Fields<'_>, narrow_peak: bool) -> Result<Peak, TableError> {
    let position = "a position from 0 to 4294967295 belongs here";
    let start0 = u64::from(fields.parse::<u32>(1, "start0", position)?);
    let end0 = u64::from(fields.parse::<u32>(2, "end0", position)?);
    if end0 <= start0 {
        return Err(fields.wrong(2, "end0", format!("the end lies beyond the start, {start0}")));
    }
    let strand = match fields.text(5, "strand") {
        Err(_) | Ok(".") => None,
        Ok(_) => Some(fields.parse(5, "strand", "+, - or . belongs here")?),
    };
    let (signal, minus_log10_p) = if narrow_peak {
        let p = parse_finite(fields, 7, "p")?;
        // The format's own sign for "no value".
        (parse_finite(fields, 6, "signal")?, if p < 0.0 { None } else { Some(p) })
    } else if matches!(fields.text(4, "score"), Err(_) | Ok("." | "")) {
        (0.0, None)
    } else {
        (parse_finite(fields, 4, "score")?, None)
    };
    Ok(Peak { contig: fields.text(0, "contig")?.to_owned(), start0, end0, strand, signal, minus_log10_p })
}

fn parse_finite(fields: &Fields<'_>, index: usize, field: &'static str) -> Result<f64, TableError> {
    const EXPECTED: &str = "a finite number belongs here";
    let value: f64 = fields.parse(index, field, EXPECTED)?;
    if value.is_finite() { Ok(value) } else { Err(fields.wrong(index, field, EXPECTED)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Result<PeakFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("peaks.bed");
        std::fs::write(&path, content).unwrap();
        let prefix = format!("{}/", folder.path().display());
        read_peaks(&path).map_err(|error| error.to_string().replace(&prefix, ""))
    }

    fn peak(strand: Option<Strand>, signal: f64, minus_log10_p: Option<f64>) -> Peak {
        Peak { contig: "chr1".into(), start0: 10, end0: 21, strand, signal, minus_log10_p }
    }

    #[test]
    fn narrow_peak_has_fold_change_and_p() {
        let file = read(
            b"track name=x\nchr1\t10\t21\tn\t1000\t-\t3.5\t7.25\t-1\t-1\nchr1\t10\t21\tn\t0\t.\t1\t-1\t-1\t-1\n",
        );
        let file = file.unwrap();
        assert_eq!(file.format, PeakFormat::NarrowPeak);
        assert_eq!(file.peaks, [peak(Some(Strand::Reverse), 3.5, Some(7.25)), peak(None, 1.0, None)]);
        assert_eq!(file.peaks[0].midpoint0(), 15);
        assert!(file.has_p_values());
    }

    #[test]
    fn bed_has_neither() {
        let file = read(b"chr1\t10\t21\tn\t12.5\t+\n").unwrap();
        assert_eq!((file.format, file.has_p_values()), (PeakFormat::Bed, false));
        assert_eq!(file.peaks, [peak(Some(Strand::Forward), 12.5, None)]);
        assert_eq!(read(b"#x\nchr1\t10\t21\n").unwrap().peaks, [peak(None, 0.0, None)]);
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let cases: [(&[u8], &str); 7] = [
            (b"#nothing\n", "peaks.bed: no peaks"),
            (b"chr1 10 21\n", "peaks.bed:1: 1 columns, but narrowPeak has 10"),
            (b"chr1\t10\t21\nchr1\t10\t21\tn\n", "peaks.bed:2: 4 columns, but the lines above have 3"),
            (b"chr1\t10\t10\n", "peaks.bed:1:end0: `10`: the end lies beyond the start, 10"),
            (b"chr1\t-1\t10\n", "peaks.bed:1:start0: `-1`: a position"),
            (b"chr1\t1\t10\tn\t0\tx\n", "peaks.bed:1:strand: `x`: +, - or ."),
            (b"chr1\t1\t10\tn\t0\t+\tinf\t1\t1\t1\n", "peaks.bed:1:signal: `inf`: a finite number"),
        ];
        for (content, expected) in cases {
            let error = read(content).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
